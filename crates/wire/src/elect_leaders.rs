//! ElectLeaders (key 43): elects preferred, or unclean, leaders (KIP-460).

use stream_codec::{Str, messages};

use crate::api::request;

request!(ElectLeaders: ElectLeadersRequest => ElectLeadersResponse);

messages! {
    /// Request of ElectLeaders.
    ElectLeadersRequest, versions 0..=2, flexible 2 {
        election_type: i8, since 1;
        topic_partitions: Option<Vec<TopicPartitions>> = Some(vec![]);
        timeout_ms: i32 = 60000;
    }
    TopicPartitions {
        topic: Str;
        partitions: Vec<i32>;
    }

    /// Response of ElectLeaders.
    ElectLeadersResponse, versions 0..=2, flexible 2 {
        throttle_time_ms: i32;
        error_code: i16, since 1;
        replica_election_results: Vec<ReplicaElectionResult>;
    }
    ReplicaElectionResult {
        topic: Str;
        partition_result: Vec<PartitionResult>;
    }
    PartitionResult {
        partition_id: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
