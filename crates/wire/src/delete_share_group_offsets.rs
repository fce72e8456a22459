//! DeleteShareGroupOffsets (key 92): deletes start offsets of share groups (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(DeleteShareGroupOffsets: DeleteShareGroupOffsetsRequest => DeleteShareGroupOffsetsResponse);

messages! {
    /// Request of DeleteShareGroupOffsets.
    DeleteShareGroupOffsetsRequest, versions 0..=0, flexible 0 {
        group_id: Str;
        topics: Vec<DeleteShareGroupOffsetsRequestTopic>;
    }
    DeleteShareGroupOffsetsRequestTopic {
        topic_name: Str;
    }

    /// Response of DeleteShareGroupOffsets.
    DeleteShareGroupOffsetsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str>;
        responses: Vec<DeleteShareGroupOffsetsResponseTopic>;
    }
    DeleteShareGroupOffsetsResponseTopic {
        topic_name: Str;
        topic_id: Uuid;
        error_code: i16;
        error_message: Option<Str>;
    }
}
