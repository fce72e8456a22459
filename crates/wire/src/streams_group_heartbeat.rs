//! StreamsGroupHeartbeat (key 88): the heartbeat of a member of a streams group (KIP-1071).

use stream_codec::{Str, messages};

use crate::api::request;

request!(StreamsGroupHeartbeat: StreamsGroupHeartbeatRequest => StreamsGroupHeartbeatResponse);

messages! {
    /// Request of StreamsGroupHeartbeat.
    StreamsGroupHeartbeatRequest, versions 0..=0, flexible 0 {
        group_id: Str;
        member_id: Str;
        member_epoch: i32;
        endpoint_information_epoch: i32;
        instance_id: Option<Str>;
        rack_id: Option<Str>;
        rebalance_timeout_ms: i32 = -1;
        topology: Option<Topology>;
        active_tasks: Option<Vec<TaskIds>>;
        standby_tasks: Option<Vec<TaskIds>>;
        warmup_tasks: Option<Vec<TaskIds>>;
        process_id: Option<Str>;
        user_endpoint: Option<Endpoint>;
        client_tags: Option<Vec<KeyValue>>;
        task_offsets: Option<Vec<TaskOffset>>;
        task_end_offsets: Option<Vec<TaskOffset>>;
        shutdown_application: bool;
    }
    Topology {
        epoch: i32;
        subtopologies: Vec<Subtopology>;
    }
    Subtopology {
        subtopology_id: Str;
        source_topics: Vec<Str>;
        source_topic_regex: Vec<Str>;
        state_changelog_topics: Vec<TopicInfo>;
        repartition_sink_topics: Vec<Str>;
        repartition_source_topics: Vec<TopicInfo>;
        copartition_groups: Vec<CopartitionGroup>;
    }
    TopicInfo {
        name: Str;
        partitions: i32;
        replication_factor: i16;
        topic_configs: Vec<KeyValue>;
    }
    KeyValue {
        key: Str;
        value: Str;
    }
    CopartitionGroup {
        source_topics: Vec<i16>;
        source_topic_regex: Vec<i16>;
        repartition_source_topics: Vec<i16>;
    }
    TaskIds {
        subtopology_id: Str;
        partitions: Vec<i32>;
    }
    Endpoint {
        host: Str;
        port: u16;
    }
    TaskOffset {
        subtopology_id: Str;
        partition: i32;
        offset: i64;
    }

    /// Response of StreamsGroupHeartbeat.
    StreamsGroupHeartbeatResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str>;
        member_id: Str;
        member_epoch: i32;
        heartbeat_interval_ms: i32;
        acceptable_recovery_lag: i32;
        task_offset_interval_ms: i32;
        status: Option<Vec<Status>> = Some(vec![]);
        active_tasks: Option<Vec<TaskIds>>;
        standby_tasks: Option<Vec<TaskIds>>;
        warmup_tasks: Option<Vec<TaskIds>>;
        endpoint_information_epoch: i32;
        partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>;
    }
    Status {
        status_code: i8;
        status_detail: Str;
    }
    EndpointToPartitions {
        user_endpoint: Endpoint;
        active_partitions: Vec<TopicPartition>;
        standby_partitions: Vec<TopicPartition>;
    }
    TopicPartition {
        topic: Str;
        partitions: Vec<i32>;
    }
}
