//! State of share partitions in `__share_group_state` (KIP-932).

use stream_types::Uuid;

use crate::stored::coordinator::coordinator_keys;
use crate::{Str, messages};

messages! {
    /// A share partition.
    ShareSnapshotKey, versions 0..=0 {
        group_id: Str;
        topic_id: Uuid;
        partition: i32;
    }

    /// Its whole state.
    ShareSnapshotValue, versions 0..=0, flexible 0 {
        snapshot_epoch: i32;
        state_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        create_timestamp: i64;
        write_timestamp: i64;
        state_batches: Vec<StateBatch>;
        @0 delivery_complete_count: i32 = -1;
    }
    StateBatch {
        first_offset: i64;
        last_offset: i64;
        delivery_state: i8;
        delivery_count: i16;
    }

    /// A share partition.
    ShareUpdateKey, versions 0..=0 {
        group_id: Str;
        topic_id: Uuid;
        partition: i32;
    }

    /// What has changed since the snapshot.
    ShareUpdateValue, versions 0..=0, flexible 0 {
        snapshot_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        state_batches: Vec<StateBatch>;
        @0 delivery_complete_count: i32 = -1;
    }
}

coordinator_keys! {
    0 ShareSnapshotKey => ShareSnapshotValue;
    1 ShareUpdateKey => ShareUpdateValue;
}
