//! AlterClientQuotas (key 49), versions 0–1.
//!
//! - Entities are a user, a client id, both, or an address (KIP-612); a null name is the default of its type (KIP-546).
//! - Each entity has its own outcome; `validate_only` decides and changes nothing. One that is there twice keeps its first change
//!   and has one outcome, the refusal of the second.
//! - Addresses are written as numbers: a name is INVALID_REQUEST, as brokers may resolve it differently.
//! - AlterConfigs on the cluster, else CLUSTER_AUTHORIZATION_FAILED for each entity.
//! - The answer leaves when this broker keeps to the change.

use std::collections::HashMap;
use std::sync::Arc;

use stream_metadata::controller::{AlterClientQuotas, QuotaChange};
use stream_metadata::image::QuotaEntity;
use stream_metadata::{Command, Reply};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, EntityData, RequestEntryData, ResponseEntryData,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Sets and removes quotas.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: AlterClientQuotasRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let asked: Vec<Vec<EntityData>> = body.entries.iter().map(|entry| entry.entity.clone()).collect();
    if !broker.may_on_cluster(&request.session, Operation::AlterConfigs) {
        let refused = |entity| outcome(entity, ErrorCode::ClusterAuthorizationFailed, None);
        let entries = asked.into_iter().map(refused).collect();
        return request.ready(&AlterClientQuotasResponse { throttle_time_ms: 0, entries });
    }
    let entries = body.entries.into_iter().map(entry).collect();
    let command = AlterClientQuotas { entries, validate_only: body.validate_only };
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        let all = |error| asked.iter().map(|entity| outcome(entity.clone(), error, None)).collect();
        let entries = match broker.change(&session, Command::AlterClientQuotas(command)).await {
            Ok(Reply::AlterClientQuotas(reply)) => {
                let mut outcomes: Vec<ResponseEntryData> = Vec::new();
                let mut places = HashMap::new();
                for ((mut entity, result), asked) in reply.entries.into_iter().zip(&asked) {
                    let outcome = match result {
                        Ok(()) => outcome(asked.clone(), ErrorCode::None, None),
                        Err(error) => outcome(asked.clone(), error.code, Some(error.message)),
                    };
                    entity.sort();
                    let place = *places.entry(entity).or_insert(outcomes.len());
                    match outcomes.get_mut(place) {
                        Some(first) => *first = outcome,
                        None => outcomes.push(outcome),
                    }
                }
                outcomes
            }
            Ok(_) => all(ErrorCode::UnknownServerError),
            Err(error) => all(error),
        };
        responder.respond(&AlterClientQuotasResponse { throttle_time_ms: 0, entries })
    })
}

fn entry(entry: RequestEntryData) -> (QuotaEntity, Vec<QuotaChange>) {
    let name = |name: Option<stream_codec::Str>| name.map(|name| name.to_string());
    let entity = entry.entity.into_iter().map(|part| (part.entity_type.to_string(), name(part.entity_name)));
    let changes = entry
        .ops
        .into_iter()
        .map(|op| QuotaChange { key: op.key.to_string(), value: (!op.remove).then_some(op.value) });
    (entity.collect(), changes.collect())
}

fn outcome(entity: Vec<EntityData>, error: ErrorCode, message: Option<String>) -> ResponseEntryData {
    ResponseEntryData { error_code: error.code(), error_message: message.map(Into::into), entity }
}
