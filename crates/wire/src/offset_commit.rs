//! OffsetCommit (key 8): stores the offsets a group has consumed.

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(OffsetCommit: OffsetCommitRequest => OffsetCommitResponse);

messages! {
    /// Request of OffsetCommit.
    OffsetCommitRequest, versions 2..=10, flexible 8 {
        group_id: Str;
        generation_id_or_member_epoch: i32 = -1;
        member_id: Str;
        group_instance_id: Option<Str>, since 7;
        retention_time_ms: i64 = -1, until 4, ignorable;
        topics: Vec<OffsetCommitRequestTopic>;
    }
    OffsetCommitRequestTopic {
        name: Str, until 9, ignorable;
        topic_id: Uuid, since 10, ignorable;
        partitions: Vec<OffsetCommitRequestPartition>;
    }
    OffsetCommitRequestPartition {
        partition_index: i32;
        committed_offset: i64;
        committed_leader_epoch: i32 = -1, since 6, ignorable;
        committed_metadata: Option<Str> = Some(Str::EMPTY);
    }

    /// Response of OffsetCommit.
    OffsetCommitResponse, versions 2..=10, flexible 8 {
        throttle_time_ms: i32, since 3, ignorable;
        topics: Vec<OffsetCommitResponseTopic>;
    }
    OffsetCommitResponseTopic {
        name: Str, until 9, ignorable;
        topic_id: Uuid, since 10, ignorable;
        partitions: Vec<OffsetCommitResponsePartition>;
    }
    OffsetCommitResponsePartition {
        partition_index: i32;
        error_code: i16;
    }
}
