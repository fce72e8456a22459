//! WriteShareGroupState (key 85): writes the state of share partitions (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(WriteShareGroupState: WriteShareGroupStateRequest => WriteShareGroupStateResponse);

messages! {
    /// Request of WriteShareGroupState.
    WriteShareGroupStateRequest, versions 0..=1, flexible 0 {
        group_id: Str;
        topics: Vec<WriteStateData>;
    }
    WriteStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition: i32;
        state_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        delivery_complete_count: i32 = -1, since 1, ignorable;
        state_batches: Vec<StateBatch>;
    }
    StateBatch {
        first_offset: i64;
        last_offset: i64;
        delivery_state: i8;
        delivery_count: i16;
    }

    /// Response of WriteShareGroupState.
    WriteShareGroupStateResponse, versions 0..=1, flexible 0 {
        results: Vec<WriteStateResult>;
    }
    WriteStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<Str>;
    }
}
