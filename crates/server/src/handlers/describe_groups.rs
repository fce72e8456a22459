//! DescribeGroups (key 15), versions 0–6.
//!
//! - Before v6 an unknown group is a dead one; v6 says GROUP_ID_NOT_FOUND with a message (KIP-1043).
//! - v3: authorized operations on demand (KIP-430). v4: static members (KIP-345).

use std::sync::Arc;

use stream_codec::Str;
use stream_coordinator::{DescribeGroup, DescribeReply, DescribedMember, GroupCommand, GroupReply};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::describe_groups::{
    DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup, DescribedGroupMember,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Since when an unknown group is an error.
const NOT_FOUND_VERSION: i16 = 6;

/// Describes groups and their members.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeGroupsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let version = request.version();
    let unknown_is_error = version >= NOT_FOUND_VERSION;
    let mut asked = Vec::with_capacity(body.groups.len());
    for group_id in body.groups {
        if !broker.may(&request.session, Operation::Describe, ResourceType::Group, &group_id) {
            asked.push((group_id, None));
            continue;
        }
        let command = GroupCommand::Describe(DescribeGroup { group_id: group_id.clone(), unknown_is_error });
        let reply = broker.groups.submit(&group_id, command);
        asked.push((group_id, Some(reply)));
    }
    let wants_operations = body.include_authorized_operations;
    let broker = Arc::clone(broker);
    let session = request.session.clone();
    let responder = request.responder;
    Pending::later(async move {
        let mut groups = Vec::with_capacity(asked.len());
        for (group_id, reply) in asked {
            let Some(reply) = reply else {
                groups.push(failed(group_id, ErrorCode::GroupAuthorizationFailed));
                continue;
            };
            let operations = if wants_operations {
                broker.authorized_operations(&session, ResourceType::Group, &group_id)
            } else {
                i32::MIN
            };
            groups.push(match reply.wait().await {
                Ok(GroupReply::Describe(reply)) => described(version, operations, reply),
                Ok(_) => failed(group_id, ErrorCode::UnknownServerError),
                Err(error) => failed(group_id, error),
            });
        }
        responder.respond(&DescribeGroupsResponse { throttle_time_ms: 0, groups })
    })
}

fn described(version: i16, operations: i32, reply: DescribeReply) -> DescribedGroup {
    let member = |member: DescribedMember| DescribedGroupMember {
        member_id: member.member_id,
        group_instance_id: member.group_instance_id,
        client_id: member.client_id,
        client_host: member.client_host,
        member_metadata: member.metadata,
        member_assignment: member.assignment,
    };
    DescribedGroup {
        error_code: reply.error.code(),
        error_message: reply.error_message.filter(|_| version >= NOT_FOUND_VERSION).map(Into::into),
        group_id: reply.group_id,
        group_state: reply.state,
        protocol_type: reply.protocol_type,
        protocol_data: reply.protocol,
        members: reply.members.into_iter().map(member).collect(),
        authorized_operations: if reply.error.is_none() { operations } else { i32::MIN },
    }
}

fn failed(group_id: Str, error: ErrorCode) -> DescribedGroup {
    DescribedGroup { error_code: error.code(), group_id, ..Default::default() }
}
