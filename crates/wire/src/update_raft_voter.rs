//! UpdateRaftVoter (key 82): a voter of Kafka's own quorum announces its endpoints (KIP-853).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(UpdateRaftVoter: UpdateRaftVoterRequest => UpdateRaftVoterResponse);

messages! {
    /// Request of UpdateRaftVoter.
    UpdateRaftVoterRequest, versions 0..=0, flexible 0 {
        cluster_id: Option<Str> = Some(Str::EMPTY);
        current_leader_epoch: i32;
        voter_id: i32;
        voter_directory_id: Uuid;
        listeners: Vec<Listener>;
        k_raft_version_feature: KRaftVersionFeature;
    }
    Listener {
        name: Str;
        host: Str;
        port: u16;
    }
    KRaftVersionFeature {
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// Response of UpdateRaftVoter.
    UpdateRaftVoterResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        @0 current_leader: CurrentLeader;
    }
    CurrentLeader {
        leader_id: i32 = -1;
        leader_epoch: i32 = -1;
        host: Str;
        port: i32;
    }
}
