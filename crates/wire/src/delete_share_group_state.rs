//! DeleteShareGroupState (key 86): deletes the state of share partitions (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(DeleteShareGroupState: DeleteShareGroupStateRequest => DeleteShareGroupStateResponse);

messages! {
    /// Request of DeleteShareGroupState.
    DeleteShareGroupStateRequest, versions 0..=0, flexible 0 {
        group_id: Str;
        topics: Vec<DeleteStateData>;
    }
    DeleteStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition: i32;
    }

    /// Response of DeleteShareGroupState.
    DeleteShareGroupStateResponse, versions 0..=0, flexible 0 {
        results: Vec<DeleteStateResult>;
    }
    DeleteStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<Str>;
    }
}
