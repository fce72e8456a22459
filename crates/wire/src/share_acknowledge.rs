//! ShareAcknowledge (key 79): acknowledges records of share partitions (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ShareAcknowledge: ShareAcknowledgeRequest => ShareAcknowledgeResponse);

messages! {
    /// Request of ShareAcknowledge.
    ShareAcknowledgeRequest, versions 1..=2, flexible 0 {
        group_id: Option<Str>;
        member_id: Option<Str> = Some(Str::EMPTY);
        share_session_epoch: i32;
        is_renew_ack: bool, since 2;
        topics: Vec<AcknowledgeTopic>;
    }
    AcknowledgeTopic {
        topic_id: Uuid;
        partitions: Vec<AcknowledgePartition>;
    }
    AcknowledgePartition {
        partition_index: i32;
        acknowledgement_batches: Vec<AcknowledgementBatch>;
    }
    AcknowledgementBatch {
        first_offset: i64;
        last_offset: i64;
        acknowledge_types: Vec<i8>;
    }

    /// Response of ShareAcknowledge.
    ShareAcknowledgeResponse, versions 1..=2, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str>;
        acquisition_lock_timeout_ms: i32, since 2, ignorable;
        responses: Vec<ShareAcknowledgeTopicResponse>;
        node_endpoints: Vec<NodeEndpoint>;
    }
    ShareAcknowledgeTopicResponse {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }
    PartitionData {
        partition_index: i32;
        error_code: i16;
        error_message: Option<Str>;
        current_leader: LeaderIdAndEpoch;
    }
    LeaderIdAndEpoch {
        leader_id: i32;
        leader_epoch: i32;
    }
    NodeEndpoint {
        node_id: i32;
        host: Str;
        port: i32;
        rack: Option<Str>;
    }
}
