//! JoinGroup (key 11): enters a classic group and waits for its next generation.

use bytes::Bytes;
use stream_codec::{Str, messages};

use crate::api::request;

request!(JoinGroup: JoinGroupRequest => JoinGroupResponse);

messages! {
    /// Request of JoinGroup.
    JoinGroupRequest, versions 0..=9, flexible 6 {
        group_id: Str;
        session_timeout_ms: i32;
        rebalance_timeout_ms: i32 = -1, since 1, ignorable;
        member_id: Str;
        group_instance_id: Option<Str>, since 5;
        protocol_type: Str;
        protocols: Vec<JoinGroupRequestProtocol>;
        reason: Option<Str>, since 8, ignorable;
    }
    JoinGroupRequestProtocol {
        name: Str;
        metadata: Bytes;
    }

    /// Response of JoinGroup.
    JoinGroupResponse, versions 0..=9, flexible 6 {
        throttle_time_ms: i32, since 2, ignorable;
        error_code: i16;
        generation_id: i32 = -1;
        protocol_type: Option<Str>, since 7, ignorable;
        protocol_name: Option<Str> = Some(Str::EMPTY), nullable 7;
        leader: Str;
        skip_assignment: bool, since 9;
        member_id: Str;
        members: Vec<JoinGroupResponseMember>;
    }
    JoinGroupResponseMember {
        member_id: Str;
        group_instance_id: Option<Str>, since 5, ignorable;
        metadata: Bytes;
    }
}
