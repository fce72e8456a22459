//! OffsetCommit (key 8), versions 2–10.
//!
//! - Each partition has its own result; partitions that do not exist are refused here and never reach the group.
//! - The answer leaves when the offsets are committed as every other record is.
//! - Needs Read on the group and on each topic.
//! - Generation -1 and no member: a consumer that assigns partitions to itself.
//! - v2–4: retention of its own. v6: leader epochs (KIP-320). v7: static members. v9: member epochs (KIP-848).
//!   v10: topics by id.

use std::sync::Arc;

use stream_codec::Str;
use stream_coordinator::{CommitOffsets, CommitPartition, CommitReply, CommitTopic, GroupCommand, GroupReply};
use stream_metadata::{MetadataImage, TopicImage};
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex};
use stream_wire::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// The first version that names topics by id.
const ID_VERSION: i16 = 10;

/// Stores offsets of a group.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: OffsetCommitRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may(&request.session, Operation::Read, ResourceType::Group, &body.group_id) {
        let refuse = |topic| refuse(topic, ErrorCode::GroupAuthorizationFailed);
        let topics = body.topics.into_iter().map(refuse).collect();
        return request.ready(&OffsetCommitResponse { throttle_time_ms: 0, topics });
    }
    let image = broker.image();
    let (mut known, mut refused) = (Vec::new(), Vec::new());
    for topic in body.topics {
        let found = found(&image, request.version(), &topic);
        let name = found.map_or(&*topic.name, |found| &found.name);
        // What is not known by its id has no name to be denied by.
        let has_name = found.is_some() || request.version() < ID_VERSION;
        if has_name && !broker.may(&request.session, Operation::Read, ResourceType::Topic, name) {
            refused.push(refuse(topic, ErrorCode::TopicAuthorizationFailed));
        } else {
            sort_out(found, request.version(), topic, &mut known, &mut refused);
        }
    }
    if known.is_empty() {
        return request.ready(&OffsetCommitResponse { throttle_time_ms: 0, topics: refused });
    }
    let asked: Vec<OffsetCommitResponseTopic> =
        known.iter().map(|topic| all_refused(topic, ErrorCode::UnknownServerError)).collect();
    let command = CommitOffsets {
        group_id: body.group_id.clone(),
        generation_id_or_member_epoch: body.generation_id_or_member_epoch,
        member_id: body.member_id,
        group_instance_id: body.group_instance_id,
        retention_time_ms: body.retention_time_ms,
        topics: known,
    };
    let reply = broker.groups.submit(&body.group_id, GroupCommand::CommitOffsets(command));
    let responder = request.responder;
    Pending::later(async move {
        let results = match reply.wait().await {
            Ok(GroupReply::CommitOffsets(reply)) => results(reply),
            Ok(_) => asked,
            Err(error) => with_error(asked, error),
        };
        responder.respond(&OffsetCommitResponse { throttle_time_ms: 0, topics: merged(refused, results) })
    })
}

fn found<'a>(image: &'a MetadataImage, version: i16, topic: &OffsetCommitRequestTopic) -> Option<&'a Arc<TopicImage>> {
    if version >= ID_VERSION { image.topics().by_id(topic.topic_id) } else { image.topic(&topic.name) }
}

fn refuse(topic: OffsetCommitRequestTopic, error: ErrorCode) -> OffsetCommitResponseTopic {
    let partition = |partition: OffsetCommitRequestPartition| OffsetCommitResponsePartition {
        partition_index: partition.partition_index,
        error_code: error.code(),
    };
    let OffsetCommitRequestTopic { name, topic_id, partitions } = topic;
    OffsetCommitResponseTopic { name, topic_id, partitions: partitions.into_iter().map(partition).collect() }
}

/// Parts a topic into what can be committed and what is refused.
fn sort_out(
    found: Option<&Arc<TopicImage>>,
    version: i16,
    topic: OffsetCommitRequestTopic,
    known: &mut Vec<CommitTopic>,
    refused: &mut Vec<OffsetCommitResponseTopic>,
) {
    let by_id = version >= ID_VERSION;
    let error = if by_id && found.is_none() { ErrorCode::UnknownTopicId } else { ErrorCode::UnknownTopicOrPartition };
    let (mut commits, mut refusals) = (Vec::new(), Vec::new());
    for partition in topic.partitions {
        let index = PartitionIndex(partition.partition_index);
        if found.is_some_and(|found| found.partition(index).is_some()) {
            commits.push(CommitPartition {
                partition: index,
                offset: Offset(partition.committed_offset),
                leader_epoch: LeaderEpoch(partition.committed_leader_epoch),
                metadata: partition.committed_metadata,
            });
        } else {
            refusals.push(OffsetCommitResponsePartition { partition_index: index.get(), error_code: error.code() });
        }
    }
    if let Some(found) = found.filter(|_| !commits.is_empty()) {
        let name = Str::from(&*found.name);
        known.push(CommitTopic { name, topic_id: found.id, partitions: commits });
    }
    if !refusals.is_empty() {
        let name = found.map_or(topic.name, |found| Str::from(&*found.name));
        let topic_id = topic.topic_id;
        refused.push(OffsetCommitResponseTopic { name, topic_id, partitions: refusals });
    }
}

fn all_refused(topic: &CommitTopic, error: ErrorCode) -> OffsetCommitResponseTopic {
    let partition = |partition: &CommitPartition| OffsetCommitResponsePartition {
        partition_index: partition.partition.get(),
        error_code: error.code(),
    };
    OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic.partitions.iter().map(partition).collect(),
    }
}

fn with_error(mut topics: Vec<OffsetCommitResponseTopic>, error: ErrorCode) -> Vec<OffsetCommitResponseTopic> {
    for partition in topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.error_code = error.code();
    }
    topics
}

fn results(reply: CommitReply) -> Vec<OffsetCommitResponseTopic> {
    let partition = |result: stream_coordinator::PartitionResult| OffsetCommitResponsePartition {
        partition_index: result.partition.get(),
        error_code: result.error.code(),
    };
    reply
        .topics
        .into_iter()
        .map(|topic| OffsetCommitResponseTopic {
            name: topic.name,
            topic_id: topic.topic_id,
            partitions: topic.partitions.into_iter().map(partition).collect(),
        })
        .collect()
}

/// Each topic once, what was refused first, as in Kafka's answers.
fn merged(
    mut topics: Vec<OffsetCommitResponseTopic>,
    results: Vec<OffsetCommitResponseTopic>,
) -> Vec<OffsetCommitResponseTopic> {
    let refused_count = topics.len();
    for result in results {
        match topics[..refused_count].iter_mut().find(|topic| topic.name == result.name) {
            Some(topic) => topic.partitions.extend(result.partitions),
            None => topics.push(result),
        }
    }
    topics
}
