//! DescribeGroups (key 15): state and members of classic groups.

use bytes::Bytes;
use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeGroups: DescribeGroupsRequest => DescribeGroupsResponse);

messages! {
    /// Request of DescribeGroups.
    DescribeGroupsRequest, versions 0..=6, flexible 5 {
        groups: Vec<Str>;
        include_authorized_operations: bool, since 3;
    }

    /// Response of DescribeGroups.
    DescribeGroupsResponse, versions 0..=6, flexible 5 {
        throttle_time_ms: i32, since 1, ignorable;
        groups: Vec<DescribedGroup>;
    }
    DescribedGroup {
        error_code: i16;
        error_message: Option<Str>, since 6;
        group_id: Str;
        group_state: Str;
        protocol_type: Str;
        protocol_data: Str;
        members: Vec<DescribedGroupMember>;
        authorized_operations: i32 = i32::MIN, since 3;
    }
    DescribedGroupMember {
        member_id: Str;
        group_instance_id: Option<Str>, since 4, ignorable;
        client_id: Str;
        client_host: Str;
        member_metadata: Bytes;
        member_assignment: Bytes;
    }
}
