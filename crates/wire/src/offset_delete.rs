//! OffsetDelete (key 47): deletes stored offsets of a group (KIP-496).

use stream_codec::{Str, messages};

use crate::api::request;

request!(OffsetDelete: OffsetDeleteRequest => OffsetDeleteResponse);

messages! {
    /// Request of OffsetDelete.
    OffsetDeleteRequest, versions 0..=0 {
        group_id: Str;
        topics: Vec<OffsetDeleteRequestTopic>;
    }
    OffsetDeleteRequestTopic {
        name: Str;
        partitions: Vec<OffsetDeleteRequestPartition>;
    }
    OffsetDeleteRequestPartition {
        partition_index: i32;
    }

    /// Response of OffsetDelete.
    OffsetDeleteResponse, versions 0..=0 {
        error_code: i16;
        throttle_time_ms: i32;
        topics: Vec<OffsetDeleteResponseTopic>;
    }
    OffsetDeleteResponseTopic {
        name: Str;
        partitions: Vec<OffsetDeleteResponsePartition>;
    }
    OffsetDeleteResponsePartition {
        partition_index: i32;
        error_code: i16;
    }
}
