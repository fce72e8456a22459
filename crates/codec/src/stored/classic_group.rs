//! Classic groups in `__consumer_offsets`.

use bytes::Bytes;

use crate::stored::coordinator::coordinator_keys;
use crate::{Str, messages};

messages! {
    /// A classic group.
    GroupMetadataKey, versions 0..=0 {
        group: Str;
    }

    /// Generation, protocol and members of a classic group.
    GroupMetadataValue, versions 0..=4, flexible 4 {
        protocol_type: Str;
        generation: i32;
        protocol: Option<Str> = Some(Str::EMPTY);
        leader: Option<Str> = Some(Str::EMPTY);
        current_state_timestamp: i64 = -1, since 2, ignorable;
        members: Vec<MemberMetadata>;
    }
    MemberMetadata {
        member_id: Str;
        group_instance_id: Option<Str>, since 3, ignorable;
        client_id: Str;
        client_host: Str;
        rebalance_timeout: i32 = -1, since 1, ignorable;
        session_timeout: i32;
        subscription: Bytes;
        assignment: Bytes;
    }
}

coordinator_keys! {
    2 GroupMetadataKey => GroupMetadataValue;
}
