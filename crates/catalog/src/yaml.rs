//! YAML as a tree whose nodes know their places.
//!
//! A catalog is data, so much of YAML is refused: anchors, aliases and merge keys (a few lines of which can stand for
//! gigabytes), tags, several documents, keys that are not texts, keys given twice. Size, depth and the number of nodes
//! are bounded before anything is kept.

use std::fmt;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use stream_types::limits::{CATALOG_BYTES_MAX, CATALOG_DEPTH_MAX, CATALOG_NODES_MAX};

use crate::error::CatalogError;

/// A place in the file, both numbers from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

impl Position {
    pub(crate) const START: Position = Position { line: 1, column: 1 };

    fn of(marker: Marker) -> Position {
        Position { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Any scalar: whether it is a number depends on what is asked for, never on how it looks.
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Position,
    pub(crate) key: String,
    pub(crate) node: Node,
}

impl Value {
    /// What to call it in an error.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// A collection that is not closed yet.
enum Open {
    List { at: Position, items: Vec<Node> },
    Map { at: Position, entries: Vec<Entry>, key: Option<(Position, String)> },
}

/// Reads the one document of `text`. An empty text is [`Value::Null`].
pub(crate) fn parse(text: &str) -> Result<Node, CatalogError> {
    if text.len() > CATALOG_BYTES_MAX {
        let problem = format!("the file has {} bytes, at most {CATALOG_BYTES_MAX} are read", text.len());
        return Err(CatalogError::new(Position::START, problem));
    }
    let mut tree = Tree { open: Vec::new(), root: None, nodes: 0 };
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = event.map_err(|error| {
            CatalogError::new(Position::of(*error.marker()), format!("this is not YAML: {}", error.info()))
        })?;
        tree.take(event, Position::of(span.start))?;
    }
    Ok(tree.root.unwrap_or(Node { at: Position::START, value: Value::Null }))
}

struct Tree {
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), CatalogError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(CatalogError::new(at, "a second document begins; a catalog is one"))
            }
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(_) => Err(CatalogError::new(at, "aliases (*name) are not read; write the value out")),
            Event::Scalar(text, style, anchor, tag) => {
                plain_node(at, anchor, tag.is_some())?;
                let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let value = if is_null { Value::Null } else { Value::Text(text.into_owned()) };
                self.add(Node { at, value })
            }
            Event::SequenceStart(anchor, tag) => {
                plain_node(at, anchor, tag.is_some())?;
                self.open(at, Open::List { at, items: Vec::new() })
            }
            Event::MappingStart(anchor, tag) => {
                plain_node(at, anchor, tag.is_some())?;
                self.open(at, Open::Map { at, entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { at, items }) => self.add(Node { at, value: Value::List(items) }),
                Some(Open::Map { at, entries, .. }) => self.add(Node { at, value: Value::Map(entries) }),
                None => Ok(()),
            },
        }
    }

    fn open(&mut self, at: Position, open: Open) -> Result<(), CatalogError> {
        if let Some(Open::Map { key: None, .. }) = self.open.last() {
            return Err(CatalogError::new(at, "a key must be a text"));
        }
        if self.open.len() == CATALOG_DEPTH_MAX {
            return Err(CatalogError::new(
                at,
                format!("more than {CATALOG_DEPTH_MAX} lists and mappings in each other"),
            ));
        }
        self.open.push(open);
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<(), CatalogError> {
        self.nodes += 1;
        if self.nodes > CATALOG_NODES_MAX {
            return Err(CatalogError::new(node.at, format!("more than {CATALOG_NODES_MAX} values")));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                Some((at, key)) => entries.push(Entry { at, key, node }),
                None => {
                    let Value::Text(text) = node.value else {
                        return Err(CatalogError::new(node.at, "a key must be a text"));
                    };
                    if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                        let problem = format!("{text:?} was given on line {} already", first.at.line);
                        return Err(CatalogError::new(node.at, problem));
                    }
                    *key = Some((node.at, text));
                }
            },
        }
        Ok(())
    }
}

fn plain_node(at: Position, anchor: usize, has_tag: bool) -> Result<(), CatalogError> {
    if anchor != 0 {
        return Err(CatalogError::new(at, "anchors (&name) are not read; write the value out where it is needed"));
    }
    if has_tag {
        return Err(CatalogError::new(at, "tags (!name) are not read; write the value alone"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    fn show(node: &Node) -> String {
        match &node.value {
            Value::Null => "~".to_owned(),
            Value::Text(text) => format!("{text:?}"),
            Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" ")),
            Value::Map(entries) => {
                let entries: Vec<_> = entries.iter().map(|e| format!("{}={}", e.key, show(&e.node))).collect();
                format!("{{{}}}", entries.join(" "))
            }
        }
    }

    #[test]
    fn a_tree_has_texts_lists_and_mappings() {
        for (text, expected) in [
            ("", "~"),
            ("# nothing\n", "~"),
            ("a: [1, 'null', ~]\nb: {c: \"d e\"}\nc:\n", r#"{a=["1" "null" ~] b={c="d e"} c=~}"#),
            ("---\n- yes\n- 08\n...\n", r#"["yes" "08"]"#),
            ("\u{feff}a: b", r#"{a="b"}"#),
        ] {
            assert_eq!(show(&parse(text).unwrap()), expected, "{text:?}");
        }
    }

    #[test]
    fn what_could_grow_or_mislead_is_refused_with_its_place() {
        for (text, expected) in [
            ("a: &x 1\nb: *x\n", "line 1 column 4: anchors (&name) are not read"),
            ("a: !!str 1\n", "tags (!name) are not read"),
            ("a: 1\nb: 2\na: 3\n", "line 3 column 1: \"a\" was given on line 1 already"),
            ("a: 1\n---\nb: 1\n", "a second document begins"),
            ("? [a]\n: b\n", "a key must be a text"),
            ("a: [1\n", "this is not YAML"),
            ("a:\n\tb: 1\n", "line 2"),
        ] {
            let found = refused(text);
            assert!(found.contains(expected), "{text:?}: {found}");
        }
        assert!(refused(&("[".repeat(20) + &"]".repeat(20))).contains("lists and mappings in each other"));
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(refused(&"a".repeat(CATALOG_BYTES_MAX + 1)).contains("bytes, at most"));
        assert!(refused(&"- 1\n".repeat(CATALOG_NODES_MAX + 1)).contains("values"));
    }
}
