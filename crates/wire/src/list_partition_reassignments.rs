//! ListPartitionReassignments (key 46): the moves of replicas that are going on (KIP-455).

use stream_codec::{Str, messages};

use crate::api::request;

request!(ListPartitionReassignments: ListPartitionReassignmentsRequest => ListPartitionReassignmentsResponse);

messages! {
    /// Request of ListPartitionReassignments.
    ListPartitionReassignmentsRequest, versions 0..=0, flexible 0 {
        timeout_ms: i32 = 60000;
        topics: Option<Vec<ListPartitionReassignmentsTopics>>;
    }
    ListPartitionReassignmentsTopics {
        name: Str;
        partition_indexes: Vec<i32>;
    }

    /// Response of ListPartitionReassignments.
    ListPartitionReassignmentsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        topics: Vec<OngoingTopicReassignment>;
    }
    OngoingTopicReassignment {
        name: Str;
        partitions: Vec<OngoingPartitionReassignment>;
    }
    OngoingPartitionReassignment {
        partition_index: i32;
        replicas: Vec<i32>;
        adding_replicas: Vec<i32>;
        removing_replicas: Vec<i32>;
    }
}
