//! DescribeQuorum (key 55): leader, voters and observers of the metadata quorum (KIP-595, KIP-836).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(DescribeQuorum: DescribeQuorumRequest => DescribeQuorumResponse);

messages! {
    /// Request of DescribeQuorum.
    DescribeQuorumRequest, versions 0..=2, flexible 0 {
        topics: Vec<RequestTopicData>;
    }
    RequestTopicData {
        topic_name: Str;
        partitions: Vec<RequestPartitionData>;
    }
    RequestPartitionData {
        partition_index: i32;
    }

    /// Response of DescribeQuorum.
    DescribeQuorumResponse, versions 0..=2, flexible 0 {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY), since 2, ignorable;
        topics: Vec<ResponseTopicData>;
        nodes: Vec<Node>, since 2;
    }
    ResponseTopicData {
        topic_name: Str;
        partitions: Vec<ResponsePartitionData>;
    }
    ResponsePartitionData {
        partition_index: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY), since 2, ignorable;
        leader_id: i32;
        leader_epoch: i32;
        high_watermark: i64;
        current_voters: Vec<ReplicaState>;
        observers: Vec<ReplicaState>;
    }
    ReplicaState {
        replica_id: i32;
        replica_directory_id: Uuid, since 2;
        log_end_offset: i64;
        last_fetch_timestamp: i64 = -1, since 1, ignorable;
        last_caught_up_timestamp: i64 = -1, since 1, ignorable;
    }
    Node {
        node_id: i32;
        listeners: Vec<Listener>;
    }
    Listener {
        name: Str;
        host: Str;
        port: u16;
    }
}
