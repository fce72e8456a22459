//! Outcomes: deleted, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, INVALID_REQUEST.

use stream_metadata::Command;
use stream_metadata::controller::{DeleteTopics, DeleteTopicsReply, TopicSelector};
use stream_types::{ErrorCode, Uuid};

use super::{Table, any_topic, free_name, unexpected};

pub(super) const OUTCOMES: Table = &[
    ("delete-topics/deleted", |random, image| {
        let topic = any_topic(random, image)?;
        let by_name = random.chance(500);
        let name = TopicSelector::Name(topic.name.to_string());
        Some(delete(vec![if by_name { name } else { TopicSelector::Id(topic.id) }]))
    }),
    ("delete-topics/unknown-topic", |random, image| Some(delete(vec![TopicSelector::Name(free_name(random, image)?)]))),
    ("delete-topics/unknown-topic-id", |_, _| Some(delete(vec![TopicSelector::Id(Uuid([9; 16]))]))),
    ("delete-topics/invalid-request", |random, image| {
        let topic = any_topic(random, image)?;
        Some(delete(vec![TopicSelector::Name(topic.name.to_string()), TopicSelector::Id(topic.id)]))
    }),
];

pub(super) fn outcome(reply: &DeleteTopicsReply) -> &'static str {
    let code = reply.topics.first().and_then(|topic| topic.error.as_ref()).map(|error| error.code);
    match code {
        None => "delete-topics/deleted",
        Some(ErrorCode::UnknownTopicOrPartition) => "delete-topics/unknown-topic",
        Some(ErrorCode::UnknownTopicId) => "delete-topics/unknown-topic-id",
        Some(ErrorCode::InvalidRequest) => "delete-topics/invalid-request",
        Some(code) => unexpected(code),
    }
}

fn delete(topics: Vec<TopicSelector>) -> Command {
    Command::DeleteTopics(DeleteTopics { topics })
}
