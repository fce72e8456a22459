//! Names that say nothing: a file is named after what it does.

use crate::repository::{Offence, Repository};

const BANNED: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc", "types2", "manager"];

/// Files and folders of Rust code with a banned name.
pub fn check(repository: &Repository) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in repository.files.iter().filter(|file| file.path.ends_with(".rs")) {
        for part in file.path.trim_end_matches(".rs").split('/') {
            if BANNED.contains(&part)
                || part.ends_with("_impl")
                || part.ends_with("_utils")
                || part.ends_with("_helpers")
            {
                offences.push(Offence::new(
                    &file.path,
                    0,
                    format!("`{part}` says nothing: name it after the protocol's verb or noun"),
                ));
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_fail() {
        for path in [
            "crates/log/src/utils.rs",
            "crates/log/src/common/mod.rs",
            "crates/log/src/log_impl.rs",
            "crates/types/src/types2.rs",
        ] {
            assert_eq!(check(&Repository::of(&[(path, "")])).len(), 1, "{path}");
        }
        assert_eq!(check(&Repository::of(&[("crates/log/src/segment.rs", "")])), []);
    }
}
