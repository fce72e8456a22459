//! AddRaftVoter (key 80): adds a voter to the metadata quorum (KIP-853).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(AddRaftVoter: AddRaftVoterRequest => AddRaftVoterResponse);

messages! {
    /// Request of AddRaftVoter.
    AddRaftVoterRequest, versions 0..=1, flexible 0 {
        cluster_id: Option<Str> = Some(Str::EMPTY);
        timeout_ms: i32;
        voter_id: i32;
        voter_directory_id: Uuid;
        listeners: Vec<Listener>;
        ack_when_committed: bool = true, since 1;
    }
    Listener {
        name: Str;
        host: Str;
        port: u16;
    }

    /// Response of AddRaftVoter.
    AddRaftVoterResponse, versions 0..=1, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
