//! Produce (key 0): appends record batches to partitions.

use stream_codec::{Records, Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(Produce: ProduceRequest => ProduceResponse);

messages! {
    /// Request of Produce.
    ProduceRequest, versions 3..=13, flexible 9 {
        transactional_id: Option<Str>;
        acks: i16;
        timeout_ms: i32;
        topic_data: Vec<TopicProduceData>;
    }
    TopicProduceData {
        name: Str, until 12, ignorable;
        topic_id: Uuid, since 13, ignorable;
        partition_data: Vec<PartitionProduceData>;
    }
    PartitionProduceData {
        index: i32;
        records: Option<Records> = Some(Records::empty());
    }

    /// Response of Produce.
    ProduceResponse, versions 3..=13, flexible 9 {
        responses: Vec<TopicProduceResponse>;
        throttle_time_ms: i32;
        @0 node_endpoints: Vec<NodeEndpoint>, since 10;
    }
    TopicProduceResponse {
        name: Str, until 12, ignorable;
        topic_id: Uuid, since 13, ignorable;
        partition_responses: Vec<PartitionProduceResponse>;
    }
    PartitionProduceResponse {
        index: i32;
        error_code: i16;
        base_offset: i64;
        log_append_time_ms: i64 = -1;
        log_start_offset: i64 = -1, since 5, ignorable;
        record_errors: Vec<BatchIndexAndErrorMessage>, since 8, ignorable;
        error_message: Option<Str>, since 8, ignorable;
        @0 current_leader: LeaderIdAndEpoch, since 10;
    }
    BatchIndexAndErrorMessage {
        batch_index: i32;
        batch_index_error_message: Option<Str>;
    }
    LeaderIdAndEpoch {
        leader_id: i32 = -1;
        leader_epoch: i32 = -1;
    }
    NodeEndpoint {
        node_id: i32;
        host: Str;
        port: i32;
        rack: Option<Str>;
    }
}
