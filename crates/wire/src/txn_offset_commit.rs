//! TxnOffsetCommit (key 28): stores consumed offsets within a transaction (KIP-98, KIP-447).

use stream_codec::{Str, messages};

use crate::api::request;

request!(TxnOffsetCommit: TxnOffsetCommitRequest => TxnOffsetCommitResponse);

messages! {
    /// Request of TxnOffsetCommit.
    TxnOffsetCommitRequest, versions 0..=5, flexible 3 {
        transactional_id: Str;
        group_id: Str;
        producer_id: i64;
        producer_epoch: i16;
        generation_id: i32 = -1, since 3;
        member_id: Str, since 3;
        group_instance_id: Option<Str>, since 3;
        topics: Vec<TxnOffsetCommitRequestTopic>;
    }
    TxnOffsetCommitRequestTopic {
        name: Str;
        partitions: Vec<TxnOffsetCommitRequestPartition>;
    }
    TxnOffsetCommitRequestPartition {
        partition_index: i32;
        committed_offset: i64;
        committed_leader_epoch: i32 = -1, since 2, ignorable;
        committed_metadata: Option<Str> = Some(Str::EMPTY);
    }

    /// Response of TxnOffsetCommit.
    TxnOffsetCommitResponse, versions 0..=5, flexible 3 {
        throttle_time_ms: i32;
        topics: Vec<TxnOffsetCommitResponseTopic>;
    }
    TxnOffsetCommitResponseTopic {
        name: Str;
        partitions: Vec<TxnOffsetCommitResponsePartition>;
    }
    TxnOffsetCommitResponsePartition {
        partition_index: i32;
        error_code: i16;
    }
}
