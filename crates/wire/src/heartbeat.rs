//! Heartbeat (key 12): keeps a member of a classic group alive and tells it of rebalances.

use stream_codec::{Str, messages};

use crate::api::request;

request!(Heartbeat: HeartbeatRequest => HeartbeatResponse);

messages! {
    /// Request of Heartbeat.
    HeartbeatRequest, versions 0..=4, flexible 4 {
        group_id: Str;
        generation_id: i32;
        member_id: Str;
        group_instance_id: Option<Str>, since 3;
    }

    /// Response of Heartbeat.
    HeartbeatResponse, versions 0..=4, flexible 4 {
        throttle_time_ms: i32, since 1, ignorable;
        error_code: i16;
    }
}
