//! DescribeTopicPartitions (key 75): topics with their partitions, in pages (KIP-966).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(DescribeTopicPartitions: DescribeTopicPartitionsRequest => DescribeTopicPartitionsResponse);

messages! {
    /// Request of DescribeTopicPartitions.
    DescribeTopicPartitionsRequest, versions 0..=0, flexible 0 {
        topics: Vec<TopicRequest>;
        response_partition_limit: i32 = 2000;
        cursor: Option<Cursor>;
    }
    TopicRequest {
        name: Str;
    }
    Cursor {
        topic_name: Str;
        partition_index: i32;
    }

    /// Response of DescribeTopicPartitions.
    DescribeTopicPartitionsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        topics: Vec<DescribeTopicPartitionsResponseTopic>;
        next_cursor: Option<Cursor>;
    }
    DescribeTopicPartitionsResponseTopic {
        error_code: i16;
        name: Option<Str> = Some(Str::EMPTY);
        topic_id: Uuid;
        is_internal: bool;
        partitions: Vec<DescribeTopicPartitionsResponsePartition>;
        topic_authorized_operations: i32 = i32::MIN;
    }
    DescribeTopicPartitionsResponsePartition {
        error_code: i16;
        partition_index: i32;
        leader_id: i32;
        leader_epoch: i32 = -1;
        replica_nodes: Vec<i32>;
        isr_nodes: Vec<i32>;
        eligible_leader_replicas: Option<Vec<i32>>;
        last_known_elr: Option<Vec<i32>>;
        offline_replicas: Vec<i32>;
    }
}
