//! DescribeAcls (key 29): the ACLs that match a filter (KIP-140).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeAcls: DescribeAclsRequest => DescribeAclsResponse);

messages! {
    /// Request of DescribeAcls.
    DescribeAclsRequest, versions 1..=3, flexible 2 {
        resource_type_filter: i8;
        resource_name_filter: Option<Str> = Some(Str::EMPTY);
        pattern_type_filter: i8 = 3;
        principal_filter: Option<Str> = Some(Str::EMPTY);
        host_filter: Option<Str> = Some(Str::EMPTY);
        operation: i8;
        permission_type: i8;
    }

    /// Response of DescribeAcls.
    DescribeAclsResponse, versions 1..=3, flexible 2 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        resources: Vec<DescribeAclsResource>;
    }
    DescribeAclsResource {
        resource_type: i8;
        resource_name: Str;
        pattern_type: i8 = 3;
        acls: Vec<AclDescription>;
    }
    AclDescription {
        principal: Str;
        host: Str;
        operation: i8;
        permission_type: i8;
    }
}
