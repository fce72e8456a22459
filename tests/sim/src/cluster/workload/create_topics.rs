//! Outcomes: created, validated, TOPIC_ALREADY_EXISTS, INVALID_REPLICATION_FACTOR, INVALID_PARTITIONS,
//! INVALID_TOPIC_EXCEPTION, INVALID_CONFIG, INVALID_REQUEST, INVALID_REPLICA_ASSIGNMENT.

use stream_metadata::controller::{CreateTopics, CreateTopicsReply, NewTopic};
use stream_metadata::{Command, MetadataImage};
use stream_types::ErrorCode;

use super::{Table, any_topic, free_name, live_count, unexpected};
use crate::random::Random;

pub(super) const OUTCOMES: Table = &[
    ("create-topics/created", |random, image| Some(create(valid(random, image)?))),
    ("create-topics/validated", |random, image| {
        Some(Command::CreateTopics(CreateTopics { topics: vec![valid(random, image)?], validate_only: true }))
    }),
    ("create-topics/topic-already-exists", |random, image| {
        Some(create(NewTopic::new(&*any_topic(random, image)?.name, 1, 1)))
    }),
    ("create-topics/invalid-replication-factor", |random, image| {
        let factor = if random.chance(300) { 0 } else { live_count(image) as i16 + 1 };
        Some(create(NewTopic::new(free_name(random, image)?, 1, factor)))
    }),
    ("create-topics/invalid-partitions", |random, image| Some(create(NewTopic::new(free_name(random, image)?, 0, 1)))),
    ("create-topics/invalid-topic", |random, _| {
        Some(create(NewTopic::new(*random.pick(&["..", "h/i", "", "\u{1F600}", "__cluster_metadata"]), 1, 1)))
    }),
    ("create-topics/invalid-config", |random, image| {
        let mut topic = valid(random, image)?;
        topic.configs = vec![("retention.ms".to_owned(), Some("soon".to_owned()))];
        Some(create(topic))
    }),
    ("create-topics/invalid-request", |random, image| {
        let topic = valid(random, image)?;
        let topics = vec![topic.clone(), topic];
        Some(Command::CreateTopics(CreateTopics { topics, validate_only: false }))
    }),
    ("create-topics/invalid-replica-assignment", |random, image| {
        let mut topic = NewTopic::new(free_name(random, image)?, -1, -1);
        topic.assignments = vec![(0, vec![99])];
        Some(create(topic))
    }),
];

pub(super) fn outcome(reply: &CreateTopicsReply) -> &'static str {
    let Some((_, outcome)) = reply.topics.first() else { return unexpected(ErrorCode::None) };
    match outcome.as_ref().map_err(|error| error.code) {
        Ok(created) if created.topic_id.is_zero() => "create-topics/validated",
        Ok(_) => "create-topics/created",
        Err(ErrorCode::TopicAlreadyExists) => "create-topics/topic-already-exists",
        Err(ErrorCode::InvalidReplicationFactor) => "create-topics/invalid-replication-factor",
        Err(ErrorCode::InvalidPartitions) => "create-topics/invalid-partitions",
        Err(ErrorCode::InvalidTopicException) => "create-topics/invalid-topic",
        Err(ErrorCode::InvalidConfig) => "create-topics/invalid-config",
        Err(ErrorCode::InvalidRequest) => "create-topics/invalid-request",
        Err(ErrorCode::InvalidReplicaAssignment) => "create-topics/invalid-replica-assignment",
        Err(code) => unexpected(code),
    }
}

fn create(topic: NewTopic) -> Command {
    Command::CreateTopics(CreateTopics { topics: vec![topic], validate_only: false })
}

fn valid(random: &mut Random, image: &MetadataImage) -> Option<NewTopic> {
    let live = live_count(image);
    if live == 0 {
        return None;
    }
    let partitions = random.between(1, 4) as i32;
    let mut topic = NewTopic::new(free_name(random, image)?, partitions, random.between(1, live.min(3)) as i16);
    if random.chance(300) {
        let value = random.between(1, 1_000_000).to_string();
        topic.configs.push(("retention.ms".to_owned(), Some(value)));
    }
    Some(topic)
}
