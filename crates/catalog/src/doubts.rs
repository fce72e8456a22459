//! What is allowed and probably not meant.

use std::fmt;

use stream_metadata::config_def::nearest_name;

use crate::catalog::Catalog;
use crate::dead_letter::DeadLetterTopic;
use crate::topic::Validation;
use crate::yaml::Position;

/// Something to tell whoever wrote the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatalogWarning {
    /// Where in the file.
    pub at: Position,
    /// One sentence, without a final dot.
    pub text: String,
}

impl fmt::Display for CatalogWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.text)
    }
}

impl Catalog {
    /// What looks wrong, in the order of the file's parts.
    pub fn warnings(&self) -> Vec<CatalogWarning> {
        let mut warnings = Vec::new();
        let mut warn = |at, text: String| warnings.push(CatalogWarning { at, text });
        for topic in &self.topics {
            if topic.validation == Validation::DeadLetter && self.dead_letter.is_none() {
                warn(
                    topic.at,
                    format!("topic {} sends events to dead letters, and there is no dead_letter", topic.name),
                );
            }
        }
        for group in &self.groups {
            for topic in group.topics.iter().filter(|topic| !self.knows_topic(topic)) {
                let text = format!("group {} reads topic {topic}, which {}", group.name, self.undeclared_topic(topic));
                warn(group.at, text);
            }
        }
        for credential in &self.credentials {
            let user = &credential.username;
            for topic in credential.topics().filter(|topic| !self.knows_topic(topic)) {
                warn(credential.at, format!("{user} names topic {topic}, which {}", self.undeclared_topic(topic)));
            }
            for name in &credential.groups {
                let Some(group) = self.groups.iter().find(|group| group.name == *name) else {
                    if !self.groups.is_empty() {
                        let near = nearest_name(name, self.groups.iter().map(|group| group.name.as_str()));
                        warn(credential.at, format!("{user} is in group {name}, which {}", undeclared("groups", near)));
                    }
                    continue;
                };
                for topic in group.topics.iter().filter(|topic| !credential.read.contains(topic)) {
                    warn(credential.at, format!("{user} is in group {name} and may not read its topic {topic}"));
                }
            }
            if credential.read.is_empty() && !credential.groups.is_empty() {
                warn(credential.at, format!("{user} is in groups and may read no topic"));
            }
        }
        warnings
    }

    /// Whether the topic is declared; without any declared topic, all are.
    fn knows_topic(&self, name: &str) -> bool {
        self.topics.is_empty() || self.topics.iter().any(|topic| topic.name == name) || self.is_dead_letter(name)
    }

    fn is_dead_letter(&self, name: &str) -> bool {
        match self.dead_letter.as_ref().map(|part| &part.topic) {
            None => false,
            Some(DeadLetterTopic::One(topic)) => topic == name,
            Some(per_topic) => self.topics.iter().any(|topic| per_topic.of(&topic.name) == name),
        }
    }

    fn undeclared_topic(&self, name: &str) -> String {
        undeclared("topics", nearest_name(name, self.topics.iter().map(|topic| topic.name.as_str())))
    }
}

fn undeclared(part: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("{part} does not declare; did you mean {nearest}?"),
        None => format!("{part} does not declare"),
    }
}
