//! DeleteAcls (key 31): removes the ACLs that match filters (KIP-140).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DeleteAcls: DeleteAclsRequest => DeleteAclsResponse);

messages! {
    /// Request of DeleteAcls.
    DeleteAclsRequest, versions 1..=3, flexible 2 {
        filters: Vec<DeleteAclsFilter>;
    }
    DeleteAclsFilter {
        resource_type_filter: i8;
        resource_name_filter: Option<Str> = Some(Str::EMPTY);
        pattern_type_filter: i8 = 3;
        principal_filter: Option<Str> = Some(Str::EMPTY);
        host_filter: Option<Str> = Some(Str::EMPTY);
        operation: i8;
        permission_type: i8;
    }

    /// Response of DeleteAcls.
    DeleteAclsResponse, versions 1..=3, flexible 2 {
        throttle_time_ms: i32;
        filter_results: Vec<DeleteAclsFilterResult>;
    }
    DeleteAclsFilterResult {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        matching_acls: Vec<DeleteAclsMatchingAcl>;
    }
    DeleteAclsMatchingAcl {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        resource_type: i8;
        resource_name: Str;
        pattern_type: i8 = 3;
        principal: Str;
        host: Str;
        operation: i8;
        permission_type: i8;
    }
}
