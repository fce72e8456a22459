//! CreateTopics (key 19): creates topics, or with `validate_only` says whether it could (KIP-4).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(CreateTopics: CreateTopicsRequest => CreateTopicsResponse);

messages! {
    /// Request of CreateTopics.
    CreateTopicsRequest, versions 2..=7, flexible 5 {
        topics: Vec<CreatableTopic>;
        timeout_ms: i32 = 60000;
        validate_only: bool;
    }
    CreatableTopic {
        name: Str;
        num_partitions: i32;
        replication_factor: i16;
        assignments: Vec<CreatableReplicaAssignment>;
        configs: Vec<CreatableTopicConfig>;
    }
    CreatableReplicaAssignment {
        partition_index: i32;
        broker_ids: Vec<i32>;
    }
    CreatableTopicConfig {
        name: Str;
        value: Option<Str> = Some(Str::EMPTY);
    }

    /// Response of CreateTopics.
    CreateTopicsResponse, versions 2..=7, flexible 5 {
        throttle_time_ms: i32;
        topics: Vec<CreatableTopicResult>;
    }
    CreatableTopicResult {
        name: Str;
        topic_id: Uuid, since 7, ignorable;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        num_partitions: i32 = -1, since 5, ignorable;
        replication_factor: i16 = -1, since 5, ignorable;
        configs: Option<Vec<CreatableTopicConfigs>> = Some(vec![]), since 5, ignorable;
        @0 topic_config_error_code: i16, since 5, ignorable;
    }
    CreatableTopicConfigs {
        name: Str;
        value: Option<Str> = Some(Str::EMPTY);
        read_only: bool;
        config_source: i8 = -1;
        is_sensitive: bool;
    }
}
