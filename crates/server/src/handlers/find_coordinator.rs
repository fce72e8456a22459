//! FindCoordinator (key 10), versions 0–6.
//!
//! - The first request for a group creates `__consumer_offsets`; the answer leaves when its partitions are open, and is
//!   COORDINATOR_NOT_AVAILABLE, which clients retry, while that takes too long.
//! - Needs Describe on each group.
//! - v1: key types; 0 is a group. Coordinators of transactions (1) and of share groups (2, v6) do not exist yet: refused
//!   with codes that clients do not retry.
//! - v4: several keys at once (KIP-699).

use std::sync::Arc;
use std::time::Duration;

use stream_codec::Str;
use stream_coordinator::partition_for_group;
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, PartitionIndex};
use stream_wire::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::coordinator::{OFFSETS_TOPIC, ensure_offsets_topic};
use crate::net::{Pending, Session};

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
/// Clients ask again after their own backoff.
const CREATION_MAX: Duration = Duration::from_secs(5);

/// Says who coordinates groups.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: FindCoordinatorRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let keys = if request.version() < 4 { vec![body.key] } else { body.coordinator_keys };
    let refusal = match body.key_type {
        GROUP => None,
        TRANSACTION => Some((ErrorCode::TransactionalIdAuthorizationFailed, "This broker has no transactions yet.")),
        _ => Some((ErrorCode::InvalidRequest, "This broker coordinates consumer groups only.")),
    };
    if let Some((error, message)) = refusal {
        let refused = keys.into_iter().map(|key| nobody(key, error, message)).collect();
        return request.ready(&response(request.version(), refused));
    }
    let may_ask = |key: &Str| broker.may(&request.session, Operation::Describe, ResourceType::Group, key);
    let keys: Vec<(Str, bool)> = keys.into_iter().map(|key| (key.clone(), may_ask(&key))).collect();
    // A denied request creates nothing.
    if broker.image().topic(OFFSETS_TOPIC).is_some() || !keys.iter().any(|(_, may)| *may) {
        let found = keys.into_iter().map(|key| find_allowed(broker, &request.session, key)).collect();
        return request.ready(&response(request.version(), found));
    }
    let broker = Arc::clone(broker);
    let session = request.session.clone();
    let responder = request.responder;
    Pending::later(async move {
        // Whether it came in time shows in the image.
        let _ = tokio::time::timeout(CREATION_MAX, ensure_offsets_topic(&broker)).await;
        let found = keys.into_iter().map(|key| find_allowed(&broker, &session, key)).collect();
        responder.respond(&response(responder.version, found))
    })
}

fn find_allowed(broker: &Broker, session: &Session, (group_id, may): (Str, bool)) -> Coordinator {
    if may {
        return find(broker, session, group_id);
    }
    nobody(group_id, ErrorCode::GroupAuthorizationFailed, "Group authorization failed.")
}

fn find(broker: &Broker, session: &Session, group_id: Str) -> Coordinator {
    let image = broker.image();
    let endpoint = image.topic(OFFSETS_TOPIC).and_then(|topic| {
        let count = i32::try_from(topic.partition_count()).ok().filter(|count| *count > 0)?;
        let index = PartitionIndex(partition_for_group(&group_id, count));
        // Nobody else has what this broker's failed directory holds.
        let held = broker.partitions.get(topic.id, index);
        if held.is_some_and(|partition| partition.is_offline()) {
            return None;
        }
        let leader = image.broker(topic.partition(index)?.leader?).filter(|broker| !broker.fenced)?;
        let endpoint = leader.endpoint(&session.listener.name)?;
        Some((leader.id, Str::from(endpoint.host.as_str()), i32::from(endpoint.port)))
    });
    match endpoint {
        Some((node_id, host, port)) => Coordinator {
            key: group_id,
            node_id: node_id.get(),
            host,
            port,
            error_code: ErrorCode::None.code(),
            error_message: Some(Str::EMPTY),
        },
        None => nobody(group_id, ErrorCode::CoordinatorNotAvailable, "The coordinator is not available."),
    }
}

fn nobody(key: Str, error: ErrorCode, message: &'static str) -> Coordinator {
    Coordinator {
        key,
        node_id: -1,
        host: Str::EMPTY,
        port: -1,
        error_code: error.code(),
        error_message: Some(message.into()),
    }
}

fn response(version: i16, mut coordinators: Vec<Coordinator>) -> FindCoordinatorResponse {
    if version >= 4 {
        return FindCoordinatorResponse { coordinators, ..Default::default() };
    }
    let Some(only) = coordinators.pop() else { return FindCoordinatorResponse::default() };
    // Kafka names the error here, even that there is none, and leaves it empty from v4 on.
    let message = if only.error_code == 0 { Some(ErrorCode::None.name().into()) } else { only.error_message };
    FindCoordinatorResponse {
        error_code: only.error_code,
        error_message: message,
        node_id: only.node_id,
        host: only.host,
        port: only.port,
        ..Default::default()
    }
}
