//! ConsumerGroupDescribe (key 69): state, members and assignments of consumer groups (KIP-848).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ConsumerGroupDescribe: ConsumerGroupDescribeRequest => ConsumerGroupDescribeResponse);

messages! {
    /// Request of ConsumerGroupDescribe.
    ConsumerGroupDescribeRequest, versions 0..=1, flexible 0 {
        group_ids: Vec<Str>;
        include_authorized_operations: bool;
    }

    /// Response of ConsumerGroupDescribe.
    ConsumerGroupDescribeResponse, versions 0..=1, flexible 0 {
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
        assignor_name: Str;
        members: Vec<Member>;
        authorized_operations: i32 = i32::MIN;
    }
    Member {
        member_id: Str;
        instance_id: Option<Str>;
        rack_id: Option<Str>;
        member_epoch: i32;
        client_id: Str;
        client_host: Str;
        subscribed_topic_names: Vec<Str>;
        subscribed_topic_regex: Option<Str>;
        assignment: Assignment;
        target_assignment: Assignment;
        member_type: i8 = -1, since 1, ignorable;
    }
    Assignment {
        topic_partitions: Vec<TopicPartitions>;
    }
    TopicPartitions {
        topic_id: Uuid;
        topic_name: Str;
        partitions: Vec<i32>;
    }
}
