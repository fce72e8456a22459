//! The controller by example: the scripts in testdata/controller.
//!
//! A line that begins with `> ` is a command; the lines below it are what must come of it: `+` a
//! record, `=` a part of the reply. After every command the image is checked against its invariants,
//! against the image that the encoded records give, and against its own snapshot.
//! `UPDATE_TESTDATA=1` writes what came instead; read the difference.

mod placement;
mod random;
mod script;

use std::fs;
use std::path::Path;

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/controller").join(name);
    let expected = fs::read_to_string(&path).expect("the script can be read");
    let actual = script::run(&expected);
    if std::env::var_os("UPDATE_TESTDATA").is_some() {
        fs::write(&path, &actual).expect("the script can be written");
    } else {
        assert_eq!(actual, expected, "{name}: what came (left) is not what is expected (right)");
    }
}

#[test]
fn brokers() {
    check("brokers.txt");
}

#[test]
fn create_topics() {
    check("create_topics.txt");
}

#[test]
fn delete_topics() {
    check("delete_topics.txt");
}

#[test]
fn create_partitions() {
    check("create_partitions.txt");
}

#[test]
fn configs() {
    check("configs.txt");
}

#[test]
fn elections() {
    check("elections.txt");
}

#[test]
fn log_dirs() {
    check("log_dirs.txt");
}

#[test]
fn acls() {
    check("acls.txt");
}

#[test]
fn client_quotas() {
    check("client_quotas.txt");
}
