//! SyncGroup (key 14): hands the leader's assignment to the members of a classic group.

use bytes::Bytes;
use stream_codec::{Str, messages};

use crate::api::request;

request!(SyncGroup: SyncGroupRequest => SyncGroupResponse);

messages! {
    /// Request of SyncGroup.
    SyncGroupRequest, versions 0..=5, flexible 4 {
        group_id: Str;
        generation_id: i32;
        member_id: Str;
        group_instance_id: Option<Str>, since 3;
        protocol_type: Option<Str>, since 5, ignorable;
        protocol_name: Option<Str>, since 5, ignorable;
        assignments: Vec<SyncGroupRequestAssignment>;
    }
    SyncGroupRequestAssignment {
        member_id: Str;
        assignment: Bytes;
    }

    /// Response of SyncGroup.
    SyncGroupResponse, versions 0..=5, flexible 4 {
        throttle_time_ms: i32, since 1, ignorable;
        error_code: i16;
        protocol_type: Option<Str>, since 5, ignorable;
        protocol_name: Option<Str>, since 5, ignorable;
        assignment: Bytes;
    }
}
