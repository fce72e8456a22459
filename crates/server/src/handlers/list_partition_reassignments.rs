//! ListPartitionReassignments (key 46), version 0.
//!
//! - Null topics: every reassignment that is going on (KIP-455); named partitions: those of them that are.
//! - Needs Describe on the cluster.
//! - A partition that is not being moved, or does not exist, is left out.

use std::sync::Arc;

use stream_metadata::{PartitionImage, TopicImage};
use stream_security::acl::Operation;
use stream_types::{ErrorCode, NodeId, PartitionIndex};
use stream_wire::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, ListPartitionReassignmentsTopics,
    OngoingPartitionReassignment, OngoingTopicReassignment,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Lists the moves of replicas that are going on.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ListPartitionReassignmentsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may_on_cluster(&request.session, Operation::Describe) {
        let error_code = ErrorCode::ClusterAuthorizationFailed.code();
        let topics = body.topics.into_iter().flatten().map(without_replicas).collect();
        let error_message = None;
        return request.ready(&ListPartitionReassignmentsResponse {
            error_code,
            error_message,
            topics,
            ..Default::default()
        });
    }
    let image = broker.image();
    let topics = match body.topics {
        None => {
            let topics = image.topics().iter();
            topics.filter_map(|topic| ongoing(topic, topic.partitions.keys().copied())).collect()
        }
        Some(wanted) => {
            let known = wanted.iter().filter_map(|wanted| Some((wanted, image.topic(&wanted.name)?)));
            known
                .filter_map(|(wanted, topic)| {
                    ongoing(topic, wanted.partition_indexes.iter().copied().map(PartitionIndex))
                })
                .collect()
        }
    };
    request.ready(&ListPartitionReassignmentsResponse { error_message: None, topics, ..Default::default() })
}

/// As Kafka repeats in a refusal what it was asked for.
fn without_replicas(topic: ListPartitionReassignmentsTopics) -> OngoingTopicReassignment {
    let partition = |partition_index| OngoingPartitionReassignment { partition_index, ..Default::default() };
    let partitions = topic.partition_indexes.into_iter().map(partition).collect();
    OngoingTopicReassignment { name: topic.name, partitions }
}

fn ongoing(topic: &TopicImage, indexes: impl Iterator<Item = PartitionIndex>) -> Option<OngoingTopicReassignment> {
    let known = indexes.filter_map(|index| Some((index, topic.partition(index)?)));
    let partitions: Vec<_> = known
        .filter(|(_, partition)| partition.is_reassigning())
        .map(|(index, partition)| reassignment(index, partition))
        .collect();
    (!partitions.is_empty()).then(|| OngoingTopicReassignment { name: (&*topic.name).into(), partitions })
}

fn reassignment(index: PartitionIndex, partition: &PartitionImage) -> OngoingPartitionReassignment {
    let ids = |nodes: &[NodeId]| nodes.iter().map(|node| node.get()).collect();
    OngoingPartitionReassignment {
        partition_index: index.get(),
        replicas: ids(&partition.replicas),
        adding_replicas: ids(&partition.adding_replicas),
        removing_replicas: ids(&partition.removing_replicas),
    }
}
