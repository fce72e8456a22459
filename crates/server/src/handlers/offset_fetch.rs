//! OffsetFetch (key 9), versions 1–10.
//!
//! - A partition without a committed offset has -1 and no error, whether it exists or not.
//! - Needs Describe on each group and on each topic.
//! - v2: null topics ask for all, and errors of the whole group are told at the top. v5: leader epochs. v7: offsets of
//!   open transactions are refused on demand (KIP-447). v8: several groups (KIP-709). v9: member epochs (KIP-848).
//!   v10: topics by id; topics without a known id are left out of "all".

use std::sync::Arc;

use stream_codec::Str;
use stream_coordinator::{FetchOffsets, FetchReply, FetchTopic, FetchedPartition, GroupCommand, GroupReply};
use stream_metadata::MetadataImage;
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, PartitionIndex};
use stream_wire::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics, OffsetFetchResponse,
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};

use super::request::Request;
use crate::broker::Broker;
use crate::coordinator::PendingReply;
use crate::net::{Pending, Session};

/// The first version that names topics by id.
const ID_VERSION: i16 = 10;
/// The first version with several groups.
const GROUPS_VERSION: i16 = 8;
/// The first version with an error for the whole group.
const GROUP_ERROR_VERSION: i16 = 2;

/// One group of the request on its way.
#[derive(Debug)]
struct Asked {
    group_id: Str,
    /// Or why the group is not asked.
    reply: Result<PendingReply, ErrorCode>,
    /// Answered without the group: its ids are unknown, or the client may not describe it.
    refused: Vec<OffsetFetchResponseTopics>,
    /// What versions before [`GROUP_ERROR_VERSION`] repeat with an error.
    topics: Vec<OffsetFetchRequestTopics>,
}

/// Reads committed offsets.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: OffsetFetchRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let version = request.version();
    let require_stable = body.require_stable;
    let image = broker.image();
    let asked: Vec<Asked> =
        groups(version, body).into_iter().map(|group| ask(broker, request, &image, require_stable, group)).collect();
    let broker = Arc::clone(broker);
    let session = request.session.clone();
    let responder = request.responder;
    Pending::later(async move {
        let mut groups = Vec::with_capacity(asked.len());
        for asked in asked {
            groups.push(answer(&broker, &session, version, asked).await);
        }
        responder.respond(&response(version, groups))
    })
}

/// The request in the shape of version 8 and later.
fn groups(version: i16, body: OffsetFetchRequest) -> Vec<OffsetFetchRequestGroup> {
    if version >= GROUPS_VERSION {
        return body.groups;
    }
    let topic = |topic: stream_wire::offset_fetch::OffsetFetchRequestTopic| OffsetFetchRequestTopics {
        name: topic.name,
        partition_indexes: topic.partition_indexes,
        ..Default::default()
    };
    let topics = body.topics.map(|topics| topics.into_iter().map(topic).collect());
    vec![OffsetFetchRequestGroup { group_id: body.group_id, topics, ..Default::default() }]
}

fn ask(
    broker: &Broker,
    request: &Request,
    image: &MetadataImage,
    require_stable: bool,
    group: OffsetFetchRequestGroup,
) -> Asked {
    let version = request.version();
    let mut refused = Vec::new();
    if !broker.may(&request.session, Operation::Describe, ResourceType::Group, &group.group_id) {
        let reply = Err(ErrorCode::GroupAuthorizationFailed);
        let topics = if version < GROUP_ERROR_VERSION { group.topics.unwrap_or_default() } else { Vec::new() };
        return Asked { group_id: group.group_id, reply, refused, topics };
    }
    let topics = group.topics.as_ref().map(|topics| {
        let mut wanted = Vec::with_capacity(topics.len());
        for topic in topics {
            let name = if version < ID_VERSION {
                topic.name.clone()
            } else if let Some(found) = image.topics().by_id(topic.topic_id) {
                Str::from(&*found.name)
            } else {
                refused.push(without_offsets(topic, ErrorCode::UnknownTopicId));
                continue;
            };
            if !broker.may(&request.session, Operation::Describe, ResourceType::Topic, &name) {
                refused.push(without_offsets(topic, ErrorCode::TopicAuthorizationFailed));
                continue;
            }
            let partitions = topic.partition_indexes.iter().copied().map(PartitionIndex).collect();
            wanted.push(FetchTopic { name, topic_id: topic.topic_id, partitions });
        }
        wanted
    });
    let command = FetchOffsets {
        group_id: group.group_id.clone(),
        member_id: group.member_id,
        member_epoch: group.member_epoch,
        require_stable,
        topics,
    };
    let reply = broker.groups.submit(&group.group_id, GroupCommand::FetchOffsets(command));
    let topics = if version < GROUP_ERROR_VERSION { group.topics.unwrap_or_default() } else { Vec::new() };
    Asked { group_id: group.group_id, reply: Ok(reply), refused, topics }
}

