//! Streams groups (KIP-1071) in `__consumer_offsets`.

use crate::stored::coordinator::coordinator_keys;
use crate::{Str, messages};

messages! {
    /// A streams group.
    StreamsGroupMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// The epoch of a streams group.
    StreamsGroupMetadataValue, versions 0..=0, flexible 0 {
        epoch: i32;
        metadata_hash: i64;
        @0 validated_topology_epoch: i32 = -1;
        @1 last_assignment_configs: Option<Vec<LastAssignmentConfig>> = Some(vec![]);
    }
    LastAssignmentConfig {
        key: Str;
        value: Str;
    }

    /// The topology of a streams group.
    StreamsGroupTopologyKey, versions 0..=0 {
        group_id: Str;
    }

    /// Its subtopologies.
    StreamsGroupTopologyValue, versions 0..=0, flexible 0 {
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
        topic_configs: Vec<TopicConfig>;
    }
    TopicConfig {
        key: Str;
        value: Str;
    }
    CopartitionGroup {
        source_topics: Vec<i16>;
        source_topic_regex: Vec<i16>;
        repartition_source_topics: Vec<i16>;
    }

    /// A member of a streams group.
    StreamsGroupMemberMetadataKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// What the member is.
    StreamsGroupMemberMetadataValue, versions 0..=0, flexible 0 {
        instance_id: Option<Str> = Some(Str::EMPTY);
        rack_id: Option<Str> = Some(Str::EMPTY);
        client_id: Str;
        client_host: Str;
        rebalance_timeout_ms: i32 = -1;
        topology_epoch: i32;
        process_id: Str;
        user_endpoint: Option<Endpoint>;
        client_tags: Vec<KeyValue>;
    }
    Endpoint {
        host: Str;
        port: u16;
    }
    KeyValue {
        key: Str;
        value: Str;
    }

    /// The target assignment of a streams group.
    StreamsGroupTargetAssignmentMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// The epoch of the target assignment.
    StreamsGroupTargetAssignmentMetadataValue, versions 0..=0, flexible 0 {
        assignment_epoch: i32;
        @0 assignment_timestamp: i64;
    }

    /// A member's part of the target assignment.
    StreamsGroupTargetAssignmentMemberKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// The tasks meant for the member.
    StreamsGroupTargetAssignmentMemberValue, versions 0..=0, flexible 0 {
        active_tasks: Vec<TaskIds>;
        standby_tasks: Vec<TaskIds>;
        warmup_tasks: Vec<TaskIds>;
    }
    TaskIds {
        subtopology_id: Str;
        partitions: Vec<i32>;
    }

    /// What a member has now.
    StreamsGroupCurrentMemberAssignmentKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// Its epoch and tasks.
    StreamsGroupCurrentMemberAssignmentValue, versions 0..=0, flexible 0 {
        member_epoch: i32;
        previous_member_epoch: i32;
        state: i8;
        active_tasks: Vec<CurrentTaskIds>;
        standby_tasks: Vec<CurrentTaskIds>;
        warmup_tasks: Vec<CurrentTaskIds>;
        active_tasks_pending_revocation: Vec<CurrentTaskIds>;
        standby_tasks_pending_revocation: Vec<CurrentTaskIds>;
        warmup_tasks_pending_revocation: Vec<CurrentTaskIds>;
    }
    CurrentTaskIds {
        subtopology_id: Str;
        partitions: Vec<i32>;
        @0 assignment_epochs: Option<Vec<i32>> = Some(vec![]);
    }
}

coordinator_keys! {
    17 StreamsGroupMetadataKey => StreamsGroupMetadataValue;
    23 StreamsGroupTopologyKey => StreamsGroupTopologyValue;
    19 StreamsGroupMemberMetadataKey => StreamsGroupMemberMetadataValue;
    20 StreamsGroupTargetAssignmentMetadataKey => StreamsGroupTargetAssignmentMetadataValue;
    21 StreamsGroupTargetAssignmentMemberKey => StreamsGroupTargetAssignmentMemberValue;
    22 StreamsGroupCurrentMemberAssignmentKey => StreamsGroupCurrentMemberAssignmentValue;
}
