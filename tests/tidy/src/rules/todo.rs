//! What is left to do is an issue; a comment may point at it.

use crate::repository::{Offence, Repository};
use crate::source::{line_of, words};

/// Marks of unfinished work without the number of an issue.
pub fn check(repository: &Repository) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (file, rust) in repository.rust() {
        for mark in ["TODO", "FIXME", "XXX", "HACK"] {
            for position in words(&rust.comments, mark) {
                let after = &rust.comments[position + mark.len()..];
                let has_issue =
                    after.strip_prefix("(#").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                if !has_issue {
                    offences.push(Offence::new(
                        &file.path,
                        line_of(&rust.comments, position),
                        format!("{mark} without an issue: write {mark}(#12)"),
                    ));
                }
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_todo_carries_an_issue() {
        let bare = ["// TO", "DO: later"].concat();
        let cited = ["// TO", "DO(#3): later"].concat();
        assert_eq!(check(&Repository::of(&[("crates/a/src/lib.rs", &bare)])).len(), 1);
        assert_eq!(check(&Repository::of(&[("crates/a/src/lib.rs", &cited)])), []);
        assert_eq!(check(&Repository::of(&[("crates/a/src/lib.rs", "const A: &str = \"TODO\";")])), []);
    }
}
