//! The files that git tracks or would track, read once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::{Rust, is_test_file, test_modules};

/// Larger files are fixtures, not text that people write.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// One text file.
#[derive(Clone, Debug)]
pub struct File {
    /// Path from the top of the repository, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The files that the rules look at.
#[derive(Clone, Debug)]
pub struct Repository {
    /// In the order of their paths.
    pub files: Vec<File>,
}

/// A rule that does not hold, where, and what to do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Offence {
    /// The file.
    pub path: String,
    /// Line from 1; 0 when it is about the whole file.
    pub line: usize,
    /// What is wrong and what to do instead.
    pub message: String,
}

impl Offence {
    /// An offence at a line.
    pub fn new(path: &str, line: usize, message: impl Into<String>) -> Offence {
        Offence { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl Repository {
    /// Reads the working tree around this crate.
    pub fn load() -> Repository {
        let root = root();
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .expect("git is needed to know which files belong to the repository");
        assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
        let names = String::from_utf8(listed.stdout).expect("paths of this repository are UTF-8");
        let mut files: Vec<File> = names.split_terminator('\0').filter_map(|path| read(&root, path)).collect();
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Repository { files }
    }

    /// A repository of these files, for the tests of rules.
    pub fn of(files: &[(&str, &str)]) -> Repository {
        Repository {
            files: files
                .iter()
                .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() })
                .collect(),
        }
    }

    /// The file of this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Every Rust file, with comments, literals and tests told apart.
    pub fn rust(&self) -> impl Iterator<Item = (&File, Rust)> {
        let for_tests = self.modules_for_tests();
        let rust_files = self.files.iter().filter(|file| file.path.ends_with(".rs"));
        rust_files.map(move |file| {
            let is_test = is_test_file(&file.path)
                || for_tests.iter().any(|module| {
                    file.path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
                });
            (file, Rust::parse(&file.text, is_test))
        })
    }

    /// Paths without `.rs` of the modules that are declared for tests only.
    fn modules_for_tests(&self) -> Vec<String> {
        let mut modules = Vec::new();
        for file in self.files.iter().filter(|file| file.text.contains("#[cfg(test)]")) {
            let Some(stem) = file.path.strip_suffix(".rs") else {
                continue;
            };
            let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
            let folder = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
            let code = Rust::parse(&file.text, false).code;
            modules.extend(test_modules(&code).into_iter().map(|module| format!("{folder}/{module}")));
        }
        modules
    }
}

fn read(root: &Path, path: &str) -> Option<File> {
    let place = root.join(path);
    // A file that git lists may be deleted in the working tree, or be a link.
    let metadata = std::fs::symlink_metadata(&place).ok()?;
    if !metadata.is_file() || metadata.len() > TEXT_BYTES_MAX {
        return None;
    }
    let text = String::from_utf8(std::fs::read(&place).ok()?).ok()?;
    Some(File { path: path.to_owned(), text })
}

/// The top of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies in tests/tidy").to_owned()
}
