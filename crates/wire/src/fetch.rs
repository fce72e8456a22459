//! Fetch (key 1): reads record batches from partitions, for consumers and followers (sessions:
//! KIP-227; topic ids: KIP-516).

use stream_codec::{Records, Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(Fetch: FetchRequest => FetchResponse);

messages! {
    /// Request of Fetch.
    FetchRequest, versions 4..=18, flexible 12 {
        replica_id: i32 = -1, until 14;
        max_wait_ms: i32;
        min_bytes: i32;
        max_bytes: i32 = i32::MAX;
        isolation_level: i8;
        session_id: i32, since 7, ignorable;
        session_epoch: i32 = -1, since 7, ignorable;
        topics: Vec<FetchTopic>;
        forgotten_topics_data: Vec<ForgottenTopic>, since 7;
        rack_id: Str, since 11, ignorable;
        @0 cluster_id: Option<Str>, since 12, ignorable;
        @1 replica_state: ReplicaState, since 15;
    }
    ReplicaState {
        replica_id: i32 = -1;
        replica_epoch: i64 = -1;
    }
    FetchTopic {
        topic: Str, until 12, ignorable;
        topic_id: Uuid, since 13, ignorable;
        partitions: Vec<FetchPartition>;
    }
    FetchPartition {
        partition: i32;
        current_leader_epoch: i32 = -1, since 9, ignorable;
        fetch_offset: i64;
        last_fetched_epoch: i32 = -1, since 12;
        log_start_offset: i64 = -1, since 5, ignorable;
        partition_max_bytes: i32;
        @0 replica_directory_id: Uuid, since 17, ignorable;
        @1 high_watermark: i64 = i64::MAX, since 18, ignorable;
    }
    ForgottenTopic {
        topic: Str, until 12, ignorable;
        topic_id: Uuid, since 13, ignorable;
        partitions: Vec<i32>;
    }

    /// Response of Fetch.
    FetchResponse, versions 4..=18, flexible 12 {
        throttle_time_ms: i32;
        error_code: i16, since 7, ignorable;
        session_id: i32, since 7;
        responses: Vec<FetchableTopicResponse>;
        @0 node_endpoints: Vec<NodeEndpoint>, since 16;
    }
    FetchableTopicResponse {
        topic: Str, until 12, ignorable;
        topic_id: Uuid, since 13, ignorable;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition_index: i32;
        error_code: i16;
        high_watermark: i64;
        last_stable_offset: i64 = -1;
        log_start_offset: i64 = -1, since 5, ignorable;
        aborted_transactions: Option<Vec<AbortedTransaction>> = Some(vec![]);
        preferred_read_replica: i32 = -1, since 11;
        records: Option<Records> = Some(Records::empty());
        @0 diverging_epoch: EpochEndOffset, since 12;
        @1 current_leader: LeaderIdAndEpoch, since 12;
        @2 snapshot_id: SnapshotId, since 12;
    }
    EpochEndOffset {
        epoch: i32 = -1;
        end_offset: i64 = -1;
    }
    LeaderIdAndEpoch {
        leader_id: i32 = -1;
        leader_epoch: i32 = -1;
    }
    SnapshotId {
        end_offset: i64 = -1;
        epoch: i32 = -1;
    }
    AbortedTransaction {
        producer_id: i64;
        first_offset: i64;
    }
    NodeEndpoint {
        node_id: i32;
        host: Str;
        port: i32;
        rack: Option<Str>;
    }
}
