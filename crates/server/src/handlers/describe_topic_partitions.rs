//! DescribeTopicPartitions (key 75), version 0.
//!
//! - Topics in the order of names with at most `response_partition_limit` partitions (and at most 2,000); the cursor in
//!   the answer says where the next request goes on (KIP-966). No topics named: all.
//! - A named topic that does not exist is UNKNOWN_TOPIC_OR_PARTITION, one that cannot exist INVALID_TOPIC_EXCEPTION.
//! - Needs Describe: of all topics those without are left out, named ones are TOPIC_AUTHORIZATION_FAILED at the end.
//! - A partition without a leader has leader -1, its last epoch and no error.
//! - Eligible leader replicas are given with each partition; authorized operations always.

use std::collections::BTreeSet;
use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::check_topic_name;
use stream_metadata::{MetadataImage, PartitionImage, TopicImage};
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, NodeId, PartitionIndex};
use stream_wire::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::{Answer, Pending};

/// Kafka's `max.request.partition.size.limit`.
const PARTITIONS_PER_RESPONSE_MAX: usize = 2000;

/// Describes topics in pages.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeTopicPartitionsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if body.cursor.as_ref().is_some_and(|cursor| cursor.partition_index < 0) {
        // The answer has no place for an error of the whole request; Kafka ends the connection too.
        return Pending::Ready(Answer::Close("DescribeTopicPartitions with a cursor below partition 0".into()));
    }
    let session = &request.session;
    let asker = Asker {
        may_describe: &|name, is_named| match is_named {
            true => broker.may(session, Operation::Describe, ResourceType::Topic, name),
            false => broker.would_let(session, Operation::Describe, ResourceType::Topic, name),
        },
        operations: &|name| broker.authorized_operations(session, ResourceType::Topic, name),
    };
    request.ready(&page(&broker.image(), &body, &asker))
}

/// What whoever asks may know.
struct Asker<'a> {
    /// Of a topic that is named or not.
    may_describe: &'a dyn Fn(&str, bool) -> bool,
    operations: &'a dyn Fn(&str) -> i32,
}

/// One page.
fn page(
    image: &MetadataImage,
    body: &DescribeTopicPartitionsRequest,
    asker: &Asker<'_>,
) -> DescribeTopicPartitionsResponse {
    let wants_all = body.topics.is_empty();
    let from = body.cursor.as_ref().map(|cursor| &*cursor.topic_name).unwrap_or_default();
    let names: BTreeSet<&str> = if wants_all {
        image.topics().iter_from(from).map(|topic| &*topic.name).collect()
    } else {
        body.topics.iter().map(|topic| &*topic.name).filter(|name| *name >= from).collect()
    };
    let limit = usize::try_from(body.response_partition_limit).unwrap_or(0).clamp(1, PARTITIONS_PER_RESPONSE_MAX);
    let mut room = limit;
    let mut response = DescribeTopicPartitionsResponse::default();
    let mut denied = Vec::new();
    for name in names {
        if !(asker.may_describe)(name, !wants_all) {
            if !wants_all {
                denied.push(failed(name, ErrorCode::TopicAuthorizationFailed));
            }
            continue;
        }
        if room == 0 {
            response.next_cursor = Some(Cursor { topic_name: name.into(), partition_index: 0 });
            break;
        }
        let Some(topic) = image.topic(name) else {
            let mut unknown = unknown(name);
            unknown.topic_authorized_operations = (asker.operations)(name);
            response.topics.push(unknown);
            continue;
        };
        let first = match &body.cursor {
            Some(cursor) if *cursor.topic_name == *name => cursor.partition_index,
            _ => 0,
        };
        let mut described = known(image, topic, PartitionIndex(first), room);
        described.topic_authorized_operations = (asker.operations)(name);
        room -= described.partitions.len();
        let next = first + described.partitions.len() as i32;
        let has_more = topic.partitions.range(PartitionIndex(next)..).next().is_some();
        response.topics.push(described);
        if has_more {
            response.next_cursor = Some(Cursor { topic_name: name.into(), partition_index: next });
            break;
        }
    }
    response.topics.append(&mut denied);
    response
}

fn unknown(name: &str) -> DescribeTopicPartitionsResponseTopic {
    let error = check_topic_name(name).map_or_else(|error| error.code, |()| ErrorCode::UnknownTopicOrPartition);
    failed(name, error)
}

fn failed(name: &str, error: ErrorCode) -> DescribeTopicPartitionsResponseTopic {
    DescribeTopicPartitionsResponseTopic { error_code: error.code(), name: Some(name.into()), ..Default::default() }
}

fn known(
    image: &MetadataImage,
    topic: &TopicImage,
    first: PartitionIndex,
    partition_count_max: usize,
) -> DescribeTopicPartitionsResponseTopic {
    let partitions = topic.partitions.range(first..).take(partition_count_max);
    DescribeTopicPartitionsResponseTopic {
        error_code: ErrorCode::None.code(),
        name: Some(Str::from(&*topic.name)),
        topic_id: topic.id,
        is_internal: topic.is_internal(),
        partitions: partitions.map(|(index, partition)| describe(image, *index, partition)).collect(),
        ..Default::default()
    }
}

