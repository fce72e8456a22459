//! DeleteGroups (key 42): deletes empty groups with their offsets (KIP-229).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DeleteGroups: DeleteGroupsRequest => DeleteGroupsResponse);

messages! {
    /// Request of DeleteGroups.
    DeleteGroupsRequest, versions 0..=2, flexible 2 {
        groups_names: Vec<Str>;
    }

    /// Response of DeleteGroups.
    DeleteGroupsResponse, versions 0..=2, flexible 2 {
        throttle_time_ms: i32;
        results: Vec<DeletableGroupResult>;
    }
    DeletableGroupResult {
        group_id: Str;
        error_code: i16;
    }
}
