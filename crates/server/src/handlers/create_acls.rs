//! CreateAcls (key 30), versions 1–3.
//!
//! - There is no authorizer that would heed an ACL: each is SECURITY_DISABLED, as Kafka without
//!   `authorizer.class.name`. A success would promise a protection that is not there.

use std::sync::Arc;

use stream_types::ErrorCode;
use stream_wire::create_acls::{AclCreationResult, CreateAclsRequest, CreateAclsResponse};

use super::describe_acls::NO_AUTHORIZER;
use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Refuses every ACL.
pub(crate) fn handle(_broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: CreateAclsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let refused =
        AclCreationResult { error_code: ErrorCode::SecurityDisabled.code(), error_message: Some(NO_AUTHORIZER.into()) };
    request.ready(&CreateAclsResponse { throttle_time_ms: 0, results: vec![refused; body.creations.len()] })
}
