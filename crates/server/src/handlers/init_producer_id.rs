//! InitProducerId (key 22), versions 0–5.
//!
//! - Without a transactional id: a fresh producer id with epoch 0, from a block that the controller
//!   handed to this broker (KIP-98, KIP-730).
//! - Whoever may write to some topic may have one (KIP-679), and whoever has IdempotentWrite on the cluster.
//! - Transactions do not exist yet: a transactional id is refused with a fatal code, so that clients
//!   fail at once instead of trying for ever.
//! - Version 6 is unstable in Kafka and not served.

use std::sync::Arc;

use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, ProducerId};
use stream_wire::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Gives out a producer id.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: InitProducerIdRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    match body.transactional_id.as_deref() {
        None => {}
        Some("") => return request.ready(&refused(ErrorCode::InvalidRequest)),
        Some(_) => return request.ready(&refused(ErrorCode::TransactionalIdAuthorizationFailed)),
    }
    let session = &request.session;
    if !broker.would_let_on_any(session, Operation::Write, ResourceType::Topic)
        && !broker.may_on_cluster(session, Operation::IdempotentWrite)
    {
        return request.ready(&refused(ErrorCode::ClusterAuthorizationFailed));
    }
    let broker = Arc::clone(broker);
    let responder = request.responder;
    Pending::later(async move {
        let response = match broker.producer_ids.next(&broker).await {
            Ok(producer_id) => InitProducerIdResponse { producer_id: producer_id.get(), ..Default::default() },
            Err(error) => refused(error),
        };
        responder.respond(&response)
    })
}

fn refused(error: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse {
        error_code: error.code(),
        producer_id: ProducerId::NONE.get(),
        producer_epoch: -1,
        ..Default::default()
    }
}
