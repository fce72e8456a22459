//! SyncGroup (key 14), versions 0–5.
//!
//! - The leader brings everybody's assignment; the others' answers wait for it, and all of them for its record.
//! - While the group is loaded: REBALANCE_IN_PROGRESS, so that the member joins again.
//! - v3: static members (KIP-345). v5: the protocol's type and name are compared.

use std::sync::Arc;

use stream_coordinator::{GroupCommand, GroupReply, SyncAssignment, SyncGroup};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Gives a member its assignment.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: SyncGroupRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let refused = |error: ErrorCode| SyncGroupResponse { error_code: error.code(), ..Default::default() };
    if !broker.may(&request.session, Operation::Read, ResourceType::Group, &body.group_id) {
        return request.ready(&refused(ErrorCode::GroupAuthorizationFailed));
    }
    let assignment =
        |given: SyncGroupRequestAssignment| SyncAssignment { member_id: given.member_id, assignment: given.assignment };
    let command = SyncGroup {
        group_id: body.group_id.clone(),
        generation_id: body.generation_id,
        member_id: body.member_id,
        group_instance_id: body.group_instance_id,
        protocol_type: body.protocol_type,
        protocol_name: body.protocol_name,
        assignments: body.assignments.into_iter().map(assignment).collect(),
    };
    let reply = broker.groups.submit(&body.group_id, GroupCommand::Sync(command));
    let responder = request.responder;
    Pending::later(async move {
        responder.respond(&match reply.wait().await {
            Ok(GroupReply::Sync(reply)) => SyncGroupResponse {
                throttle_time_ms: 0,
                error_code: reply.error.code(),
                protocol_type: reply.protocol_type,
                protocol_name: reply.protocol_name,
                assignment: reply.assignment,
            },
            Ok(_) => refused(ErrorCode::UnknownServerError),
            // The rebalance is lost with the coordinator that was before; Java's consumers end at the other code.
            Err(ErrorCode::CoordinatorLoadInProgress) => refused(ErrorCode::RebalanceInProgress),
            Err(error) => refused(error),
        })
    })
}
