//! ReadShareGroupState (key 84): reads the state of share partitions (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ReadShareGroupState: ReadShareGroupStateRequest => ReadShareGroupStateResponse);

messages! {
    /// Request of ReadShareGroupState.
    ReadShareGroupStateRequest, versions 0..=0, flexible 0 {
        group_id: Str;
        topics: Vec<ReadStateData>;
    }
    ReadStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition: i32;
        leader_epoch: i32;
    }

    /// Response of ReadShareGroupState.
    ReadShareGroupStateResponse, versions 0..=0, flexible 0 {
        results: Vec<ReadStateResult>;
    }
    ReadStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<Str>;
        state_epoch: i32;
        start_offset: i64;
        state_batches: Vec<StateBatch>;
    }
    StateBatch {
        first_offset: i64;
        last_offset: i64;
        delivery_state: i8;
        delivery_count: i16;
    }
}
