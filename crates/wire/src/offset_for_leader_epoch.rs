//! OffsetForLeaderEpoch (key 23): the end offset of a leader epoch, to find where logs diverge
//! (KIP-101, KIP-320).

use stream_codec::{Str, messages};

use crate::api::request;

request!(OffsetForLeaderEpoch: OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse);

messages! {
    /// Request of OffsetForLeaderEpoch.
    OffsetForLeaderEpochRequest, versions 2..=4, flexible 4 {
        replica_id: i32 = -2, since 3, ignorable;
        topics: Vec<OffsetForLeaderTopic>;
    }
    OffsetForLeaderTopic {
        topic: Str;
        partitions: Vec<OffsetForLeaderPartition>;
    }
    OffsetForLeaderPartition {
        partition: i32;
        current_leader_epoch: i32 = -1;
        leader_epoch: i32;
    }

    /// Response of OffsetForLeaderEpoch.
    OffsetForLeaderEpochResponse, versions 2..=4, flexible 4 {
        throttle_time_ms: i32;
        topics: Vec<OffsetForLeaderTopicResult>;
    }
    OffsetForLeaderTopicResult {
        topic: Str;
        partitions: Vec<EpochEndOffset>;
    }
    EpochEndOffset {
        error_code: i16;
        partition: i32;
        leader_epoch: i32 = -1;
        end_offset: i64 = -1;
    }
}
