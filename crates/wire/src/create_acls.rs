//! CreateAcls (key 30): adds ACLs (KIP-140).

use stream_codec::{Str, messages};

use crate::api::request;

request!(CreateAcls: CreateAclsRequest => CreateAclsResponse);

messages! {
    /// Request of CreateAcls.
    CreateAclsRequest, versions 1..=3, flexible 2 {
        creations: Vec<AclCreation>;
    }
    AclCreation {
        resource_type: i8;
        resource_name: Str;
        resource_pattern_type: i8 = 3;
        principal: Str;
        host: Str;
        operation: i8;
        permission_type: i8;
    }

    /// Response of CreateAcls.
    CreateAclsResponse, versions 1..=3, flexible 2 {
        throttle_time_ms: i32;
        results: Vec<AclCreationResult>;
    }
    AclCreationResult {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
