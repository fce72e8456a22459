//! BrokerHeartbeat (key 63): a broker reports to the controller and learns whether it is fenced
//! (KIP-631).

use stream_codec::messages;
use stream_types::Uuid;

use crate::api::request;

request!(BrokerHeartbeat: BrokerHeartbeatRequest => BrokerHeartbeatResponse);

messages! {
    /// Request of BrokerHeartbeat.
    BrokerHeartbeatRequest, versions 0..=2, flexible 0 {
        broker_id: i32;
        broker_epoch: i64 = -1;
        current_metadata_offset: i64;
        want_fence: bool;
        want_shut_down: bool;
        @0 offline_log_dirs: Vec<Uuid>, since 1;
        @1 cordoned_log_dirs: Option<Vec<Uuid>>, since 2;
    }

    /// Response of BrokerHeartbeat.
    BrokerHeartbeatResponse, versions 0..=2, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        is_caught_up: bool;
        is_fenced: bool = true;
        should_shut_down: bool;
    }
}
