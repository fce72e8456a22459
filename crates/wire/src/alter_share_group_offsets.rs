//! AlterShareGroupOffsets (key 91): sets start offsets of share groups (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(AlterShareGroupOffsets: AlterShareGroupOffsetsRequest => AlterShareGroupOffsetsResponse);

messages! {
    /// Request of AlterShareGroupOffsets.
    AlterShareGroupOffsetsRequest, versions 0..=0, flexible 0 {
        group_id: Str;
        topics: Vec<AlterShareGroupOffsetsRequestTopic>;
    }
    AlterShareGroupOffsetsRequestTopic {
        topic_name: Str;
        partitions: Vec<AlterShareGroupOffsetsRequestPartition>;
    }
    AlterShareGroupOffsetsRequestPartition {
        partition_index: i32;
        start_offset: i64;
    }

    /// Response of AlterShareGroupOffsets.
    AlterShareGroupOffsetsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str>;
        responses: Vec<AlterShareGroupOffsetsResponseTopic>;
    }
    AlterShareGroupOffsetsResponseTopic {
        topic_name: Str;
        topic_id: Uuid;
        partitions: Vec<AlterShareGroupOffsetsResponsePartition>;
    }
    AlterShareGroupOffsetsResponsePartition {
        partition_index: i32;
        error_code: i16;
        error_message: Option<Str>;
    }
}
