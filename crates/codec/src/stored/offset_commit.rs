//! Committed offsets in `__consumer_offsets`.

use stream_types::Uuid;

use crate::stored::coordinator::coordinator_keys;
use crate::{Str, messages};

messages! {
    /// Group, topic and partition of a committed offset.
    OffsetCommitKey, versions 0..=0 {
        group: Str;
        topic: Str;
        partition: i32;
    }

    /// A committed offset.
    OffsetCommitValue, versions 0..=4, flexible 4 {
        offset: i64;
        leader_epoch: i32 = -1, since 3, ignorable;
        metadata: Str;
        commit_timestamp: i64;
        expire_timestamp: i64 = -1, since 1, until 1, ignorable;
        @0 topic_id: Uuid, since 4, ignorable;
    }

    /// The key under the number that old versions of Kafka gave it.
    LegacyOffsetCommitKey, versions 0..=0 {
        group: Str;
        topic: Str;
        partition: i32;
    }

    /// What such a version stored.
    LegacyOffsetCommitValue, versions 0..=0 {
        offset: i64;
        metadata: Str;
        commit_timestamp: i64;
    }
}

coordinator_keys! {
    1 OffsetCommitKey => OffsetCommitValue;
    0 LegacyOffsetCommitKey => LegacyOffsetCommitValue;
}
