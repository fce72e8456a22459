//! ListGroups (key 16), versions 0–5.
//!
//! - The groups that this broker coordinates; while one of its partitions is loaded the answer has those of the others and
//!   COORDINATOR_LOAD_IN_PROGRESS.
//! - Whoever may not describe the cluster sees the groups that they may describe.
//! - v4: states, and a filter by them (KIP-518). v5: types, and a filter by them (KIP-848).

use std::sync::Arc;

use stream_coordinator::{GroupCommand, GroupReply, ListGroups};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Lists groups.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ListGroupsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let command = GroupCommand::List(ListGroups { states: body.states_filter, types: body.types_filter });
    let replies = broker.groups.submit_to_all(&command);
    let sees_all = broker.would_let_on_cluster(&request.session, Operation::Describe);
    let broker = Arc::clone(broker);
    let session = request.session.clone();
    let responder = request.responder;
    Pending::later(async move {
        let mut response = ListGroupsResponse::default();
        let is_seen = |group: &stream_coordinator::ListedGroup| {
            sees_all || broker.would_let(&session, Operation::Describe, ResourceType::Group, &group.group_id)
        };
        for reply in replies {
            match reply.wait().await {
                Ok(GroupReply::List(groups)) => {
                    response.groups.extend(groups.into_iter().filter(&is_seen).map(listed));
                }
                Ok(_) => response.error_code = ErrorCode::UnknownServerError.code(),
                // The partition went to another broker, which lists its groups.
                Err(ErrorCode::NotCoordinator) => {}
                Err(error) => response.error_code = error.code(),
            }
        }
        responder.respond(&response)
    })
}

fn listed(group: stream_coordinator::ListedGroup) -> ListedGroup {
    ListedGroup {
        group_id: group.group_id,
        protocol_type: group.protocol_type,
        group_state: group.state,
        group_type: group.group_type,
    }
}
