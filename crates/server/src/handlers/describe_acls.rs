//! DescribeAcls (key 29), versions 1–3.
//!
//! - There is no authorizer, so there are no ACLs: SECURITY_DISABLED, as Kafka without `authorizer.class.name`.

use std::sync::Arc;

use stream_types::ErrorCode;
use stream_wire::describe_acls::{DescribeAclsRequest, DescribeAclsResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// What people are told; the other ACL requests say the same.
pub(super) const NO_AUTHORIZER: &str = "no authorizer is configured on the broker";

/// Says that there are no ACLs.
pub(crate) fn handle(_broker: &Arc<Broker>, request: &Request) -> Pending {
    if let Err(pending) = request.decode::<DescribeAclsRequest>() {
        return pending;
    }
    request.ready(&DescribeAclsResponse {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: Some(NO_AUTHORIZER.into()),
        ..Default::default()
    })
}
