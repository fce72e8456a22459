//! Nothing that a client, a peer or a disk sent may panic: no `unwrap()` outside tests, no tests that are ignored.

use crate::repository::{Offence, Repository};
use crate::source::line_of;

/// `unwrap()` in production code, `#[ignore]` and `should_panic` anywhere.
pub fn check(repository: &Repository) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (file, rust) in repository.rust() {
        for (position, _) in rust.production.match_indices(".unwrap()") {
            let message = "unwrap(): answer with an error, or expect(\"why it cannot fail\")";
            offences.push(Offence::new(&file.path, line_of(&rust.production, position), message));
        }
        for (word, message) in
            [("#[ignore", "a test that does not run proves nothing"), ("#[should_panic", "assert on the error value")]
        {
            for (position, _) in rust.code.match_indices(word) {
                offences.push(Offence::new(&file.path, line_of(&rust.code, position), format!("{word}: {message}")));
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwrap_fails_outside_tests_only() {
        let text = "fn f() { x.unwrap(); }\n#[cfg(test)]\nmod tests { fn g() { y.unwrap(); } }";
        let offences = check(&Repository::of(&[("crates/a/src/lib.rs", text)]));
        assert_eq!(offences.iter().map(|offence| offence.line).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn ignored_tests_fail() {
        assert_eq!(check(&Repository::of(&[("crates/a/tests/x.rs", "#[test]\n#[ignore]\nfn f() {}")])).len(), 1);
    }
}
