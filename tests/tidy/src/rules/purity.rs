//! Machines decide without touching the world: no async, no sockets, no files, no clock, no randomness. The one file
//! that touches files is the real disk; the one that reads the clock and the random source is the server's.

use crate::repository::{Offence, Repository};
use crate::source::{line_of, words};

const MACHINES: &[&str] =
    &["types", "codec", "wire", "log", "replica", "metadata", "quorum", "coordinator", "security", "schema", "catalog"];

/// What no machine may name, and what to do instead.
const WORLD: &[(&str, &str)] = &[
    ("tokio", "only the async shell knows tokio"),
    ("async fn", "machines are synchronous"),
    (".await", "machines are synchronous"),
    ("std::net", "sockets belong to the server"),
    ("std::fs", "files are reached through the Disk trait"),
    ("std::env", "settings are arguments"),
    ("thread::sleep", "time is an argument"),
    ("thread::spawn", "threads belong to the server"),
];

/// What only the clock file may name.
const CLOCK_AND_RANDOM: &[&str] =
    &["Instant::now", "SystemTime::now", "UNIX_EPOCH.elapsed", "thread_rng", "rand::random", "getrandom", "OsRng"];

const CLOCK_FILE: &str = "crates/client/src/clock.rs";
const DISK_FILE: &str = "crates/log/src/disk/file.rs";

/// Machines that know the world, and second clocks.
pub fn check(repository: &Repository) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (file, rust) in repository.rust() {
        let Some(crate_name) = file.path.strip_prefix("crates/").and_then(|rest| rest.split('/').next()) else {
            continue;
        };
        let mut report = |word: &str, why: &str| {
            for position in words(&rust.production, word) {
                offences.push(Offence::new(&file.path, line_of(&rust.production, position), format!("{word}: {why}")));
            }
        };
        if MACHINES.contains(&crate_name) {
            for (word, why) in WORLD {
                if !(file.path == DISK_FILE && *word == "std::fs") {
                    report(word, why);
                }
            }
        }
        if file.path != CLOCK_FILE {
            // Tokio's own clock only drives its timers: deadlines of the shell.
            let tokio_instant = imports_tokio_instant(&rust.production);
            for word in CLOCK_AND_RANDOM {
                if !(tokio_instant && *word == "Instant::now") {
                    report(word, "now and random numbers are arguments; only client/src/clock.rs asks the system");
                }
            }
        }
    }
    offences
}

fn imports_tokio_instant(code: &str) -> bool {
    let standard = code.contains("std::time::Instant")
        || code.lines().any(|line| line.contains("std::time::{") && line.contains("Instant"));
    !standard
        && (code.contains("tokio::time::Instant")
            || code.lines().any(|line| line.contains("tokio::time::{") && line.contains("Instant")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offences(path: &str, text: &str) -> usize {
        check(&Repository::of(&[(path, text)])).len()
    }

    #[test]
    fn a_machine_that_touches_the_world_fails() {
        for text in [
            "use tokio::sync::Mutex;",
            "async fn f() {}",
            "fn f() { std::fs::read(x); }",
            "use std::net::TcpStream;",
            "fn f() { let t = Instant::now(); }",
            "fn f() { let t = std::time::SystemTime::now(); }",
            "fn f() { rand::thread_rng(); }",
        ] {
            assert_eq!(offences("crates/coordinator/src/group/join.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn comments_and_tests_may_name_it() {
        let text = "// tokio would call Instant::now\n#[cfg(test)]\nmod tests { fn f() { std::fs::read(x); } }";
        assert_eq!(offences("crates/log/src/segment.rs", text), 0);
        assert_eq!(offences("crates/log/tests/disk.rs", "use std::fs;"), 0);
        let files =
            [("crates/log/src/lib.rs", "#[cfg(test)]\nmod scratch;"), ("crates/log/src/scratch.rs", "use std::fs;")];
        assert_eq!(check(&Repository::of(&files)), []);
    }

    #[test]
    fn only_the_real_disk_touches_files() {
        assert_eq!(offences("crates/log/src/disk/file.rs", "use std::fs::File;"), 0);
        assert_eq!(offences("crates/log/src/disk/memory.rs", "use std::fs::File;"), 1);
    }

    #[test]
    fn there_is_one_clock() {
        assert_eq!(offences("crates/client/src/clock.rs", "fn f() { SystemTime::now(); getrandom(); }"), 0);
        assert_eq!(
            offences("crates/server/src/net/connection.rs", "use std::time::Instant;\nfn f() { Instant::now(); }"),
            1
        );
        assert_eq!(
            offences(
                "crates/server/src/net/connection.rs",
                "use tokio::time::{Instant, Sleep};\nfn f() { Instant::now(); }"
            ),
            0
        );
    }
}
