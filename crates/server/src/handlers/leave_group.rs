//! LeaveGroup (key 13), versions 0–5.
//!
//! - v3: several members, static ones by instance id (KIP-345), each with its own error; before, one member whose error is
//!   the answer's. v5: reasons (KIP-800).

use std::sync::Arc;

use stream_coordinator::{GroupCommand, GroupReply, LeaveGroup, LeaveReply, LeavingMember, LeftMember};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Removes members.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: LeaveGroupRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let refused = |error: ErrorCode| LeaveGroupResponse { error_code: error.code(), ..Default::default() };
    if !broker.may(&request.session, Operation::Read, ResourceType::Group, &body.group_id) {
        return request.ready(&refused(ErrorCode::GroupAuthorizationFailed));
    }
    let version = request.version();
    let members = if version < 3 {
        vec![LeavingMember { member_id: body.member_id, ..Default::default() }]
    } else {
        body.members.into_iter().map(leaving).collect()
    };
    let command = LeaveGroup { group_id: body.group_id.clone(), members };
    let reply = broker.groups.submit(&body.group_id, GroupCommand::Leave(command));
    let responder = request.responder;
    Pending::later(async move {
        responder.respond(&match reply.wait().await {
            Ok(GroupReply::Leave(reply)) => response(version, reply),
            Ok(_) => refused(ErrorCode::UnknownServerError),
            Err(error) => refused(error),
        })
    })
}

fn leaving(member: MemberIdentity) -> LeavingMember {
    LeavingMember { member_id: member.member_id, group_instance_id: member.group_instance_id, reason: member.reason }
}

fn response(version: i16, reply: LeaveReply) -> LeaveGroupResponse {
    if version < 3 {
        let only = reply.members.first().map_or(ErrorCode::None, |member| member.error);
        let error = if reply.error.is_none() { only } else { reply.error };
        return LeaveGroupResponse { error_code: error.code(), ..Default::default() };
    }
    LeaveGroupResponse {
        throttle_time_ms: 0,
        error_code: reply.error.code(),
        members: reply.members.into_iter().map(left).collect(),
    }
}

fn left(member: LeftMember) -> MemberResponse {
    MemberResponse {
        member_id: member.member_id,
        group_instance_id: member.group_instance_id,
        error_code: member.error.code(),
    }
}
