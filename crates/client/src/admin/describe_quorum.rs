//! DescribeQuorum (KIP-595, KIP-836).

use std::collections::BTreeMap;

use stream_types::Uuid;
use stream_wire::describe_quorum::{
    DescribeQuorumRequest, Listener, ReplicaState, RequestPartitionData, RequestTopicData,
};

use crate::client::{Client, Target};
use crate::config::address;
use crate::error::ClientError;

const METADATA_TOPIC: &str = "__cluster_metadata";

/// The metadata quorum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quorum {
    /// The active controller.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
    /// Everything below is committed.
    pub high_watermark: i64,
    /// Who votes.
    pub voters: Vec<QuorumReplica>,
    /// Who follows without a vote.
    pub observers: Vec<QuorumReplica>,
    /// Where each node is reached: `CONTROLLER://host:9094`; none if the broker does not tell.
    pub endpoints: BTreeMap<i32, Vec<String>>,
}

/// A copy of the metadata log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuorumReplica {
    /// Its node.
    pub id: i32,
    /// The id of its directory; zero if the broker does not tell.
    pub directory_id: Uuid,
    /// Where its log ends; -1 if unknown.
    pub log_end_offset: i64,
    /// When it fetched last (milliseconds since 1970); -1 if unknown.
    pub last_fetch_timestamp: i64,
    /// When it had everything last (milliseconds since 1970); -1 if unknown.
    pub last_caught_up_timestamp: i64,
}

impl Client {
    /// Who leads the metadata quorum, and how far everybody is.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time.
    pub async fn describe_quorum(&self) -> Result<Quorum, ClientError> {
        let request = DescribeQuorumRequest {
            topics: vec![RequestTopicData {
                topic_name: METADATA_TOPIC.into(),
                partitions: vec![RequestPartitionData { partition_index: 0 }],
            }],
        };
        let mut retry = self.retry();
        loop {
            match self.describe_quorum_once(&request).await {
                Ok(quorum) => return Ok(quorum),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    async fn describe_quorum_once(&self, request: &DescribeQuorumRequest) -> Result<Quorum, ClientError> {
        let what = "metadata quorum";
        let response = self.call(Target::Any, request).await?;
        ClientError::check(what, response.error_code, response.error_message.as_deref())?;
        let endpoint =
            |listener: &Listener| format!("{}://{}", listener.name, address(&listener.host, listener.port.into()));
        let endpoints = response.nodes.iter();
        let endpoints = endpoints.map(|node| (node.node_id, node.listeners.iter().map(endpoint).collect())).collect();
        let mut partitions = response.topics.into_iter().flat_map(|topic| topic.partitions);
        let partition = partitions.next().unwrap_or_default();
        ClientError::check(what, partition.error_code, partition.error_message.as_deref())?;
        let replica = |state: ReplicaState| QuorumReplica {
            id: state.replica_id,
            directory_id: state.replica_directory_id,
            log_end_offset: state.log_end_offset,
            last_fetch_timestamp: state.last_fetch_timestamp,
            last_caught_up_timestamp: state.last_caught_up_timestamp,
        };
        Ok(Quorum {
            leader_id: partition.leader_id,
            leader_epoch: partition.leader_epoch,
            high_watermark: partition.high_watermark,
            voters: partition.current_voters.into_iter().map(replica).collect(),
            observers: partition.observers.into_iter().map(replica).collect(),
            endpoints,
        })
    }
}
