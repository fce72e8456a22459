//! ShareFetch (key 78): acquires and acknowledges records of share partitions (KIP-932).

use stream_codec::{Records, Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ShareFetch: ShareFetchRequest => ShareFetchResponse);

messages! {
    /// Request of ShareFetch.
    ShareFetchRequest, versions 1..=2, flexible 0 {
        group_id: Option<Str>;
        member_id: Option<Str> = Some(Str::EMPTY);
        share_session_epoch: i32;
        max_wait_ms: i32;
        min_bytes: i32;
        max_bytes: i32 = i32::MAX;
        max_records: i32;
        batch_size: i32;
        share_acquire_mode: i8, since 2, ignorable;
        is_renew_ack: bool, since 2;
        topics: Vec<FetchTopic>;
        forgotten_topics_data: Vec<ForgottenTopic>;
    }
    FetchTopic {
        topic_id: Uuid;
        partitions: Vec<FetchPartition>;
    }
    FetchPartition {
        partition_index: i32;
        acknowledgement_batches: Vec<AcknowledgementBatch>;
    }
    AcknowledgementBatch {
        first_offset: i64;
        last_offset: i64;
        acknowledge_types: Vec<i8>;
    }
    ForgottenTopic {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// Response of ShareFetch.
    ShareFetchResponse, versions 1..=2, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str>;
        acquisition_lock_timeout_ms: i32;
        responses: Vec<ShareFetchableTopicResponse>;
        node_endpoints: Vec<NodeEndpoint>;
    }
    ShareFetchableTopicResponse {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition_index: i32;
        error_code: i16;
        error_message: Option<Str>;
        acknowledge_error_code: i16;
        acknowledge_error_message: Option<Str>;
        current_leader: LeaderIdAndEpoch;
        records: Records;
        acquired_records: Vec<AcquiredRecords>;
    }
    LeaderIdAndEpoch {
        leader_id: i32;
        leader_epoch: i32;
    }
    AcquiredRecords {
        first_offset: i64;
        last_offset: i64;
        delivery_count: i16;
    }
    NodeEndpoint {
        node_id: i32;
        host: Str;
        port: i32;
        rack: Option<Str>;
    }
}
