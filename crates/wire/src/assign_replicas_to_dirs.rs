//! AssignReplicasToDirs (key 73): a broker tells the controller in which directories its replicas
//! lie (KIP-858).

use stream_codec::messages;
use stream_types::Uuid;

use crate::api::request;

request!(AssignReplicasToDirs: AssignReplicasToDirsRequest => AssignReplicasToDirsResponse);

messages! {
    /// Request of AssignReplicasToDirs.
    AssignReplicasToDirsRequest, versions 0..=0, flexible 0 {
        broker_id: i32;
        broker_epoch: i64 = -1;
        directories: Vec<RequestDirectoryData>;
    }
    RequestDirectoryData {
        id: Uuid;
        topics: Vec<RequestTopicData>;
    }
    RequestTopicData {
        topic_id: Uuid;
        partitions: Vec<RequestPartitionData>;
    }
    RequestPartitionData {
        partition_index: i32;
    }

    /// Response of AssignReplicasToDirs.
    AssignReplicasToDirsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        directories: Vec<ResponseDirectoryData>;
    }
    ResponseDirectoryData {
        id: Uuid;
        topics: Vec<ResponseTopicData>;
    }
    ResponseTopicData {
        topic_id: Uuid;
        partitions: Vec<ResponsePartitionData>;
    }
    ResponsePartitionData {
        partition_index: i32;
        error_code: i16;
    }
}
