//! DeleteGroups (key 42), versions 0–2.
//!
//! - Needs Delete on each group.
//! - Each group has its own result: NON_EMPTY_GROUP while it has members, GROUP_ID_NOT_FOUND if there is none.

use std::sync::Arc;

use stream_coordinator::{DeleteGroup, GroupCommand, GroupReply};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::delete_groups::{DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Forgets groups and their offsets.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DeleteGroupsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let mut asked = Vec::with_capacity(body.groups_names.len());
    for group_id in body.groups_names {
        if !broker.may(&request.session, Operation::Delete, ResourceType::Group, &group_id) {
            asked.push((group_id, None));
            continue;
        }
        let command = GroupCommand::Delete(DeleteGroup { group_id: group_id.clone() });
        let reply = broker.groups.submit(&group_id, command);
        asked.push((group_id, Some(reply)));
    }
    let (broker, session) = (Arc::clone(broker), request.session.clone());
    let responder = request.responder;
    Pending::later(async move {
        let mut results = Vec::with_capacity(asked.len());
        for (group_id, reply) in asked {
            let reply = match reply {
                Some(reply) => reply.wait().await,
                None => Err(ErrorCode::GroupAuthorizationFailed),
            };
            let error = match reply {
                Ok(GroupReply::Delete(error)) => error,
                Ok(_) => ErrorCode::UnknownServerError,
                Err(error) => error,
            };
            if error.is_none() {
                broker.audit.changed(&session, "DeleteGroups", format_args!("group {group_id}"));
            }
            results.push(DeletableGroupResult { group_id, error_code: error.code() });
        }
        responder.respond(&DeleteGroupsResponse { throttle_time_ms: 0, results })
    })
}
