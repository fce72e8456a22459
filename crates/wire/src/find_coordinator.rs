//! FindCoordinator (key 10): the broker that coordinates a group, a transactional id or a share
//! partition (batches: KIP-699).

use stream_codec::{Str, messages};

use crate::api::request;

request!(FindCoordinator: FindCoordinatorRequest => FindCoordinatorResponse);

messages! {
    /// Request of FindCoordinator.
    FindCoordinatorRequest, versions 0..=6, flexible 3 {
        key: Str, until 3;
        key_type: i8, since 1;
        coordinator_keys: Vec<Str>, since 4;
    }

    /// Response of FindCoordinator.
    FindCoordinatorResponse, versions 0..=6, flexible 3 {
        throttle_time_ms: i32, since 1, ignorable;
        error_code: i16, until 3;
        error_message: Option<Str> = Some(Str::EMPTY), since 1, until 3, ignorable;
        node_id: i32, until 3;
        host: Str, until 3;
        port: i32, until 3;
        coordinators: Vec<Coordinator>, since 4;
    }
    Coordinator {
        key: Str;
        node_id: i32;
        host: Str;
        port: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
