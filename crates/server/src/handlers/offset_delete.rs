//! OffsetDelete (key 47), version 0.
//!
//! - Needs Delete on the group and Read on each topic.
//! - Partitions of topics that the group still consumes are GROUP_SUBSCRIBED_TO_TOPIC; those that do not exist,
//!   UNKNOWN_TOPIC_OR_PARTITION. An error of the whole group comes without topics.

use std::sync::Arc;

use stream_codec::Str;
use stream_coordinator::{
    DeleteOffsets, DeleteOffsetsReply, GroupCommand, GroupReply, PartitionResult, TopicPartitions,
};
use stream_metadata::MetadataImage;
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, PartitionIndex};
use stream_wire::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestTopic, OffsetDeleteResponse, OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::{Pending, Session};

/// Forgets committed offsets.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: OffsetDeleteRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may(&request.session, Operation::Delete, ResourceType::Group, &body.group_id) {
        let error_code = ErrorCode::GroupAuthorizationFailed.code();
        return request.ready(&OffsetDeleteResponse { error_code, ..Default::default() });
    }
    let image = broker.image();
    let (mut topics, mut refused) = (Vec::new(), Vec::new());
    for topic in body.topics {
        if broker.may(&request.session, Operation::Read, ResourceType::Topic, &topic.name) {
            sort_out(&image, topic, &mut topics, &mut refused);
        } else {
            let all = topic.partitions.iter().map(|partition| PartitionIndex(partition.partition_index));
            refused.push(all_refused(topic.name.clone(), all, ErrorCode::TopicAuthorizationFailed));
        }
    }
    let command = DeleteOffsets { group_id: body.group_id.clone(), topics };
    let reply = broker.groups.submit(&body.group_id, GroupCommand::DeleteOffsets(command));
    let (broker, session) = (Arc::clone(broker), request.session.clone());
    let responder = request.responder;
    Pending::later(async move {
        let failed = |error: ErrorCode| OffsetDeleteResponse { error_code: error.code(), ..Default::default() };
        responder.respond(&match reply.wait().await {
            Ok(GroupReply::DeleteOffsets(reply)) if reply.error.is_none() => {
                note(&broker, &session, &body.group_id, &reply);
                response(reply, refused)
            }
            Ok(GroupReply::DeleteOffsets(reply)) => failed(reply.error),
            Ok(_) => failed(ErrorCode::UnknownServerError),
            Err(error) => failed(error),
        })
    })
}

/// Tells the audit trail which offsets are gone.
fn note(broker: &Broker, session: &Session, group_id: &str, reply: &DeleteOffsetsReply) {
    for topic in &reply.topics {
        let gone = topic.partitions.iter().filter(|result| result.error.is_none());
        let gone: Vec<String> = gone.map(|result| result.partition.to_string()).collect();
        if !gone.is_empty() {
            let what = format_args!("group {group_id} topic={} partitions={}", topic.name, gone.join(","));
            broker.audit.changed(session, "OffsetDelete", what);
        }
    }
}

fn sort_out(
    image: &MetadataImage,
    topic: OffsetDeleteRequestTopic,
    topics: &mut Vec<TopicPartitions>,
    refused: &mut Vec<OffsetDeleteResponseTopic>,
) {
    let found = image.topic(&topic.name);
    let (known, unknown): (Vec<PartitionIndex>, Vec<PartitionIndex>) = topic
        .partitions
        .into_iter()
        .map(|partition| PartitionIndex(partition.partition_index))
        .partition(|index| found.is_some_and(|found| found.partition(*index).is_some()));
    if !unknown.is_empty() {
        let error = ErrorCode::UnknownTopicOrPartition;
        refused.push(all_refused(topic.name.clone(), unknown.into_iter(), error));
    }
    if !known.is_empty() {
        topics.push(TopicPartitions { name: topic.name, partitions: known });
    }
}

fn all_refused(
    name: Str,
    partitions: impl Iterator<Item = PartitionIndex>,
    error: ErrorCode,
) -> OffsetDeleteResponseTopic {
    let partition = |index: PartitionIndex| OffsetDeleteResponsePartition {
        partition_index: index.get(),
        error_code: error.code(),
    };
    OffsetDeleteResponseTopic { name, partitions: partitions.map(partition).collect() }
}

/// Each topic once, what was refused first, as in Kafka's answers.
fn response(reply: DeleteOffsetsReply, mut topics: Vec<OffsetDeleteResponseTopic>) -> OffsetDeleteResponse {
    let partition = |result: PartitionResult| OffsetDeleteResponsePartition {
        partition_index: result.partition.get(),
        error_code: result.error.code(),
    };
    for result in reply.topics {
        let partitions = result.partitions.into_iter().map(partition);
        match topics.iter_mut().find(|topic| topic.name == result.name) {
            Some(topic) => topic.partitions.extend(partitions),
            None => topics.push(OffsetDeleteResponseTopic { name: result.name, partitions: partitions.collect() }),
        }
    }
    OffsetDeleteResponse { error_code: ErrorCode::None.code(), throttle_time_ms: 0, topics }
}
