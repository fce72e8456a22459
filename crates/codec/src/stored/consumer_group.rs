//! Consumer groups (KIP-848) in `__consumer_offsets`.

use bytes::Bytes;
use stream_types::Uuid;

use crate::stored::coordinator::coordinator_keys;
use crate::{Str, messages};

messages! {
    /// A consumer group.
    ConsumerGroupMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// The epoch of a consumer group.
    ConsumerGroupMetadataValue, versions 0..=0, flexible 0 {
        epoch: i32;
        @0 metadata_hash: i64;
    }

    /// The topics that a consumer group has seen.
    ConsumerGroupPartitionMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// Partition counts of those topics.
    ConsumerGroupPartitionMetadataValue, versions 0..=0, flexible 0 {
        topics: Vec<TopicMetadata>;
    }
    TopicMetadata {
        topic_id: Uuid;
        topic_name: Str;
        num_partitions: i32;
        partition_metadata: Vec<PartitionMetadata>;
    }
    PartitionMetadata {
        partition: i32;
        racks: Vec<Str>;
    }

    /// A member of a consumer group.
    ConsumerGroupMemberMetadataKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// What the member subscribed to.
    ConsumerGroupMemberMetadataValue, versions 0..=0, flexible 0 {
        instance_id: Option<Str> = Some(Str::EMPTY);
        rack_id: Option<Str> = Some(Str::EMPTY);
        client_id: Str;
        client_host: Str;
        subscribed_topic_names: Vec<Str>;
        subscribed_topic_regex: Option<Str> = Some(Str::EMPTY);
        rebalance_timeout_ms: i32 = -1;
        server_assignor: Option<Str> = Some(Str::EMPTY);
        @0 classic_member_metadata: Option<ClassicMemberMetadata> = Some(ClassicMemberMetadata::default());
    }
    ClassicMemberMetadata {
        session_timeout_ms: i32;
        supported_protocols: Vec<ClassicProtocol>;
    }
    ClassicProtocol {
        name: Str;
        metadata: Bytes;
    }

    /// The target assignment of a consumer group.
    ConsumerGroupTargetAssignmentMetadataKey, versions 0..=0 {
        group_id: Str;
    }

    /// The epoch of the target assignment.
    ConsumerGroupTargetAssignmentMetadataValue, versions 0..=0, flexible 0 {
        assignment_epoch: i32;
        @0 assignment_timestamp: i64;
    }

    /// A member's part of the target assignment.
    ConsumerGroupTargetAssignmentMemberKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// The partitions meant for the member.
    ConsumerGroupTargetAssignmentMemberValue, versions 0..=0, flexible 0 {
        topic_partitions: Vec<TopicPartition>;
    }
    TopicPartition {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// What a member has now.
    ConsumerGroupCurrentMemberAssignmentKey, versions 0..=0 {
        group_id: Str;
        member_id: Str;
    }

    /// Its epoch, its partitions, and those it shall give back.
    ConsumerGroupCurrentMemberAssignmentValue, versions 0..=0, flexible 0 {
        member_epoch: i32;
        previous_member_epoch: i32;
        state: i8;
        assigned_partitions: Vec<TopicPartitions>;
        partitions_pending_revocation: Vec<TopicPartitions>;
    }
    TopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
        @0 assignment_epochs: Option<Vec<i32>> = Some(vec![]);
    }

    /// A regular expression that a group subscribed to.
    ConsumerGroupRegularExpressionKey, versions 0..=0 {
        group_id: Str;
        regular_expression: Str;
    }

    /// The topics it matched.
    ConsumerGroupRegularExpressionValue, versions 0..=0, flexible 0 {
        topics: Vec<Str>;
        version: i64;
        timestamp: i64;
    }
}

coordinator_keys! {
    3 ConsumerGroupMetadataKey => ConsumerGroupMetadataValue;
    4 ConsumerGroupPartitionMetadataKey => ConsumerGroupPartitionMetadataValue;
    5 ConsumerGroupMemberMetadataKey => ConsumerGroupMemberMetadataValue;
    6 ConsumerGroupTargetAssignmentMetadataKey => ConsumerGroupTargetAssignmentMetadataValue;
    7 ConsumerGroupTargetAssignmentMemberKey => ConsumerGroupTargetAssignmentMemberValue;
    8 ConsumerGroupCurrentMemberAssignmentKey => ConsumerGroupCurrentMemberAssignmentValue;
    16 ConsumerGroupRegularExpressionKey => ConsumerGroupRegularExpressionValue;
}
