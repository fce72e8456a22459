//! The group machine through two doors: scripts with virtual time, and random commands by seed. Both check after every
//! step that the invariants hold and that a replay of the log gives the same durable state.

#![allow(clippy::unwrap_used)]

mod bench;
mod hostile;
mod invariants;
mod kafka;
mod print;
mod random;
mod script;

use std::path::Path;

/// Runs a script of `testdata/group`; its `+`, `-`, `=` and `@` lines are what must come out.
fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/group").join(format!("{name}.txt"));
    let expected = std::fs::read_to_string(&path).unwrap();
    let actual = script::run(&expected);
    if std::env::var_os("UPDATE_TESTDATA").is_some() {
        std::fs::write(&path, actual).unwrap();
        return;
    }
    assert_eq!(actual, expected, "{name}: UPDATE_TESTDATA=1 writes what came out");
}

#[test]
fn members_come_and_go() {
    check("members");
}

#[test]
fn a_group_rebalances() {
    check("rebalance");
}

#[test]
fn members_are_evicted() {
    check("eviction");
}

#[test]
fn static_members_come_back() {
    check("static");
}

#[test]
fn the_leader_assigns() {
    check("sync");
}

#[test]
fn joins_are_refused() {
    check("refusals");
}

#[test]
fn offsets_are_committed() {
    check("commit");
}

#[test]
fn offsets_are_fetched() {
    check("fetch");
}

#[test]
fn groups_and_offsets_are_deleted() {
    check("delete");
}

#[test]
fn offsets_expire() {
    check("expire");
}

#[test]
fn groups_are_described_and_listed() {
    check("describe");
}

#[test]
fn a_log_is_loaded() {
    check("reload");
}

#[test]
fn proposals_are_seen_before_they_are_replayed() {
    check("proposals");
}
