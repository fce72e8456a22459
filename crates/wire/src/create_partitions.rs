//! CreatePartitions (key 37): adds partitions to topics (KIP-195).

use stream_codec::{Str, messages};

use crate::api::request;

request!(CreatePartitions: CreatePartitionsRequest => CreatePartitionsResponse);

messages! {
    /// Request of CreatePartitions.
    CreatePartitionsRequest, versions 0..=3, flexible 2 {
        topics: Vec<CreatePartitionsTopic>;
        timeout_ms: i32;
        validate_only: bool;
    }
    CreatePartitionsTopic {
        name: Str;
        count: i32;
        assignments: Option<Vec<CreatePartitionsAssignment>> = Some(vec![]);
    }
    CreatePartitionsAssignment {
        broker_ids: Vec<i32>;
    }

    /// Response of CreatePartitions.
    CreatePartitionsResponse, versions 0..=3, flexible 2 {
        throttle_time_ms: i32;
        results: Vec<CreatePartitionsTopicResult>;
    }
    CreatePartitionsTopicResult {
        name: Str;
        error_code: i16;
        error_message: Option<Str>;
    }
}
