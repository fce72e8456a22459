//! FetchSnapshot (key 59): reads a snapshot of Kafka's own metadata log (KIP-630).

use stream_codec::{Records, Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(FetchSnapshot: FetchSnapshotRequest => FetchSnapshotResponse);

messages! {
    /// Request of FetchSnapshot.
    FetchSnapshotRequest, versions 0..=1, flexible 0 {
        replica_id: i32 = -1;
        max_bytes: i32 = i32::MAX;
        topics: Vec<RequestTopicSnapshot>;
        @0 cluster_id: Option<Str>;
    }
    RequestTopicSnapshot {
        name: Str;
        partitions: Vec<RequestPartitionSnapshot>;
    }
    RequestPartitionSnapshot {
        partition: i32;
        current_leader_epoch: i32;
        snapshot_id: SnapshotId;
        position: i64;
        @0 replica_directory_id: Uuid, since 1, ignorable;
    }
    SnapshotId {
        end_offset: i64;
        epoch: i32;
    }

    /// Response of FetchSnapshot.
    FetchSnapshotResponse, versions 0..=1, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        topics: Vec<ResponseTopicSnapshot>;
        @0 node_endpoints: Vec<NodeEndpoint>, since 1;
    }
    ResponseTopicSnapshot {
        name: Str;
        partitions: Vec<ResponsePartitionSnapshot>;
    }
    ResponsePartitionSnapshot {
        index: i32;
        error_code: i16;
        snapshot_id: SnapshotId;
        size: i64;
        position: i64;
        unaligned_records: Records;
        @0 current_leader: LeaderIdAndEpoch;
    }
    LeaderIdAndEpoch {
        leader_id: i32;
        leader_epoch: i32;
    }
    NodeEndpoint {
        node_id: i32;
        host: Str;
        port: u16;
    }
}
