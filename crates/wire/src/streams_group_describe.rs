//! StreamsGroupDescribe (key 89): state, topology and members of streams groups (KIP-1071).

use stream_codec::{Str, messages};

use crate::api::request;

request!(StreamsGroupDescribe: StreamsGroupDescribeRequest => StreamsGroupDescribeResponse);

messages! {
    /// Request of StreamsGroupDescribe.
    StreamsGroupDescribeRequest, versions 0..=0, flexible 0 {
        group_ids: Vec<Str>;
        include_authorized_operations: bool;
    }

    /// Response of StreamsGroupDescribe.
    StreamsGroupDescribeResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        groups: Vec<DescribedGroup>;
    }
    DescribedGroup {
        error_code: i16;
        error_message: Option<Str>;
        group_id: Str;
        group_state: Str;
        group_epoch: i32;
        assignment_epoch: i32;
        topology: Option<Topology>;
        members: Vec<Member>;
        authorized_operations: i32 = i32::MIN;
    }
    Topology {
        epoch: i32;
        subtopologies: Option<Vec<Subtopology>>;
    }
    Subtopology {
        subtopology_id: Str;
        source_topics: Vec<Str>;
        repartition_sink_topics: Vec<Str>;
        state_changelog_topics: Vec<TopicInfo>;
        repartition_source_topics: Vec<TopicInfo>;
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
    Member {
        member_id: Str;
        member_epoch: i32;
        instance_id: Option<Str>;
        rack_id: Option<Str>;
        client_id: Str;
        client_host: Str;
        topology_epoch: i32;
        process_id: Str;
        user_endpoint: Option<Endpoint>;
        client_tags: Vec<KeyValue>;
        task_offsets: Vec<TaskOffset>;
        task_end_offsets: Vec<TaskOffset>;
        assignment: Assignment;
        target_assignment: Assignment;
        is_classic: bool;
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
    Assignment {
        active_tasks: Vec<TaskIds>;
        standby_tasks: Vec<TaskIds>;
        warmup_tasks: Vec<TaskIds>;
    }
    TaskIds {
        subtopology_id: Str;
        partitions: Vec<i32>;
    }
}
