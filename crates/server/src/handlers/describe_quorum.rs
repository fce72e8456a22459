//! DescribeQuorum (key 55), versions 0–2.
//!
//! - Leader, epoch, high watermark, voters and observers of the metadata quorum (KIP-595), which clients know as the
//!   partition `__cluster_metadata-0`; any other is UNKNOWN_TOPIC_OR_PARTITION.
//! - v1: when each was last in touch and last had everything (KIP-836). v2: directory ids and the voters' listeners
//!   (KIP-853).
//! - Only the leader knows: others answer NOT_LEADER_OR_FOLLOWER.

use std::sync::Arc;

use stream_metadata::{Endpoint, MetadataImage, SecurityProtocol};
use stream_quorum::{QuorumStatus, ReplicaStatus};
use stream_security::acl::Operation;
use stream_types::{ErrorCode, NodeId, Uuid, WallMillis};
use stream_wire::describe_quorum::{
    DescribeQuorumRequest, DescribeQuorumResponse, Listener, Node, ReplicaState, RequestTopicData,
    ResponsePartitionData, ResponseTopicData,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

const TOPIC: &str = "__cluster_metadata";
const PARTITION: i32 = 0;

/// Describes the metadata quorum.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeQuorumRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may_on_cluster(&request.session, Operation::Describe) {
        let error_code = ErrorCode::ClusterAuthorizationFailed.code();
        return request.ready(&DescribeQuorumResponse { error_code, error_message: None, ..Default::default() });
    }
    let status = broker.controller.status();
    let leads = status.leader == Some(broker.node_id());
    let now = broker.clock.wall();
    let topics = body.topics.iter().map(|topic| describe_topic(topic, &status, leads, now)).collect();
    let mut response = DescribeQuorumResponse { error_message: None, topics, ..Default::default() };
    if request.version() < 2 {
        forget_directories(&mut response);
    } else if leads {
        let controllers = controllers(broker, &broker.image());
        response.nodes = controllers.into_iter().map(|(id, endpoints)| node(id, endpoints)).collect();
    }
    if request.version() < 2 {
        // There is no place for directory ids before.
        let partitions = response.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
        let replicas =
            partitions.flat_map(|partition| partition.current_voters.iter_mut().chain(&mut partition.observers));
        replicas.for_each(|replica| replica.replica_directory_id = Uuid::ZERO);
    }
    request.ready(&response)
}

fn describe_topic(topic: &RequestTopicData, status: &QuorumStatus, leads: bool, now: WallMillis) -> ResponseTopicData {
    let describe = |index: i32| {
        if *topic.topic_name != *TOPIC || index != PARTITION {
            return failed(index, ErrorCode::UnknownTopicOrPartition);
        }
        if !leads {
            return failed(index, ErrorCode::NotLeaderOrFollower);
        }
        ResponsePartitionData {
            partition_index: index,
            error_message: None,
            leader_id: status.leader.map_or(-1, NodeId::get),
            leader_epoch: status.leader_epoch.get(),
            high_watermark: status.high_watermark.get(),
            current_voters: status.voters.iter().map(|replica| state(replica, status.leader, now)).collect(),
            observers: status.observers.iter().map(|replica| state(replica, status.leader, now)).collect(),
            ..Default::default()
        }
    };
    ResponseTopicData {
        topic_name: topic.topic_name.clone(),
        partitions: topic.partitions.iter().map(|partition| describe(partition.partition_index)).collect(),
    }
}

fn failed(partition_index: i32, error: ErrorCode) -> ResponsePartitionData {
    ResponsePartitionData {
        partition_index,
        error_code: error.code(),
        error_message: None,
        leader_id: -1,
        ..Default::default()
    }
}

/// The leader is always in touch with itself; its status may be from a while ago.
fn state(status: &ReplicaStatus, leader: Option<NodeId>, now: WallMillis) -> ReplicaState {
    let time = |seen: Option<WallMillis>| {
        let seen = if leader == Some(status.replica.node) { Some(now) } else { seen };
        seen.map_or(-1, |seen| seen.0)
    };
    ReplicaState {
        replica_id: status.replica.node.get(),
        replica_directory_id: status.replica.directory,
        log_end_offset: status.log_end_offset.get(),
        last_fetch_timestamp: time(status.last_fetch.map(|now| now.wall)),
        last_caught_up_timestamp: time(status.last_caught_up.map(|now| now.wall)),
    }
}

/// Directory ids came with v2, and an answer of an older version that has them cannot be written.
fn forget_directories(response: &mut DescribeQuorumResponse) {
    for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        for replica in partition.current_voters.iter_mut().chain(&mut partition.observers) {
            replica.replica_directory_id = Uuid::ZERO;
        }
    }
}

fn node(id: NodeId, endpoints: Vec<Endpoint>) -> Node {
    let listeners = endpoints.into_iter().map(|endpoint| Listener {
        name: endpoint.name.into(),
        host: endpoint.host.into(),
        port: endpoint.port,
    });
    Node { node_id: id.get(), listeners: listeners.collect() }
}

/// The controllers and where to reach them: as they registered, else as `controller.quorum.voters` names them.
pub(super) fn controllers(broker: &Broker, image: &MetadataImage) -> Vec<(NodeId, Vec<Endpoint>)> {
    let registered: Vec<_> =
        image.controllers().map(|controller| (controller.id, controller.endpoints.clone())).collect();
    if !registered.is_empty() {
        return registered;
    }
    let listener = broker.config.controller_listener_names.first().map_or("CONTROLLER", String::as_str);
    let voters = broker.config.quorum_voters.iter();
    voters
        .map(|voter| {
            let endpoint = Endpoint {
                name: listener.to_owned(),
                host: voter.endpoint.host.clone(),
                port: voter.endpoint.port,
                security_protocol: SecurityProtocol::Plaintext,
            };
            (voter.node_id, vec![endpoint])
        })
        .collect()
}