fn describe(
    image: &MetadataImage,
    index: PartitionIndex,
    partition: &PartitionImage,
) -> DescribeTopicPartitionsResponsePartition {
    let ids = |nodes: &[NodeId]| nodes.iter().map(|node| node.get()).collect::<Vec<i32>>();
    DescribeTopicPartitionsResponsePartition {
        error_code: ErrorCode::None.code(),
        partition_index: index.get(),
        leader_id: partition.leader.map_or(-1, NodeId::get),
        leader_epoch: partition.leader_epoch.get(),
        replica_nodes: ids(&partition.replicas),
        isr_nodes: ids(&partition.isr),
        eligible_leader_replicas: Some(ids(&partition.eligible_leader_replicas)),
        last_known_elr: Some(ids(&partition.last_known_elr)),
        offline_replicas: image.offline_replicas(partition).map(NodeId::get).collect(),
    }
}

#[cfg(test)]
mod tests {
    use stream_codec::stored::metadata::{PartitionRecord, TopicRecord};
    use stream_types::Uuid;
    use stream_wire::describe_topic_partitions::TopicRequest;

    use super::*;

    fn image(topics: &[(&str, i32)]) -> MetadataImage {
        let mut image = MetadataImage::empty("c");
        for (number, (name, partitions)) in topics.iter().enumerate() {
            let topic_id = Uuid([number as u8 + 1; 16]);
            let topic = TopicRecord { name: (*name).into(), topic_id };
            image.replay(&topic.into()).expect("a topic can be stored");
            for partition_id in 0..*partitions {
                let partition = PartitionRecord {
                    partition_id,
                    topic_id,
                    replicas: vec![1],
                    isr: vec![1],
                    leader: 1,
                    directories: vec![Uuid::ZERO],
                    ..Default::default()
                };
                image.replay(&partition.into()).expect("a partition can be stored");
            }
        }
        image
    }

    /// `name:first+count` of each topic, and the cursor.
    fn ask(image: &MetadataImage, names: &[&str], limit: i32, cursor: Option<(&str, i32)>) -> String {
        let request = DescribeTopicPartitionsRequest {
            topics: names.iter().map(|name| TopicRequest { name: (*name).into() }).collect(),
            response_partition_limit: limit,
            cursor: cursor.map(|(name, index)| Cursor { topic_name: name.into(), partition_index: index }),
        };
        let asker = Asker { may_describe: &|name, _| !name.starts_with("secret"), operations: &|_| 0 };
        let response = page(image, &request, &asker);
        let mut text: Vec<String> = response
            .topics
            .iter()
            .map(|topic| {
                let name = topic.name.clone().unwrap_or_default();
                match ErrorCode::from_code(topic.error_code) {
                    Some(ErrorCode::None) => {
                        let first = topic.partitions.first().map_or(0, |partition| partition.partition_index);
                        format!("{name}:{first}+{}", topic.partitions.len())
                    }
                    error => format!("{name}:{error:?}"),
                }
            })
            .collect();
        text.extend(response.next_cursor.map(|next| format!("next {}-{}", next.topic_name, next.partition_index)));
        text.join(" ")
    }

    #[test]
    fn pages_follow_each_other() {
        let image = image(&[("a", 3), ("b", 2), ("c", 1)]);
        assert_eq!(ask(&image, &[], 2000, None), "a:0+3 b:0+2 c:0+1");
        assert_eq!(ask(&image, &[], 2, None), "a:0+2 next a-2");
        assert_eq!(ask(&image, &[], 2, Some(("a", 2))), "a:2+1 b:0+1 next b-1");
        assert_eq!(ask(&image, &[], 2, Some(("b", 1))), "b:1+1 c:0+1");
        assert_eq!(ask(&image, &[], 3, None), "a:0+3 next b-0");
        assert_eq!(ask(&image, &[], 3, Some(("b", 0))), "b:0+2 c:0+1");
    }

    #[test]
    fn what_may_not_be_described_is_denied_by_name_and_left_out_of_all() {
        let image = image(&[("a", 1), ("secret", 1)]);
        assert_eq!(ask(&image, &[], 2000, None), "a:0+1");
        let denied = "a:0+1 secret:Some(TopicAuthorizationFailed) secret2:Some(TopicAuthorizationFailed)";
        assert_eq!(ask(&image, &["secret2", "secret", "a"], 2000, None), denied);
    }

    #[test]
    fn named_topics_are_sorted_and_may_be_missing() {
        let image = image(&[("a", 3), ("c", 1)]);
        assert_eq!(
            ask(&image, &["c", "b", "a", "a", "no/name"], 2000, None),
            "a:0+3 b:Some(UnknownTopicOrPartition) c:0+1 no/name:Some(InvalidTopicException)"
        );
        // A topic that was deleted between two pages.
        assert_eq!(ask(&image, &[], 2000, Some(("b", 7))), "c:0+1");
        assert_eq!(ask(&image, &["a", "c"], 0, Some(("c", 9))), "c:0+0");
        assert_eq!(ask(&image, &["a"], -1, None), "a:0+1 next a-1");
    }
}
