//! DeleteTopics, by name or by id (KIP-516).

use std::collections::{HashMap, HashSet};

use stream_types::{ErrorCode, Uuid};

use super::{ApiError, Controller, Decision};
use crate::image::TopicImage;
use stream_codec::stored::metadata::RemoveTopicRecord;

/// Topics to delete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeleteTopics {
    /// Which.
    pub topics: Vec<TopicSelector>,
}

/// A topic by name or by id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TopicSelector {
    /// The topic that has this name now.
    Name(String),
    /// The topic with this id.
    Id(Uuid),
}

/// One answer for each topic asked for, in the order of the request.
#[derive(Clone, PartialEq, Debug)]
pub struct DeleteTopicsReply {
    /// Topic and outcome.
    pub topics: Vec<DeletedTopic>,
}

/// The outcome for one topic.
#[derive(Clone, PartialEq, Debug)]
pub struct DeletedTopic {
    /// Its name; None if it was asked for by an id that does not exist.
    pub name: Option<String>,
    /// Its id; zero if it was asked for by a name that does not exist.
    pub topic_id: Uuid,
    /// Why it was not deleted, if it was not.
    pub error: Option<ApiError>,
}

impl Controller {
    /// Deletes topics.
    pub fn delete_topics(&self, command: &DeleteTopics) -> Decision<DeleteTopicsReply> {
        let mut records = Vec::new();
        let mut topics = Vec::new();
        let enabled = self.config.effective(&self.image, "delete.topic.enable").is_none_or(|value| value != "false");
        let repeated = self.repeated(command);
        let mut counts: HashMap<&TopicSelector, usize> = HashMap::new();
        for selector in &command.topics {
            *counts.entry(selector).or_default() += 1;
        }
        let mut answered = HashSet::new();
        for selector in &command.topics {
            if !answered.insert(selector) {
                continue;
            }
            let topic = self.selected(selector);
            let (name, topic_id) = match (topic, selector) {
                (Some(topic), _) => (Some(topic.name.to_string()), topic.id),
                (None, TopicSelector::Name(name)) => (Some(name.clone()), Uuid::ZERO),
                (None, TopicSelector::Id(id)) => (None, *id),
            };
            let error = match topic {
                None if counts[selector] > 1 => Some(named_twice(selector)),
                None => Some(unknown_topic(selector)),
                Some(_) if !enabled => {
                    let message = "topics cannot be deleted here: delete.topic.enable is false";
                    Some(ApiError::new(ErrorCode::TopicDeletionDisabled, message))
                }
                Some(topic) if repeated.contains(&topic.id) => {
                    let message = format!("topic {} is in the request more than once", topic.name);
                    Some(ApiError::new(ErrorCode::InvalidRequest, message))
                }
                Some(topic) => {
                    records.push(RemoveTopicRecord { topic_id: topic.id }.into());
                    None
                }
            };
            topics.push(DeletedTopic { name, topic_id, error });
        }
        Decision { records, reply: DeleteTopicsReply { topics } }
    }

    fn selected(&self, selector: &TopicSelector) -> Option<&TopicImage> {
        match selector {
            TopicSelector::Name(name) => self.image.topics().by_name(name),
            TopicSelector::Id(id) => self.image.topics().by_id(*id),
        }
        .map(|topic| &**topic)
    }

    /// Topics that the request names more than once, by whatever name or id.
    fn repeated(&self, command: &DeleteTopics) -> HashSet<Uuid> {
        let mut once = HashSet::new();
        let ids = command.topics.iter().filter_map(|selector| self.selected(selector)).map(|topic| topic.id);
        ids.filter(|id| !once.insert(*id)).collect()
    }
}

/// As Kafka, which looks at this before it looks whether there is such a topic.
fn named_twice(selector: &TopicSelector) -> ApiError {
    let message = match selector {
        TopicSelector::Name(name) => format!("topic {name} is in the request more than once"),
        TopicSelector::Id(id) => format!("the topic id {id} is in the request more than once"),
    };
    ApiError::new(ErrorCode::InvalidRequest, message)
}

fn unknown_topic(selector: &TopicSelector) -> ApiError {
    match selector {
        TopicSelector::Name(name) => {
            ApiError::new(ErrorCode::UnknownTopicOrPartition, format!("topic {name} does not exist"))
        }
        TopicSelector::Id(id) => ApiError::new(ErrorCode::UnknownTopicId, format!("no topic has the id {id}")),
    }
}
