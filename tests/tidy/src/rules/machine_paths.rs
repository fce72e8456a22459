//! Nothing in the repository knows the machine it was written on: no home directories, no download addresses.

use std::path::Path;

use crate::repository::{Offence, Repository};

/// Places of people and of build machines. Put together here so that this file does not break its own rule.
fn banned_places(root: &Path) -> Vec<String> {
    let mut places: Vec<String> = ["root", "Users"].iter().map(|name| format!("/{name}/")).collect();
    // The folder that holds this checkout, unless that is a place that every machine has.
    let parent = root.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
    if !["", "/", "/tmp", "/home", "/opt", "/srv", "/var/tmp"].contains(&parent.as_str()) {
        places.push(format!("{parent}/"));
    }
    places
}

/// Lock files and settings that may not say where packages come from.
const PACKAGE_FILES: &[&str] =
    &["package-lock.json", ".npmrc", "pip.conf", "settings.xml", "requirements.txt", "pom.xml"];
const ADDRESSES: &[&str] = &["\"resolved\": \"http", "<repository>", "--index-url", "--find-links", "registry="];

/// Paths of a machine in any file, and download addresses in package files.
pub fn check(repository: &Repository, root: &Path) -> Vec<Offence> {
    let places = banned_places(root);
    let mut offences = Vec::new();
    for file in repository.files.iter().filter(|file| file.path != "Cargo.lock") {
        let is_package_file = PACKAGE_FILES.iter().any(|name| file.path.ends_with(name));
        for (index, line) in file.text.lines().enumerate() {
            for place in &places {
                if line.match_indices(place.as_str()).any(|(start, _)| begins_a_path(line, start)) {
                    offences.push(Offence::new(&file.path, index + 1, format!("{place} is a place on one machine")));
                }
            }
            if is_package_file && ADDRESSES.iter().any(|address| line.contains(address)) {
                offences.push(Offence::new(
                    &file.path,
                    index + 1,
                    "a download address: the user's own settings say where packages come from",
                ));
            }
        }
    }
    offences
}

/// Whether an absolute path begins there, and not `example.org/root/`.
fn begins_a_path(line: &str, start: usize) -> bool {
    !line[..start].ends_with(|c: char| c.is_alphanumeric() || "._-}$~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offences(path: &str, text: &str) -> usize {
        check(&Repository::of(&[(path, text)]), Path::new("/somewhere/checkout")).len()
    }

    #[test]
    fn paths_of_a_machine_fail() {
        assert_eq!(offences("docs/a.md", &["see /ro", "ot/notes.txt"].concat()), 1);
        assert_eq!(offences("tests/a.py", "open('/somewhere/else')"), 1);
        assert_eq!(offences("docs/a.md", "example.org/somewhere/else, ./data, /var/lib/kafka"), 0);
    }

    #[test]
    fn download_addresses_fail() {
        assert_eq!(offences("tests/node/package-lock.json", "\"resolved\": \"https://example.org/x.tgz\""), 1);
        assert_eq!(offences("tests/setup/requirements.txt", "--index-url https://example.org"), 1);
    }
}
