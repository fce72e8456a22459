//! ReadShareGroupStateSummary (key 87): reads the start offsets of share partitions (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ReadShareGroupStateSummary: ReadShareGroupStateSummaryRequest => ReadShareGroupStateSummaryResponse);

messages! {
    /// Request of ReadShareGroupStateSummary.
    ReadShareGroupStateSummaryRequest, versions 0..=1, flexible 0 {
        group_id: Str;
        topics: Vec<ReadStateSummaryData>;
    }
    ReadStateSummaryData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition: i32;
        leader_epoch: i32;
    }

    /// Response of ReadShareGroupStateSummary.
    ReadShareGroupStateSummaryResponse, versions 0..=1, flexible 0 {
        results: Vec<ReadStateSummaryResult>;
    }
    ReadStateSummaryResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<Str>;
        state_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        delivery_complete_count: i32 = -1, since 1, ignorable;
    }
}
