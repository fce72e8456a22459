//! Control records: transaction markers, and what Raft writes into the metadata log. The key of each is a
//! [`ControlRecordTypeSchema`] behind its version.

use stream_types::Uuid;

use crate::{Str, messages};

messages! {
    /// The key of a control record.
    ControlRecordTypeSchema, versions 0..=0 {
        r#type: i16;
    }

    /// A transaction ended in this partition (key types 0 abort and 1 commit; KIP-98).
    EndTxnMarker, versions 0..=0 {
        coordinator_epoch: i32;
    }

    /// A leader of the quorum was elected (key type 2; KIP-595).
    LeaderChangeMessage, versions 0..=1, flexible 0 {
        version: i16;
        leader_id: i32;
        voters: Vec<Voter>;
        granting_voters: Vec<Voter>;
    }
    Voter {
        voter_id: i32;
        voter_directory_id: Uuid, since 1;
    }

    /// A snapshot starts (key type 3; KIP-630).
    SnapshotHeaderRecord, versions 0..=0, flexible 0 {
        version: i16;
        last_contained_log_timestamp: i64;
    }

    /// A snapshot ends (key type 4; KIP-630).
    SnapshotFooterRecord, versions 0..=0, flexible 0 {
        version: i16;
    }

    /// The version of the quorum's protocol (key type 5; KIP-853).
    KRaftVersionRecord, versions 0..=0, flexible 0 {
        version: i16;
        k_raft_version: i16;
    }

    /// The voters of the quorum (key type 6; KIP-853).
    VotersRecord, versions 0..=0, flexible 0 {
        version: i16;
        voters: Vec<QuorumVoter>;
    }
    QuorumVoter {
        voter_id: i32;
        voter_directory_id: Uuid;
        endpoints: Vec<VoterEndpoint>;
        k_raft_version_feature: KRaftVersionFeature;
    }
    VoterEndpoint {
        name: Str;
        host: Str;
        port: u16;
    }
    KRaftVersionFeature {
        min_supported_version: i16;
        max_supported_version: i16;
    }
}
