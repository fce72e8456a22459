//! AlterReplicaLogDirs (key 34): moves replicas between the log directories of a broker (KIP-113).

use stream_codec::{Str, messages};

use crate::api::request;

request!(AlterReplicaLogDirs: AlterReplicaLogDirsRequest => AlterReplicaLogDirsResponse);

messages! {
    /// Request of AlterReplicaLogDirs.
    AlterReplicaLogDirsRequest, versions 1..=2, flexible 2 {
        dirs: Vec<AlterReplicaLogDir>;
    }
    AlterReplicaLogDir {
        path: Str;
        topics: Vec<AlterReplicaLogDirTopic>;
    }
    AlterReplicaLogDirTopic {
        name: Str;
        partitions: Vec<i32>;
    }

    /// Response of AlterReplicaLogDirs.
    AlterReplicaLogDirsResponse, versions 1..=2, flexible 2 {
        throttle_time_ms: i32;
        results: Vec<AlterReplicaLogDirTopicResult>;
    }
    AlterReplicaLogDirTopicResult {
        topic_name: Str;
        partitions: Vec<AlterReplicaLogDirPartitionResult>;
    }
    AlterReplicaLogDirPartitionResult {
        partition_index: i32;
        error_code: i16;
    }
}
