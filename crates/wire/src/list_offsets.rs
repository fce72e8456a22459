//! ListOffsets (key 2): the offset at a timestamp, or a special place of the log.

use stream_codec::{Str, messages};

use crate::api::request;

request!(ListOffsets: ListOffsetsRequest => ListOffsetsResponse);

messages! {
    /// Request of ListOffsets.
    ListOffsetsRequest, versions 1..=11, flexible 6 {
        replica_id: i32;
        isolation_level: i8, since 2;
        topics: Vec<ListOffsetsTopic>;
        timeout_ms: i32, since 10, ignorable;
    }
    ListOffsetsTopic {
        name: Str;
        partitions: Vec<ListOffsetsPartition>;
    }
    ListOffsetsPartition {
        partition_index: i32;
        current_leader_epoch: i32 = -1, since 4, ignorable;
        timestamp: i64;
    }

    /// Response of ListOffsets.
    ListOffsetsResponse, versions 1..=11, flexible 6 {
        throttle_time_ms: i32, since 2, ignorable;
        topics: Vec<ListOffsetsTopicResponse>;
    }
    ListOffsetsTopicResponse {
        name: Str;
        partitions: Vec<ListOffsetsPartitionResponse>;
    }
    ListOffsetsPartitionResponse {
        partition_index: i32;
        error_code: i16;
        timestamp: i64 = -1;
        offset: i64 = -1;
        leader_epoch: i32 = -1, since 4;
    }
}
