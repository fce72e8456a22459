//! ElectLeaders (key 43), versions 0–2.
//!
//! - v0 elects preferred leaders (KIP-183); v1 says which election: 0 preferred, 1 unclean (KIP-460).
//! - Null partitions: all; then only those that had something to decide are in the answer.
//! - Needs Alter on the cluster.
//! - A partition that has the leader already is ELECTION_NOT_NEEDED.

use std::sync::Arc;

use stream_metadata::controller::{ElectLeaders, ElectionType, PartitionElection};
use stream_metadata::{Command, Reply};
use stream_security::acl::Operation;
use stream_types::{ErrorCode, PartitionIndex, TopicPartition};
use stream_wire::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult, TopicPartitions,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Elects leaders.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ElectLeadersRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may_on_cluster(&request.session, Operation::Alter) {
        let mut response = refused(request.version(), ErrorCode::ClusterAuthorizationFailed);
        let topics = body.topic_partitions.as_deref().unwrap_or_default();
        response.replica_election_results = topics.iter().map(denied).collect();
        return request.ready(&response);
    }
    let election = match body.election_type {
        0 => ElectionType::Preferred,
        1 => ElectionType::Unclean,
        _ => return request.ready(&refused(request.version(), ErrorCode::InvalidRequest)),
    };
    let partitions = body.topic_partitions.map(|topics| topics.iter().flat_map(partitions_of).collect());
    let command = ElectLeaders { election, partitions };
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        let response = match broker.change(&session, Command::ElectLeaders(command)).await {
            Ok(Reply::ElectLeaders(reply)) => {
                ElectLeadersResponse { replica_election_results: by_topic(reply.partitions), ..Default::default() }
            }
            Ok(_) => refused(responder.version, ErrorCode::UnknownServerError),
            Err(error) => refused(responder.version, error),
        };
        responder.respond(&response)
    })
}

fn partitions_of(topic: &TopicPartitions) -> impl Iterator<Item = TopicPartition> {
    topic.partitions.iter().map(|index| TopicPartition::new(&*topic.topic, PartitionIndex(*index)))
}

fn denied(topic: &TopicPartitions) -> ReplicaElectionResult {
    let partition = |index: &i32| PartitionResult {
        partition_id: *index,
        error_code: ErrorCode::ClusterAuthorizationFailed.code(),
        error_message: None,
    };
    ReplicaElectionResult {
        topic: topic.topic.clone(),
        partition_result: topic.partitions.iter().map(partition).collect(),
    }
}

/// v0 has no place for an error of the whole request.
fn refused(version: i16, error: ErrorCode) -> ElectLeadersResponse {
    let error_code = if version >= 1 { error.code() } else { 0 };
    ElectLeadersResponse { error_code, ..Default::default() }
}

fn by_topic(mut elections: Vec<PartitionElection>) -> Vec<ReplicaElectionResult> {
    elections.sort_by(|one, other| one.partition.cmp(&other.partition));
    let mut results: Vec<ReplicaElectionResult> = Vec::new();
    for PartitionElection { partition, error } in elections {
        let (error_code, error_message) = match error {
            Some(error) => (error.code, Some(error.message.into())),
            None => (ErrorCode::None, None),
        };
        let result =
            PartitionResult { partition_id: partition.partition.get(), error_code: error_code.code(), error_message };
        match results.last_mut().filter(|last| last.topic == partition.topic) {
            Some(last) => last.partition_result.push(result),
            None => results
                .push(ReplicaElectionResult { topic: partition.topic.as_str().into(), partition_result: vec![result] }),
        }
    }
    results
}
