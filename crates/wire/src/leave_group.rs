//! LeaveGroup (key 13): removes members from a classic group (batches: KIP-345).

use stream_codec::{Str, messages};

use crate::api::request;

request!(LeaveGroup: LeaveGroupRequest => LeaveGroupResponse);

messages! {
    /// Request of LeaveGroup.
    LeaveGroupRequest, versions 0..=5, flexible 4 {
        group_id: Str;
        member_id: Str, until 2;
        members: Vec<MemberIdentity>, since 3;
    }
    MemberIdentity {
        member_id: Str;
        group_instance_id: Option<Str>;
        reason: Option<Str>, since 5, ignorable;
    }

    /// Response of LeaveGroup.
    LeaveGroupResponse, versions 0..=5, flexible 4 {
        throttle_time_ms: i32, since 1, ignorable;
        error_code: i16;
        members: Vec<MemberResponse>, since 3;
    }
    MemberResponse {
        member_id: Str;
        group_instance_id: Option<Str> = Some(Str::EMPTY);
        error_code: i16;
    }
}
