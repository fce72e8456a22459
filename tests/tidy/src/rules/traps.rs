//! docs/testing.md names a test for each trap of the protocol, and the tests exist.

use crate::repository::{Offence, Repository};

const DOCUMENT: &str = "docs/testing.md";
const HEADING: &str = "## Traps of the protocol";
const TRAPS: std::ops::RangeInclusive<u32> = 0..=44;

/// Traps that are missing, rows that name nothing, and tests that do not exist.
pub fn check(repository: &Repository) -> Vec<Offence> {
    let Some(document) = repository.file(DOCUMENT) else {
        return vec![Offence::new(DOCUMENT, 0, "it is missing")];
    };
    let mut offences = Vec::new();
    let mut found = Vec::new();
    let lines = document.text.lines().enumerate().skip_while(|(_, line)| *line != HEADING).skip(1);
    for (index, line) in lines.take_while(|(_, line)| !line.starts_with("## ")) {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [numbers, _, tests] = cells[..] else { continue };
        let numbers = numbers.trim_start_matches('|').split(',').map(|number| number.trim().trim_end_matches('b'));
        let numbers: Vec<u32> = numbers.filter_map(|number| number.parse().ok()).collect();
        if numbers.is_empty() {
            continue;
        }
        found.extend(numbers);
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).filter(|span| span.contains("::")).collect();
        if named.is_empty() && !tests.contains("not apply") {
            offences.push(Offence::new(
                DOCUMENT,
                index + 1,
                "name a test as `path::name`, or say why it does not apply",
            ));
        }
        for test in named.into_iter().filter(|test| !exists(repository, test)) {
            offences.push(Offence::new(DOCUMENT, index + 1, format!("there is no test {test}")));
        }
    }
    let missing = TRAPS.filter(|number| !found.contains(number));
    offences.extend(missing.map(|number| Offence::new(DOCUMENT, 0, format!("trap {number} is missing"))));
    offences
}

fn exists(repository: &Repository, test: &str) -> bool {
    let Some((path, name)) = test.split_once("::") else { return false };
    let is_defined = |text: &str| ["fn", "def"].iter().any(|word| text.contains(&format!("{word} {name}(")));
    repository.file(path).is_some_and(|file| is_defined(&file.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offences(rows: &str) -> Vec<String> {
        let document = format!("# How to test\n\n{HEADING}\n| # | Trap | Tests |\n|---|---|---|\n{rows}");
        let repository = Repository::of(&[(DOCUMENT, &document), ("tests/a.py", "def test_it(x):\n")]);
        check(&repository).into_iter().map(|offence| offence.message).collect()
    }

    #[test]
    fn every_number_has_a_test_that_exists() {
        let good: String = TRAPS.map(|number| format!("| {number} | a trap | `tests/a.py::test_it` |\n")).collect();
        assert!(offences(&good).is_empty());
        assert_eq!(offences(&good.replace("| 7 |", "| 6, 7 |")), Vec::<String>::new());
        assert_eq!(offences(&good.replacen("test_it", "test_that", 1)), ["there is no test tests/a.py::test_that"]);
        assert_eq!(offences(&good.replace("| 7 |", "| 77 |")), ["trap 7 is missing"]);
        assert_eq!(offences(&good.replacen("`tests/a.py::test_it`", "somewhere", 1)).len(), 1);
        assert!(offences(&good.replacen("`tests/a.py::test_it`", "does not apply", 1)).is_empty());
    }
}
