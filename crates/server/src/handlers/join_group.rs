//! JoinGroup (key 11), versions 0–9.
//!
//! - The answer leaves when the rebalance that it starts or takes part in is over.
//! - v0 has no rebalance timeout: it is the session timeout.
//! - v4: a new dynamic member is given its id with MEMBER_ID_REQUIRED and comes again (KIP-394).
//! - v5: static members (KIP-345). v7: null protocol names. v8: reasons (KIP-800). v9: `skip_assignment` (KIP-814).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use stream_codec::Str;
use stream_coordinator::{GroupCommand, GroupReply, JoinGroup, JoinProtocol, JoinReply};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::join_group::{JoinGroupRequest, JoinGroupResponse, JoinGroupResponseMember};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Makes the client a member.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: JoinGroupRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let version = request.version();
    let member_id = body.member_id.clone();
    let group_id = body.group_id.clone();
    if !broker.may(&request.session, Operation::Read, ResourceType::Group, &group_id) {
        return request.ready(&refused(version, member_id, ErrorCode::GroupAuthorizationFailed));
    }
    let client_id = request.client_id.clone().unwrap_or_default();
    let command = GroupCommand::Join(command(version, body, client_id, client_host(request.session.peer)));
    let reply = broker.groups.submit(&group_id, command);
    let responder = request.responder;
    Pending::later(async move {
        responder.respond(&match reply.wait().await {
            Ok(GroupReply::Join(reply)) => response(version, reply),
            Ok(_) => refused(version, member_id, ErrorCode::UnknownServerError),
            Err(error) => refused(version, member_id, error),
        })
    })
}

fn command(version: i16, body: JoinGroupRequest, client_id: Str, client_host: Str) -> JoinGroup {
    let protocol = |protocol: stream_wire::join_group::JoinGroupRequestProtocol| JoinProtocol {
        name: protocol.name,
        metadata: protocol.metadata,
    };
    JoinGroup {
        group_id: body.group_id,
        member_id: body.member_id,
        group_instance_id: body.group_instance_id,
        client_id,
        client_host,
        session_timeout_ms: body.session_timeout_ms,
        rebalance_timeout_ms: if version == 0 { body.session_timeout_ms } else { body.rebalance_timeout_ms },
        protocol_type: body.protocol_type,
        protocols: body.protocols.into_iter().map(protocol).collect(),
        reason: body.reason,
        requires_known_member_id: version >= 4,
        supports_skipping_assignment: version >= 9,
    }
}

/// The client's address as Java prints it, which is how tools know it.
fn client_host(peer: SocketAddr) -> Str {
    match peer.ip().to_canonical() {
        IpAddr::V4(address) => format!("/{address}").into(),
        IpAddr::V6(address) => {
            let segments: Vec<String> = address.segments().iter().map(|segment| format!("{segment:x}")).collect();
            format!("/{}", segments.join(":")).into()
        }
    }
}

fn response(version: i16, reply: JoinReply) -> JoinGroupResponse {
    let member = |member: stream_coordinator::JoinMember| JoinGroupResponseMember {
        member_id: member.member_id,
        group_instance_id: member.group_instance_id,
        metadata: member.metadata,
    };
    JoinGroupResponse {
        throttle_time_ms: 0,
        error_code: reply.error.code(),
        generation_id: reply.generation_id,
        protocol_type: reply.protocol_type,
        protocol_name: protocol_name(version, reply.protocol_name),
        leader: reply.leader,
        skip_assignment: version >= 9 && reply.skip_assignment,
        member_id: reply.member_id,
        members: reply.members.into_iter().map(member).collect(),
    }
}

fn protocol_name(version: i16, name: Option<Str>) -> Option<Str> {
    if version >= 7 { name } else { Some(name.unwrap_or_default()) }
}

fn refused(version: i16, member_id: Str, error: ErrorCode) -> JoinGroupResponse {
    JoinGroupResponse {
        error_code: error.code(),
        protocol_name: protocol_name(version, None),
        member_id,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_look_as_java_prints_them() {
        let host = |text: &str| client_host(text.parse().unwrap()).to_string();
        assert_eq!(host("127.0.0.1:9092"), "/127.0.0.1");
        assert_eq!(host("[::ffff:10.0.0.7]:9092"), "/10.0.0.7");
        assert_eq!(host("[::1]:9092"), "/0:0:0:0:0:0:0:1");
    }
}
