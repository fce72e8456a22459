//! Documents that are written from tables of the code.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use stream_wire::api::{API_TABLE, Api};

#[path = "documents/configuration.rs"]
mod configuration;

const PROTOCOL: &str = "docs/protocol.md";

fn range((first, last): (i16, i16)) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

fn listeners(api: &Api) -> &'static str {
    match (api.listeners.broker, api.listeners.controller) {
        (true, true) => "both",
        (true, false) => "clients",
        _ => "controllers",
    }
}

fn served() -> String {
    let mut table = "| Key | API | Versions | Listeners |\n|---|---|---|---|\n".to_owned();
    for api in API_TABLE {
        let Some(served) = api.served else { continue };
        let mut versions = range(served);
        if let Some(first) = api.advertised_from {
            let _ = write!(versions, " (advertised from {first})");
        }
        if served.1 < api.versions.1 {
            let _ = write!(versions, ", of {}", range(api.versions));
        }
        let _ = writeln!(table, "| {} | {} | {versions} | {} |", api.code, api.name, listeners(api));
    }
    table
}

fn gaps() -> String {
    let is_gap = |api: &&Api| api.served.is_none() && api.listeners.broker;
    let names: Vec<String> =
        API_TABLE.iter().filter(is_gap).map(|api| format!("{} ({})", api.name, api.code)).collect();
    if names.is_empty() { "None.\n".to_owned() } else { format!("{}.\n", names.join(", ")) }
}

fn replace(document: &str, name: &str, content: &str) -> String {
    let begin = format!("<!-- {name}: written by a test -->\n");
    let (before, rest) = document.split_once(&begin).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{begin}{content}<!-- end -->{after}")
}

/// Compares a file of the repository with what it should be, or writes that.
fn replace_or_check(path: &str, written: impl Fn(&str) -> String) {
    let file = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    let found = std::fs::read_to_string(&file).unwrap();
    let expected = written(&found);
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&file, &expected).unwrap();
    } else {
        let hint = format!("{path} is old: UPDATE_DOCUMENTS=1 cargo test -p stream-server --test documents");
        assert!(found == expected, "{hint}");
    }
}

#[test]
fn the_protocol_document_is_what_the_table_says() {
    replace_or_check(PROTOCOL, |found| replace(&replace(found, "served", &served()), "gaps", &gaps()));
}
