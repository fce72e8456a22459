//! DeleteRecords (key 21): moves the log start offset forward (KIP-107).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DeleteRecords: DeleteRecordsRequest => DeleteRecordsResponse);

messages! {
    /// Request of DeleteRecords.
    DeleteRecordsRequest, versions 0..=2, flexible 2 {
        topics: Vec<DeleteRecordsTopic>;
        timeout_ms: i32;
    }
    DeleteRecordsTopic {
        name: Str;
        partitions: Vec<DeleteRecordsPartition>;
    }
    DeleteRecordsPartition {
        partition_index: i32;
        offset: i64;
    }

    /// Response of DeleteRecords.
    DeleteRecordsResponse, versions 0..=2, flexible 2 {
        throttle_time_ms: i32;
        topics: Vec<DeleteRecordsTopicResult>;
    }
    DeleteRecordsTopicResult {
        name: Str;
        partitions: Vec<DeleteRecordsPartitionResult>;
    }
    DeleteRecordsPartitionResult {
        partition_index: i32;
        low_watermark: i64;
        error_code: i16;
    }
}
