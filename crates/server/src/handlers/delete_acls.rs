//! DeleteAcls (key 31), versions 1–3.
//!
//! - There is no authorizer, so there are no ACLs: each filter is SECURITY_DISABLED, as Kafka without
//!   `authorizer.class.name`.

use std::sync::Arc;

use stream_types::ErrorCode;
use stream_wire::delete_acls::{DeleteAclsFilterResult, DeleteAclsRequest, DeleteAclsResponse};

use super::describe_acls::NO_AUTHORIZER;
use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Refuses every filter.
pub(crate) fn handle(_broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DeleteAclsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let refused = DeleteAclsFilterResult {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: Some(NO_AUTHORIZER.into()),
        matching_acls: Vec::new(),
    };
    request.ready(&DeleteAclsResponse { throttle_time_ms: 0, filter_results: vec![refused; body.filters.len()] })
}
