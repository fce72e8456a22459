//! Share groups (KIP-932) in `__consumer_offsets`.

use stream_types::Uuid;

use crate::stored::coordinator::coordinator_keys;
use crate::{Str, messages};

messages! {
    /// A share group.
    ShareGroupMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// The epoch of a share group.
    ShareGroupMetadataValue, versions 0..=0, flexible 0 {
        epoch: i32;
        metadata_hash: i64;
    }

    /// A member of a share group.
    ShareGroupMemberMetadataKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// What the member subscribed to.
    ShareGroupMemberMetadataValue, versions 0..=0, flexible 0 {
        rack_id: Option<Str> = Some(Str::EMPTY);
        client_id: Str;
        client_host: Str;
        subscribed_topic_names: Vec<Str>;
    }

    /// The target assignment of a share group.
    ShareGroupTargetAssignmentMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// The epoch of the target assignment.
    ShareGroupTargetAssignmentMetadataValue, versions 0..=0, flexible 0 {
        assignment_epoch: i32;
        @0 assignment_timestamp: i64;
    }

    /// A member's part of the target assignment.
    ShareGroupTargetAssignmentMemberKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// The partitions meant for the member.
    ShareGroupTargetAssignmentMemberValue, versions 0..=0, flexible 0 {
        topic_partitions: Vec<TopicPartition>;
    }
    TopicPartition {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// What a member has now.
    ShareGroupCurrentMemberAssignmentKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// Its epoch and partitions.
    ShareGroupCurrentMemberAssignmentValue, versions 0..=0, flexible 0 {
        member_epoch: i32;
        previous_member_epoch: i32;
        state: i8;
        assigned_partitions: Vec<TopicPartitions>;
    }
    TopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// The share partitions of a group that have state.
    ShareGroupStatePartitionMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// Those set up, being set up and being deleted.
    ShareGroupStatePartitionMetadataValue, versions 0..=0, flexible 0 {
        initializing_topics: Vec<TopicPartitionsInfo>;
        initialized_topics: Vec<TopicPartitionsInfo>;
        deleting_topics: Vec<TopicInfo>;
    }
    TopicPartitionsInfo {
        topic_id: Uuid;
        topic_name: Str;
        partitions: Vec<i32>;
    }
    TopicInfo {
        topic_id: Uuid;
        topic_name: Str;
    }
}

coordinator_keys! {
    11 ShareGroupMetadataKey => ShareGroupMetadataValue;
    10 ShareGroupMemberMetadataKey => ShareGroupMemberMetadataValue;
    12 ShareGroupTargetAssignmentMetadataKey => ShareGroupTargetAssignmentMetadataValue;
    13 ShareGroupTargetAssignmentMemberKey => ShareGroupTargetAssignmentMemberValue;
    14 ShareGroupCurrentMemberAssignmentKey => ShareGroupCurrentMemberAssignmentValue;
    15 ShareGroupStatePartitionMetadataKey => ShareGroupStatePartitionMetadataValue;
}
