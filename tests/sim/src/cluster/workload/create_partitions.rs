//! Outcomes: grown, INVALID_PARTITIONS, UNKNOWN_TOPIC_OR_PARTITION, INVALID_REPLICA_ASSIGNMENT.

use stream_metadata::Command;
use stream_metadata::controller::{CreatePartitions, CreatePartitionsReply, NewPartitions};
use stream_types::ErrorCode;

use super::{Table, any_topic, free_name, live_count, unexpected};

/// Topics grow no further, so that images stay small.
const PARTITIONS_MAX: usize = 8;

pub(super) const OUTCOMES: Table = &[
    ("create-partitions/grown", |random, image| {
        let topic = any_topic(random, image)?;
        let can_grow =
            topic.partition_count() < PARTITIONS_MAX && topic.replication_factor() as u64 <= live_count(image);
        let count = topic.partition_count() as i32 + random.between(1, 2) as i32;
        can_grow.then(|| grow(&topic.name, count, None, random.chance(100)))
    }),
    ("create-partitions/invalid-partitions", |random, image| {
        let topic = any_topic(random, image)?;
        let count = topic.partition_count() as i32 - random.below(2) as i32;
        Some(grow(&topic.name, count, None, false))
    }),
    ("create-partitions/unknown-topic", |random, image| Some(grow(&free_name(random, image)?, 5, None, false))),
    ("create-partitions/invalid-replica-assignment", |random, image| {
        let topic = any_topic(random, image)?;
        Some(grow(&topic.name, topic.partition_count() as i32 + 1, Some(vec![vec![99]]), false))
    }),
];

pub(super) fn outcome(reply: &CreatePartitionsReply) -> &'static str {
    let Some((_, outcome)) = reply.topics.first() else { return unexpected(ErrorCode::None) };
    match outcome.as_ref().map_err(|error| error.code) {
        Ok(()) => "create-partitions/grown",
        Err(ErrorCode::InvalidPartitions) => "create-partitions/invalid-partitions",
        Err(ErrorCode::UnknownTopicOrPartition) => "create-partitions/unknown-topic",
        Err(ErrorCode::InvalidReplicaAssignment) => "create-partitions/invalid-replica-assignment",
        Err(code) => unexpected(code),
    }
}

fn grow(name: &str, count: i32, assignments: Option<Vec<Vec<i32>>>, validate_only: bool) -> Command {
    let topics = vec![NewPartitions { name: name.to_owned(), count, assignments }];
    Command::CreatePartitions(CreatePartitions { topics, validate_only })
}
