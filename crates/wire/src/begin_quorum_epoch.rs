//! BeginQuorumEpoch (key 53): announces the leader of Kafka's own quorum (KIP-595).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(BeginQuorumEpoch: BeginQuorumEpochRequest => BeginQuorumEpochResponse);

messages! {
    /// Request of BeginQuorumEpoch.
    BeginQuorumEpochRequest, versions 0..=1, flexible 1 {
        cluster_id: Option<Str>;
        voter_id: i32 = -1, since 1, ignorable;
        topics: Vec<RequestTopicData>;
        leader_endpoints: Vec<LeaderEndpoint>, since 1, ignorable;
    }
    RequestTopicData {
        topic_name: Str;
        partitions: Vec<RequestPartitionData>;
    }
    RequestPartitionData {
        partition_index: i32;
        voter_directory_id: Uuid, since 1, ignorable;
        leader_id: i32;
        leader_epoch: i32;
    }
    LeaderEndpoint {
        name: Str;
        host: Str;
        port: u16;
    }

    /// Response of BeginQuorumEpoch.
    BeginQuorumEpochResponse, versions 0..=1, flexible 1 {
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
