//! A topic that must exist.

use crate::duration::parse_millis;
use crate::error::CatalogError;
use crate::fields::Fields;
use crate::yaml::{Node, Position};

/// One entry of the `topics` part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicDeclaration {
    /// Where it begins.
    pub at: Position,
    /// Its name.
    pub name: String,
    /// How many partitions it has at least; none is the broker's default.
    pub partitions: Option<u32>,
    /// `retention.ms`; none is the broker's default.
    pub retention_ms: Option<i64>,
    /// The field of an event that its key is.
    pub key: Option<String>,
    /// The file of its schema, relative to the catalog's.
    pub schema: Option<String>,
    /// What happens to an event that the schema does not allow.
    pub validation: Validation,
}

/// What happens to an event that the topic's schema does not allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Validation {
    /// Nothing: events are not looked at.
    #[default]
    Off,
    /// Its producer is told.
    Reject,
    /// It goes to the dead letters.
    DeadLetter,
}

impl TopicDeclaration {
    pub(crate) fn parse(at: Position, name: &str, node: &Node) -> Result<TopicDeclaration, CatalogError> {
        let fields = Fields::of(node, "a topic", &["partitions", "retention", "key", "schema", "validation"])?;
        let place = |key: &str| fields.node(key).map_or(at, |node| node.at);
        let retention_ms = fields
            .text("retention")?
            .map(parse_millis)
            .transpose()
            .map_err(|problem| CatalogError::new(place("retention"), format!("retention: {problem}")))?;
        let validation = match fields.text("validation")? {
            None | Some("off") => Validation::Off,
            Some("reject") => Validation::Reject,
            Some("dead_letter") => Validation::DeadLetter,
            Some(_) => {
                return Err(CatalogError::new(place("validation"), "validation is off, reject or dead_letter"));
            }
        };
        let schema = fields.text("schema")?.map(str::to_owned);
        if validation != Validation::Off && schema.is_none() {
            return Err(CatalogError::new(place("validation"), "there is no schema to validate against; give schema"));
        }
        Ok(TopicDeclaration {
            at,
            name: name.to_owned(),
            partitions: fields.count("partitions")?,
            retention_ms,
            key: fields.text("key")?.map(str::to_owned),
            schema,
            validation,
        })
    }
}