async fn answer(broker: &Broker, session: &Session, version: i16, asked: Asked) -> OffsetFetchResponseGroup {
    let Asked { group_id, reply, mut refused, topics } = asked;
    let reply = match reply {
        Ok(reply) => reply.wait().await,
        Err(error) => Err(error),
    };
    let error = match reply {
        Ok(GroupReply::FetchOffsets(mut reply)) if reply.error.is_none() => {
            // Of "all topics" those that the client may not describe are left out; named ones never got here.
            reply
                .topics
                .retain(|topic| broker.would_let(session, Operation::Describe, ResourceType::Topic, &topic.name));
            let mut topics = fetched(&broker.image(), version, reply);
            topics.append(&mut refused);
            return OffsetFetchResponseGroup { group_id, topics, error_code: ErrorCode::None.code() };
        }
        Ok(GroupReply::FetchOffsets(reply)) => reply.error,
        Ok(_) => ErrorCode::UnknownServerError,
        Err(error) => error,
    };
    let topics = topics.iter().map(|topic| without_offsets(topic, error)).collect();
    OffsetFetchResponseGroup { group_id, topics, error_code: error.code() }
}

fn fetched(image: &MetadataImage, version: i16, reply: FetchReply) -> Vec<OffsetFetchResponseTopics> {
    let partition = |fetched: FetchedPartition| OffsetFetchResponsePartitions {
        partition_index: fetched.partition.get(),
        committed_offset: fetched.offset.get(),
        committed_leader_epoch: fetched.leader_epoch.get(),
        metadata: Some(fetched.metadata),
        error_code: fetched.error.code(),
    };
    let mut topics = Vec::with_capacity(reply.topics.len());
    for topic in reply.topics {
        let mut topic_id = topic.topic_id;
        if version >= ID_VERSION && topic_id.is_zero() {
            let Some(known) = image.topic(&topic.name) else { continue };
            topic_id = known.id;
        }
        topics.push(OffsetFetchResponseTopics {
            name: topic.name,
            topic_id,
            partitions: topic.partitions.into_iter().map(partition).collect(),
        });
    }
    topics
}

fn without_offsets(topic: &OffsetFetchRequestTopics, error: ErrorCode) -> OffsetFetchResponseTopics {
    let partition = |index: &i32| OffsetFetchResponsePartitions {
        partition_index: *index,
        committed_offset: -1,
        committed_leader_epoch: -1,
        metadata: Some(Str::EMPTY),
        error_code: error.code(),
    };
    OffsetFetchResponseTopics {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic.partition_indexes.iter().map(partition).collect(),
    }
}

fn response(version: i16, mut groups: Vec<OffsetFetchResponseGroup>) -> OffsetFetchResponse {
    if version >= GROUPS_VERSION {
        return OffsetFetchResponse { groups, ..Default::default() };
    }
    let Some(only) = groups.pop() else { return OffsetFetchResponse::default() };
    let partition = |partition: OffsetFetchResponsePartitions| OffsetFetchResponsePartition {
        partition_index: partition.partition_index,
        committed_offset: partition.committed_offset,
        committed_leader_epoch: partition.committed_leader_epoch,
        metadata: partition.metadata,
        error_code: partition.error_code,
    };
    let topic = |topic: OffsetFetchResponseTopics| OffsetFetchResponseTopic {
        name: topic.name,
        partitions: topic.partitions.into_iter().map(partition).collect(),
    };
    OffsetFetchResponse {
        topics: only.topics.into_iter().map(topic).collect(),
        error_code: if version >= GROUP_ERROR_VERSION { only.error_code } else { 0 },
        ..Default::default()
    }
}
