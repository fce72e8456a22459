//! EndQuorumEpoch (key 54): announces that a leader of Kafka's own quorum resigns (KIP-595).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(EndQuorumEpoch: EndQuorumEpochRequest => EndQuorumEpochResponse);

messages! {
    /// Request of EndQuorumEpoch.
    EndQuorumEpochRequest, versions 0..=1, flexible 1 {
        cluster_id: Option<Str>;
        topics: Vec<RequestTopicData>;
        leader_endpoints: Vec<LeaderEndpoint>, since 1, ignorable;
    }
    RequestTopicData {
        topic_name: Str;
        partitions: Vec<RequestPartitionData>;
    }
    RequestPartitionData {
        partition_index: i32;
        leader_id: i32;
        leader_epoch: i32;
        preferred_successors: Vec<i32>, until 0, ignorable;
        preferred_candidates: Vec<ReplicaInfo>, since 1, ignorable;
    }
    ReplicaInfo {
        candidate_id: i32;
        candidate_directory_id: Uuid;
    }
    LeaderEndpoint {
        name: Str;
        host: Str;
        port: u16;
    }

    /// Response of EndQuorumEpoch.
    EndQuorumEpochResponse, versions 0..=1, flexible 1 {
        error_code: i16;
        topics: Vec<ResponseTopicData>;
        @0 node_endpoints: Vec<NodeEndpoint>, since 1;
    }
    ResponseTopicData {
        topic_name: Str;
        partitions: Vec<ResponsePartitionData>;
    }
    ResponsePartitionData {
        partition_index: i32;
        error_code: i16;
        leader_id: i32;
        leader_epoch: i32;
    }
    NodeEndpoint {
        node_id: i32;
        host: Str;
        port: u16;
    }
}
