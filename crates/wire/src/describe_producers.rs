//! DescribeProducers (key 61): active producers of partitions (KIP-664).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeProducers: DescribeProducersRequest => DescribeProducersResponse);

messages! {
    /// Request of DescribeProducers.
    DescribeProducersRequest, versions 0..=0, flexible 0 {
        topics: Vec<TopicRequest>;
    }
    TopicRequest {
        name: Str;
        partition_indexes: Vec<i32>;
    }

    /// Response of DescribeProducers.
    DescribeProducersResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        topics: Vec<TopicResponse>;
    }
    TopicResponse {
        name: Str;
        partitions: Vec<PartitionResponse>;
    }
    PartitionResponse {
        partition_index: i32;
        error_code: i16;
        error_message: Option<Str>;
        active_producers: Vec<ProducerState>;
    }
    ProducerState {
        producer_id: i64;
        producer_epoch: i32;
        last_sequence: i32 = -1;
        last_timestamp: i64 = -1;
        coordinator_epoch: i32;
        current_txn_start_offset: i64 = -1;
    }
}
