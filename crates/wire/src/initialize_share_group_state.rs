//! InitializeShareGroupState (key 83): creates the state of share partitions (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(InitializeShareGroupState: InitializeShareGroupStateRequest => InitializeShareGroupStateResponse);

messages! {
    /// Request of InitializeShareGroupState.
    InitializeShareGroupStateRequest, versions 0..=0, flexible 0 {
        group_id: Str;
        topics: Vec<InitializeStateData>;
    }
    InitializeStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition: i32;
        state_epoch: i32;
        start_offset: i64;
    }

    /// Response of InitializeShareGroupState.
    InitializeShareGroupStateResponse, versions 0..=0, flexible 0 {
        results: Vec<InitializeStateResult>;
    }
    InitializeStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<Str>;
    }
}
