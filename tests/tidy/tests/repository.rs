//! The rules, on the working tree.

use std::process::Command;

use stream_tidy::repository::{Offence, Repository, root};
use stream_tidy::rules::{
    dependencies, documentation, handlers, machine_paths, names, purity, size, todo, traps, unwrap,
};

fn assert_none(rule: &str, mut offences: Vec<Offence>) {
    offences.sort();
    let lines: Vec<String> = offences.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{rule}:\n{}", lines.join("\n"));
}

#[test]
fn crates_depend_as_designed() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs this test");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    assert_none("dependency table", dependencies::check(&String::from_utf8_lossy(&metadata.stdout)));
}

#[test]
fn machines_do_not_touch_the_world() {
    assert_none("purity", purity::check(&Repository::load()));
}

#[test]
fn every_served_api_has_its_handler() {
    assert_none("handlers", handlers::check(&Repository::load()));
}

#[test]
fn files_and_functions_stay_short() {
    assert_none("size", size::check(&Repository::load()));
}

#[test]
fn names_say_something() {
    assert_none("names", names::check(&Repository::load()));
}

#[test]
fn nothing_unwraps_outside_tests() {
    assert_none("unwrap", unwrap::check(&Repository::load()));
}

#[test]
fn what_is_left_to_do_is_an_issue() {
    assert_none("left to do", todo::check(&Repository::load()));
}

#[test]
fn nothing_names_a_machine() {
    assert_none("machine paths", machine_paths::check(&Repository::load(), &root()));
}

#[test]
fn every_trap_of_the_protocol_has_its_test() {
    assert_none("traps", traps::check(&Repository::load()));
}

#[test]
fn documents_agree_with_the_code() {
    assert_none("documentation", documentation::check(&Repository::load()));
}
