//! `--add-config`, `--add-config-file` and `--delete-config`, as Kafka reads them.

use std::path::Path;

use stream_client::properties;
use stream_security::sasl::scram::ScramMechanism;

use super::quotas::KEYS;
use crate::kafka_tools::error::ToolError;

/// Keys and their values: `k1=v1,k2=[a,b]`, where brackets keep what they hold together and are dropped; and a file's.
pub(super) fn to_set(text: Option<&str>, file: Option<&Path>) -> Result<Vec<(String, String)>, ToolError> {
    let mut set: Vec<(String, String)> = Vec::new();
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| ToolError::usage(format!("reading {}: {error}", file.display())))?;
        let read = properties::parse(&text)
            .map_err(|error| ToolError::usage(format!("{} line {}: {}", file.display(), error.line, error.problem)))?;
        set.extend(read.into_iter().map(|property| (property.key, property.value)));
    }
    for pair in split(text.unwrap_or_default(), ',') {
        match split(pair, '=').as_slice() {
            [key, value] if !key.trim().is_empty() => {
                set.push((key.trim().to_owned(), value.replace(['[', ']'], "").trim().to_owned()));
            }
            _ => {
                return Err(ToolError::usage(
                    "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" or  \"key=[val1,val2]\" to group values which contain commas.",
                ));
            }
        }
    }
    Ok(set)
}

/// The parts of a text between separators that are not in brackets; none of an empty text.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0;
    let is_separator = |letter: char| {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        letter == separator && depth <= 0
    };
    if text.is_empty() { Vec::new() } else { text.split(is_separator).collect() }
}

/// The keys between commas.
pub(super) fn to_delete(texts: &[String]) -> Vec<String> {
    texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(|key| key.trim().to_owned())
        .filter(|key| !key.is_empty())
        .collect()
}

/// Whether a user's credentials are meant, and not quotas; both at once are refused.
pub(super) fn is_scram(set: &[(String, String)], delete: &[String]) -> Result<bool, ToolError> {
    let keys: Vec<&str> = set.iter().map(|(key, _)| key.as_str()).chain(delete.iter().map(String::as_str)).collect();
    let is_mechanism = |key: &&str| ScramMechanism::ALL.iter().any(|mechanism| mechanism.name() == *key);
    let has_scram = keys.iter().any(is_mechanism);
    if has_scram && keys.iter().any(|key| KEYS.contains(key)) {
        return Err(ToolError::usage(
            "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
        ));
    }
    Ok(has_scram)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_hold_lists_and_credentials_together() {
        let set = |text: &str| to_set(Some(text), None).map_err(|error| error.to_string());
        let pairs = |pairs: &[(&str, &str)]| {
            Ok(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!(set("a=1, b = [x,y]"), pairs(&[("a", "1"), ("b", "x,y")]));
        let scram = "SCRAM-SHA-256=[iterations=8192,password=p w=]";
        assert_eq!(set(scram), pairs(&[("SCRAM-SHA-256", "iterations=8192,password=p w=")]));
        assert_eq!(set("a="), pairs(&[("a", "")]));
        for text in ["a", "a=b=c", "=1", "a=1,,"] {
            assert!(set(text).is_err(), "{text}");
        }
        assert_eq!(to_delete(&["a, b".to_owned(), "c".to_owned()]), ["a", "b", "c"]);
    }
}
