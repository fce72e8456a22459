//! Files of at most 600 lines and functions of at most 70, tests not counted. What is longer already is listed here and
//! may only shrink: nothing new is added to the lists.

use crate::repository::{Offence, Repository};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

/// Files that are longer, with the length they may not exceed.
const LONG_FILES: &[(&str, usize)] = &[];

/// Functions that are longer: file, name, length they may not exceed.
const LONG_FUNCTIONS: &[(&str, &str, usize)] = &[];

/// Files and functions that have crossed the line, and listed ones that have come back.
pub fn check(repository: &Repository) -> Vec<Offence> {
    check_with(repository, LONG_FILES, LONG_FUNCTIONS)
}

fn check_with(
    repository: &Repository,
    long_files: &[(&str, usize)],
    long_functions: &[(&str, &str, usize)],
) -> Vec<Offence> {
    let mut offences = Vec::new();
    let mut seen_files = Vec::new();
    let mut seen_functions = Vec::new();
    for (file, rust) in repository.rust() {
        let lines = rust.production_lines();
        let listed = long_files.iter().find(|(path, _)| *path == file.path).map(|(_, lines)| *lines);
        if lines > FILE_LINES_MAX {
            seen_files.push(file.path.as_str());
        }
        if lines > listed.unwrap_or(FILE_LINES_MAX).max(FILE_LINES_MAX) {
            offences.push(Offence::new(
                &file.path,
                0,
                format!("{lines} lines without tests, {FILE_LINES_MAX} are allowed: split it by verb"),
            ));
        }
        for function in rust.functions().into_iter().filter(|function| function.lines > FUNCTION_LINES_MAX) {
            let listed = long_functions.iter().find(|(path, name, _)| *path == file.path && *name == function.name);
            seen_functions.extend(listed.map(|(path, name, _)| (*path, *name)));
            if function.lines > listed.map_or(FUNCTION_LINES_MAX, |(_, _, lines)| *lines) {
                let message =
                    format!("{} has {} lines, {FUNCTION_LINES_MAX} are allowed", function.name, function.lines);
                offences.push(Offence::new(&file.path, function.line, message));
            }
        }
    }
    let stale_files = long_files.iter().filter(|(path, _)| !seen_files.contains(path)).map(|(path, _)| *path);
    let stale_functions = long_functions
        .iter()
        .filter(|(path, name, _)| !seen_functions.contains(&(*path, *name)))
        .map(|(path, _, _)| *path);
    offences.extend(
        stale_files
            .chain(stale_functions)
            .map(|path| Offence::new(path, 0, "is short enough now: take it off tidy's list of long ones")),
    );
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_file(lines: usize) -> String {
        "const X: u8 = 0;\n".repeat(lines)
    }

    fn long_function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2))
    }

    #[test]
    fn a_long_file_fails_and_tests_do_not_count() {
        assert_eq!(check_with(&Repository::of(&[("crates/a/src/b.rs", &long_file(600))]), &[], &[]), []);
        assert_eq!(check_with(&Repository::of(&[("crates/a/src/b.rs", &long_file(601))]), &[], &[]).len(), 1);
        let with_tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", long_file(500), long_file(500));
        assert_eq!(check_with(&Repository::of(&[("crates/a/src/b.rs", &with_tests)]), &[], &[]), []);
    }

    #[test]
    fn a_long_function_fails() {
        assert_eq!(check_with(&Repository::of(&[("crates/a/src/b.rs", &long_function(70))]), &[], &[]), []);
        let offences = check_with(&Repository::of(&[("crates/a/src/b.rs", &long_function(71))]), &[], &[]);
        assert_eq!(offences.len(), 1);
        assert!(offences[0].message.contains("f has 71 lines"), "{offences:?}");
    }

    #[test]
    fn listed_ones_may_only_shrink() {
        let repository = Repository::of(&[("a.rs", &long_file(700)), ("b.rs", &long_function(80))]);
        assert_eq!(check_with(&repository, &[("a.rs", 700)], &[("b.rs", "f", 80)]), []);
        assert_eq!(check_with(&repository, &[("a.rs", 699)], &[("b.rs", "f", 79)]).len(), 2);
        assert_eq!(check_with(&Repository::of(&[]), &[("a.rs", 700)], &[("b.rs", "f", 80)]).len(), 2);
    }
}
