//! `--validate-regex`: whether an expression is one that a broker's subscription by pattern takes.

use super::ToolError;
use crate::output::print;

pub(super) fn run(text: &str) -> Result<(), ToolError> {
    let verdict = match regex::Regex::new(text) {
        Ok(_) => "valid".to_owned(),
        Err(error) => format!("invalid: {}", reason(&error)),
    };
    Ok(print(&format!("The regular expression `{text}` is {verdict}.\n"))?)
}

/// In RE2's words where there are some; its dialect is the same.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    let last = last.strip_prefix("error: ").unwrap_or(last);
    match last {
        "repetition operator missing expression" => "missing argument to repetition operator",
        "unclosed character class" => "missing closing ]",
        "unclosed group" => "missing closing )",
        "unopened group" => "unexpected )",
        other => other,
    }
    .to_owned()
}
