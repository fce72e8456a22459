//! CreateAcls (key 30), versions 1–3.
//!
//! - Needs Alter on the cluster; without it each ACL is CLUSTER_AUTHORIZATION_FAILED.
//! - Each ACL has its own outcome; one that is there already is kept once. ACLs are in force when the answer leaves.
//! - Without `authorizer.class.name` each is SECURITY_DISABLED: a success would promise a protection that is not there.
//! - Numbers that Kafka has no name for end the connection, as in Kafka.

use std::sync::Arc;

use stream_metadata::acl::NewAcl;
use stream_metadata::controller::CreateAcls;
use stream_metadata::{Command, Reply};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::create_acls::{AclCreation, AclCreationResult, CreateAclsRequest, CreateAclsResponse};

use super::describe_acls::NO_AUTHORIZER;
use super::request::Request;
use crate::broker::Broker;
use crate::net::{Answer, Pending};

/// Keeps ACLs.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: CreateAclsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let acls: Vec<NewAcl> = body.creations.into_iter().map(new_acl).collect();
    if !acls.iter().all(NewAcl::has_known_numbers) {
        return Pending::Ready(Answer::Close("CreateAcls with a type or an operation that is unknown".into()));
    }
    let count = acls.len();
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
        let response = match broker.change(&session, Command::CreateAcls(CreateAcls { acls })).await {
            Ok(Reply::CreateAcls(reply)) => {
                let result = |result: Result<(), _>| match result {
                    Ok(()) => AclCreationResult { error_message: None, ..Default::default() },
                    Err(error) => outcome(error),
                };
                CreateAclsResponse { throttle_time_ms: 0, results: reply.results.into_iter().map(result).collect() }
            }
            Ok(_) => all(count, ErrorCode::UnknownServerError, None),
            Err(error) => all(count, error, None),
        };
        responder.respond(&response)
    })
}

fn new_acl(acl: AclCreation) -> NewAcl {
    NewAcl {
        resource_type: acl.resource_type,
        resource_name: acl.resource_name.to_string(),
        pattern_type: acl.resource_pattern_type,
        principal: acl.principal.to_string(),
        host: acl.host.to_string(),
        operation: acl.operation,
        permission_type: acl.permission_type,
    }
}

fn outcome(error: stream_metadata::ApiError) -> AclCreationResult {
    AclCreationResult { error_code: error.code.code(), error_message: Some(error.message.into()) }
}

fn all(count: usize, error: ErrorCode, message: Option<&'static str>) -> CreateAclsResponse {
    let refused = AclCreationResult { error_code: error.code(), error_message: message.map(Into::into) };
    CreateAclsResponse { throttle_time_ms: 0, results: vec![refused; count] }
}
