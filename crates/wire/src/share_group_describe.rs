//! ShareGroupDescribe (key 77): state, members and assignments of share groups (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ShareGroupDescribe: ShareGroupDescribeRequest => ShareGroupDescribeResponse);

messages! {
    /// Request of ShareGroupDescribe.
    ShareGroupDescribeRequest, versions 1..=1, flexible 0 {
        group_ids: Vec<Str>;
        include_authorized_operations: bool;
    }

    /// Response of ShareGroupDescribe.
    ShareGroupDescribeResponse, versions 1..=1, flexible 0 {
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
        rack_id: Option<Str>;
        member_epoch: i32;
        client_id: Str;
        client_host: Str;
        subscribed_topic_names: Vec<Str>;
        assignment: Assignment;
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
