//! Where events go that cannot be processed.

use crate::duration::parse_millis;
use crate::error::CatalogError;
use crate::fields::Fields;
use crate::yaml::{Node, Position};

/// What stands for a topic's name in [`DeadLetterTopic::PerTopic`].
const PLACEHOLDER: &str = "{topic}";

/// The `dead_letter` part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    /// Where it begins.
    pub at: Position,
    /// Which topic.
    pub topic: DeadLetterTopic,
    /// `writers: authenticated`: every declared principal may write to it. Otherwise who lists it under `write`.
    pub writers_authenticated: bool,
    /// `retention.ms` of the topics; none is the broker's default, or what `topics` says.
    pub retention_ms: Option<i64>,
}

/// Which topic takes dead letters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeadLetterTopic {
    /// One for all.
    One(String),
    /// One for each topic: the topic's name between these.
    PerTopic {
        /// Before the name.
        before: String,
        /// After the name.
        after: String,
    },
}

impl DeadLetterTopic {
    /// The topic for the dead letters of `topic`.
    pub fn of(&self, topic: &str) -> String {
        match self {
            DeadLetterTopic::One(name) => name.clone(),
            DeadLetterTopic::PerTopic { before, after } => format!("{before}{topic}{after}"),
        }
    }
}

impl DeadLetterTopic {
    /// The topic whose dead letters `name` takes, where each topic has its own.
    pub(crate) fn source_of<'a>(&self, name: &'a str) -> Option<&'a str> {
        match self {
            DeadLetterTopic::One(_) => None,
            DeadLetterTopic::PerTopic { before, after } => {
                name.strip_prefix(before.as_str())?.strip_suffix(after.as_str()).filter(|inner| !inner.is_empty())
            }
        }
    }
}

impl DeadLetter {
    pub(crate) fn parse(node: &Node) -> Result<DeadLetter, CatalogError> {
        let fields = Fields::of(node, "dead_letter", &["topic", "writers", "retention"])?;
        let place = |key: &str| fields.node(key).map_or(fields.at, |node| node.at);
        let Some(topic) = fields.text("topic")? else {
            return Err(CatalogError::new(fields.at, "dead_letter has no topic; give topic: dead_letter"));
        };
        let topic = match topic.split_once(PLACEHOLDER) {
            None => DeadLetterTopic::One(topic.to_owned()),
            Some((before, after)) => {
                if before.is_empty() && after.is_empty() {
                    let problem = "{topic} alone would send dead letters back to their topic; write \"{topic}.dlq\"";
                    return Err(CatalogError::new(place("topic"), problem));
                }
                DeadLetterTopic::PerTopic { before: before.to_owned(), after: after.to_owned() }
            }
        };
        // Any name of a topic fits every pattern if one does.
        if let Err(error) = stream_metadata::controller::check_topic_name(&topic.of("topic")) {
            return Err(CatalogError::new(place("topic"), error.message));
        }
        let writers_authenticated = match fields.text("writers")? {
            None => false,
            Some("authenticated") => true,
            Some(_) => {
                let problem = "writers is authenticated: one rule for each declared principal; or leave it out";
                return Err(CatalogError::new(place("writers"), problem));
            }
        };
        let retention_ms = fields
            .text("retention")?
            .map(parse_millis)
            .transpose()
            .map_err(|problem| CatalogError::new(place("retention"), format!("retention: {problem}")))?;
        Ok(DeadLetter { at: fields.at, topic, writers_authenticated, retention_ms })
    }
}
