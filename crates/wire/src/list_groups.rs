//! ListGroups (key 16): the groups that this broker coordinates, filtered by state and type
//! (KIP-518, KIP-848).

use stream_codec::{Str, messages};

use crate::api::request;

request!(ListGroups: ListGroupsRequest => ListGroupsResponse);

messages! {
    /// Request of ListGroups.
    ListGroupsRequest, versions 0..=5, flexible 3 {
        states_filter: Vec<Str>, since 4;
        types_filter: Vec<Str>, since 5;
    }

    /// Response of ListGroups.
    ListGroupsResponse, versions 0..=5, flexible 3 {
        throttle_time_ms: i32, since 1, ignorable;
        error_code: i16;
        groups: Vec<ListedGroup>;
    }
    ListedGroup {
        group_id: Str;
        protocol_type: Str;
        group_state: Str, since 4, ignorable;
        group_type: Str, since 5, ignorable;
    }
}
