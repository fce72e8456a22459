//! RemoveRaftVoter (key 81): removes a voter from the metadata quorum (KIP-853).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(RemoveRaftVoter: RemoveRaftVoterRequest => RemoveRaftVoterResponse);

messages! {
    /// Request of RemoveRaftVoter.
    RemoveRaftVoterRequest, versions 0..=0, flexible 0 {
        cluster_id: Option<Str> = Some(Str::EMPTY);
        voter_id: i32;
        voter_directory_id: Uuid;
    }

    /// Response of RemoveRaftVoter.
    RemoveRaftVoterResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
