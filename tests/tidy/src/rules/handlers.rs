//! What is served has one handler file, and that file begins with what it does: the API's name and number, its versions
//! and the points in which it behaves as it does.

use crate::repository::{Offence, Repository};
use crate::source::Rust;

const API_TABLE: &str = "crates/wire/src/api.rs";
const HANDLERS: &str = "crates/server/src/handlers/";

/// Files beside the handlers that are shared by them.
const SHARED: &[&str] = &["mod", "error_map", "request"];

/// Served APIs without a handler, handlers without a served API, and handlers that do not say what they do.
pub fn check(repository: &Repository) -> Vec<Offence> {
    let Some(table) = repository.file(API_TABLE) else {
        return Vec::new();
    };
    let served = served(&table.text);
    if served.is_empty() {
        return vec![Offence::new(API_TABLE, 0, "no row of the API table was understood: mend the tidy rule")];
    }
    let mut offences = Vec::new();
    for (line, name, number) in &served {
        let (file, folder) =
            (format!("{HANDLERS}{}.rs", snake_case(name)), format!("{HANDLERS}{}/mod.rs", snake_case(name)));
        let Some(handler) = repository.file(&file).or_else(|| repository.file(&folder)) else {
            offences.push(Offence::new(API_TABLE, *line, format!("{name} is served, but there is no {file}")));
            continue;
        };
        let expected = format!("//! {name} (key {number})");
        if !handler.text.starts_with(&expected) {
            offences.push(Offence::new(
                &handler.path,
                1,
                format!("a handler begins with `{expected}, versions ...` and its behaviour"),
            ));
        }
    }
    for file in &repository.files {
        let Some(rest) = file.path.strip_prefix(HANDLERS) else {
            continue;
        };
        let stem = rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs");
        let known =
            SHARED.contains(&stem) || stem == "tests" || served.iter().any(|(_, name, _)| snake_case(name) == stem);
        if !known {
            offences.push(Offence::new(&file.path, 1, "no served API has this name: one file an API, named after it"));
        }
    }
    offences
}

/// Line, name and number of each row with `served` versions.
fn served(text: &str) -> Vec<(usize, String, u16)> {
    let code = Rust::parse(text, false).code;
    let mut rows = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut tokens = line.split_whitespace();
        let (Some(number), Some(name), Some("on")) =
            (tokens.next().and_then(|word| word.parse().ok()), tokens.next(), tokens.next())
        else {
            continue;
        };
        if line.contains(" served ") {
            rows.push((index + 1, name.to_owned(), number));
        }
    }
    rows
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "table! {\n    0 Produce on BROKER, 3..=13, served 3..=13;\n    9 OffsetFetch on BROKER, 1..=10;\n}";

    fn offences(handlers: &[(&str, &str)]) -> Vec<Offence> {
        let mut files = vec![(API_TABLE, TABLE)];
        files.extend_from_slice(handlers);
        check(&Repository::of(&files))
    }

    #[test]
    fn a_served_api_needs_its_handler() {
        assert!(
            offences(&[])
                .iter()
                .any(|offence| { offence.message.contains("there is no crates/server/src/handlers/produce.rs") })
        );
    }

    #[test]
    fn a_handler_begins_with_its_contract() {
        assert_eq!(offences(&[("crates/server/src/handlers/produce.rs", "//! Produce (key 0), versions 3-13.\n")]), []);
        assert_eq!(offences(&[("crates/server/src/handlers/produce.rs", "use std::io;\n")]).len(), 1);
    }

    #[test]
    fn a_handler_needs_a_served_api() {
        let produce = ("crates/server/src/handlers/produce.rs", "//! Produce (key 0)\n");
        assert_eq!(
            offences(&[produce, ("crates/server/src/handlers/offset_fetch.rs", "//! OffsetFetch (key 9)\n")]).len(),
            1
        );
        assert_eq!(offences(&[produce, ("crates/server/src/handlers/error_map.rs", "")]), []);
    }

    #[test]
    fn a_table_that_is_not_understood_fails() {
        assert_eq!(check(&Repository::of(&[(API_TABLE, "const A: Api = Api {};")])).len(), 1);
    }
}
