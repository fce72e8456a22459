//! Heartbeat (key 12), versions 0–4.
//!
//! - Answered from memory, however slow the disk is; REBALANCE_IN_PROGRESS sends the member back to JoinGroup.
//! - While its group is loaded a member is told NONE, as by Kafka: its session is kept.
//! - v3: static members (KIP-345).

use std::sync::Arc;

use stream_coordinator::{GroupCommand, GroupReply, Heartbeat};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::heartbeat::{HeartbeatRequest, HeartbeatResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Keeps a member's session alive.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: HeartbeatRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may(&request.session, Operation::Read, ResourceType::Group, &body.group_id) {
        let error_code = ErrorCode::GroupAuthorizationFailed.code();
        return request.ready(&HeartbeatResponse { error_code, ..Default::default() });
    }
    let command = Heartbeat {
        group_id: body.group_id.clone(),
        generation_id: body.generation_id,
        member_id: body.member_id,
        group_instance_id: body.group_instance_id,
    };
    let reply = broker.groups.submit(&body.group_id, GroupCommand::Heartbeat(command));
    let responder = request.responder;
    Pending::later(async move {
        let error = match reply.wait().await {
            Ok(GroupReply::Heartbeat(error)) => error,
            Ok(_) => ErrorCode::UnknownServerError,
            Err(ErrorCode::CoordinatorLoadInProgress) => ErrorCode::None,
            Err(error) => error,
        };
        responder.respond(&HeartbeatResponse { throttle_time_ms: 0, error_code: error.code() })
    })
}
