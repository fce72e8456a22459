//! DeleteAcls (key 31), versions 1–3.
//!
//! - Needs Alter on the cluster; without it each filter is CLUSTER_AUTHORIZATION_FAILED.
//! - Each filter is answered with the ACLs that it removed; they count no longer when the answer leaves.
//! - Without `authorizer.class.name` each filter is SECURITY_DISABLED.
//! - Numbers that Kafka has no name for end the connection, as in Kafka.

use std::sync::Arc;

use stream_metadata::acl::{AclBinding, AclFilter};
use stream_metadata::controller::DeleteAcls;
use stream_metadata::{Command, Reply};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::delete_acls::{
    DeleteAclsFilter, DeleteAclsFilterResult, DeleteAclsMatchingAcl, DeleteAclsRequest, DeleteAclsResponse,
};

use super::describe_acls::NO_AUTHORIZER;
use super::request::Request;
use crate::broker::Broker;
use crate::net::{Answer, Pending};

/// Forgets the ACLs that filters find.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DeleteAclsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let filters: Vec<AclFilter> = body.filters.into_iter().map(filter).collect();
    if !filters.iter().all(AclFilter::has_known_numbers) {
        return Pending::Ready(Answer::Close("DeleteAcls with a type or an operation that is unknown".into()));
    }
    let count = filters.len();
    if !broker.may_on_cluster(&request.session, Operation::Alter) {
        return request.ready(&all(count, ErrorCode::ClusterAuthorizationFailed, None));
    }
    if !broker.authorization.is_on() {
        return request.ready(&all(count, ErrorCode::SecurityDisabled, Some(NO_AUTHORIZER)));
    }
    let broker = Arc::clone(broker);
    let session = request.session.clone();
    let responder = request.responder;
    Pending::later(async move {
        let response = match broker.change(&session, Command::DeleteAcls(DeleteAcls { filters })).await {
            Ok(Reply::DeleteAcls(reply)) => {
                let filter_results = reply.results.into_iter().map(|found| match found {
                    Ok(acls) => DeleteAclsFilterResult {
                        error_message: None,
                        matching_acls: acls.iter().map(|acl| matching(&AclBinding::from(acl))).collect(),
                        ..Default::default()
                    },
                    Err(error) => refused(error.code, Some(error.message)),
                });
                DeleteAclsResponse { throttle_time_ms: 0, filter_results: filter_results.collect() }
            }
            Ok(_) => all(count, ErrorCode::UnknownServerError, None),
            Err(error) => all(count, error, None),
        };
        responder.respond(&response)
    })
}

fn filter(filter: DeleteAclsFilter) -> AclFilter {
    AclFilter {
        resource_type: filter.resource_type_filter,
        resource_name: filter.resource_name_filter.map(|name| name.to_string()),
        pattern_type: filter.pattern_type_filter,
        principal: filter.principal_filter.map(|principal| principal.to_string()),
        host: filter.host_filter.map(|host| host.to_string()),
        operation: filter.operation,
        permission_type: filter.permission_type,
    }
}

fn matching(acl: &AclBinding<'_>) -> DeleteAclsMatchingAcl {
    DeleteAclsMatchingAcl {
        error_message: None,
        resource_type: acl.resource_type,
        resource_name: acl.resource_name.into(),
        pattern_type: acl.pattern_type,
        principal: acl.principal.into(),
        host: acl.host.into(),
        operation: acl.operation,
        permission_type: acl.permission_type,
        ..Default::default()
    }
}

fn refused(error: ErrorCode, message: Option<String>) -> DeleteAclsFilterResult {
    DeleteAclsFilterResult {
        error_code: error.code(),
        error_message: message.map(Into::into),
        matching_acls: Vec::new(),
    }
}

fn all(count: usize, error: ErrorCode, message: Option<&'static str>) -> DeleteAclsResponse {
    let refused = refused(error, message.map(str::to_owned));
    DeleteAclsResponse { throttle_time_ms: 0, filter_results: vec![refused; count] }
}
