//! AlterPartition (key 56): a leader asks the controller to change the in-sync replicas (KIP-497).

use stream_codec::messages;
use stream_types::Uuid;

use crate::api::request;

request!(AlterPartition: AlterPartitionRequest => AlterPartitionResponse);

messages! {
    /// Request of AlterPartition.
    AlterPartitionRequest, versions 2..=3, flexible 0 {
        broker_id: i32;
        broker_epoch: i64 = -1;
        topics: Vec<RequestTopicData>;
    }
    RequestTopicData {
        topic_id: Uuid;
        partitions: Vec<RequestPartitionData>;
    }
    RequestPartitionData {
        partition_index: i32;
        leader_epoch: i32;
        new_isr: Vec<i32>, until 2;
        new_isr_with_epochs: Vec<BrokerState>, since 3;
        leader_recovery_state: i8;
        partition_epoch: i32;
    }
    BrokerState {
        broker_id: i32;
        broker_epoch: i64 = -1;
    }

    /// Response of AlterPartition.
    AlterPartitionResponse, versions 2..=3, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        topics: Vec<ResponseTopicData>;
    }
    ResponseTopicData {
        topic_id: Uuid;
        partitions: Vec<ResponsePartitionData>;
    }
    ResponsePartitionData {
        partition_index: i32;
        error_code: i16;
        leader_id: i32;
        leader_epoch: i32;
        isr: Vec<i32>;
        leader_recovery_state: i8;
        partition_epoch: i32;
    }
}
