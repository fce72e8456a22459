//! Reads the keys of one mapping: every key must be known, every value of the kind that is asked for.

use stream_metadata::config_def::nearest_name;

use crate::error::CatalogError;
use crate::yaml::{Entry, Node, Position, Value};

/// The entries of a mapping whose keys are all known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) at: Position,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    /// The fields of `node`, which is `what` ("a topic").
    pub(crate) fn of(node: &'a Node, what: &str, known: &[&'static str]) -> Result<Fields<'a>, CatalogError> {
        let entries = map(node, what)?;
        for entry in entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let hint = match nearest_name(&entry.key, known.iter().copied()) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("{what} has {}", known.join(", ")),
            };
            return Err(CatalogError::new(entry.at, format!("{:?} is no key of {what}; {hint}", entry.key)));
        }
        Ok(Fields { at: node.at, entries })
    }

    /// The value of `key`; nothing written after it counts as not given.
    pub(crate) fn node(self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (!matches!(entry.node.value, Value::Null)).then_some(&entry.node)
    }

    /// The text of `key`.
    pub(crate) fn text(self, key: &str) -> Result<Option<&'a str>, CatalogError> {
        self.node(key).map(|node| text(node, key)).transpose()
    }

    /// The whole number of `key`, from 1.
    pub(crate) fn count(self, key: &str) -> Result<Option<u32>, CatalogError> {
        let Some(node) = self.node(key) else { return Ok(None) };
        match text(node, key)?.parse::<u32>() {
            Ok(number) if (1..=i32::MAX as u32).contains(&number) => Ok(Some(number)),
            _ => Err(CatalogError::new(node.at, format!("{key} must be a whole number from 1"))),
        }
    }

    /// The texts of the list at `key`; none if it is not given.
    pub(crate) fn texts(self, key: &str) -> Result<Vec<(Position, &'a str)>, CatalogError> {
        let Some(node) = self.node(key) else { return Ok(Vec::new()) };
        let Value::List(items) = &node.value else {
            let problem = format!("{key} must be a list, such as {key}: [a, b], and is {}", node.value.kind());
            return Err(CatalogError::new(node.at, problem));
        };
        let mut texts: Vec<(Position, &str)> = Vec::with_capacity(items.len());
        for item in items {
            let text = text(item, &format!("an entry of {key}"))?;
            if texts.iter().any(|(_, other)| *other == text) {
                return Err(CatalogError::new(item.at, format!("{text:?} is in {key} twice")));
            }
            texts.push((item.at, text));
        }
        Ok(texts)
    }
}

/// The entries of a mapping with free keys, such as names.
pub(crate) fn map<'a>(node: &'a Node, what: &str) -> Result<&'a [Entry], CatalogError> {
    match &node.value {
        Value::Map(entries) => Ok(entries),
        Value::Null => Ok(&[]),
        other => Err(CatalogError::new(node.at, format!("{what} must be a mapping of keys, and is {}", other.kind()))),
    }
}

fn text<'a>(node: &'a Node, what: &str) -> Result<&'a str, CatalogError> {
    match &node.value {
        Value::Text(text) => Ok(text),
        other => Err(CatalogError::new(node.at, format!("{what} must be a text, and is {}", other.kind()))),
    }
}
