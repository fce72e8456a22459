//! Vote (key 52): asks a voter of Kafka's own quorum for its vote (KIP-595, KIP-996).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(Vote: VoteRequest => VoteResponse);

messages! {
    /// Request of Vote.
    VoteRequest, versions 0..=2, flexible 0 {
        cluster_id: Option<Str>;
        voter_id: i32 = -1, since 1, ignorable;
        topics: Vec<RequestTopicData>;
    }
    RequestTopicData {
        topic_name: Str;
        partitions: Vec<RequestPartitionData>;
    }
    RequestPartitionData {
        partition_index: i32;
        replica_epoch: i32;
        replica_id: i32;
        replica_directory_id: Uuid, since 1, ignorable;
        voter_directory_id: Uuid, since 1, ignorable;
        last_offset_epoch: i32;
        last_offset: i64;
        pre_vote: bool, since 2;
    }

    /// Response of Vote.
    VoteResponse, versions 0..=2, flexible 0 {
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
        vote_granted: bool;
    }
    NodeEndpoint {
        node_id: i32;
        host: Str;
        port: u16;
    }
}
