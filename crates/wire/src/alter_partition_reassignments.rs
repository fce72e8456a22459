//! AlterPartitionReassignments (key 45): starts and cancels moves of replicas (KIP-455).

use stream_codec::{Str, messages};

use crate::api::request;

request!(AlterPartitionReassignments: AlterPartitionReassignmentsRequest => AlterPartitionReassignmentsResponse);

messages! {
    /// Request of AlterPartitionReassignments.
    AlterPartitionReassignmentsRequest, versions 0..=1, flexible 0 {
        timeout_ms: i32 = 60000;
        allow_replication_factor_change: bool = true, since 1;
        topics: Vec<ReassignableTopic>;
    }
    ReassignableTopic {
        name: Str;
        partitions: Vec<ReassignablePartition>;
    }
    ReassignablePartition {
        partition_index: i32;
        replicas: Option<Vec<i32>>;
    }

    /// Response of AlterPartitionReassignments.
    AlterPartitionReassignmentsResponse, versions 0..=1, flexible 0 {
        throttle_time_ms: i32;
        allow_replication_factor_change: bool = true, since 1, ignorable;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        responses: Vec<ReassignableTopicResponse>;
    }
    ReassignableTopicResponse {
        name: Str;
        partitions: Vec<ReassignablePartitionResponse>;
    }
    ReassignablePartitionResponse {
        partition_index: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
