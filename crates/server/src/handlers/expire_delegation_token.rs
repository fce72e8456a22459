//! ExpireDelegationToken (key 40), versions 1–2.
//!
//! - DELEGATION_TOKEN_REQUEST_NOT_ALLOWED on connections that did not log in, or did with a token; without
//!   `delegation.token.secret.key` DELEGATION_TOKEN_AUTH_DISABLED.
//! - The token is named by its secret; its owner, its requester and its renewers may ask.
//! - A negative period removes the token at once; another moves its end, no further than its last moment.

use std::sync::Arc;

use stream_metadata::controller::ExpireDelegationToken;
use stream_metadata::{Command, Reply};
use stream_types::ErrorCode;
use stream_wire::expire_delegation_token::{ExpireDelegationTokenRequest, ExpireDelegationTokenResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Ends a token.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ExpireDelegationTokenRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let token_id = match broker.tokens.id_of(&broker.image(), &request.session, &body.hmac) {
        Ok(token_id) => token_id,
        Err(error) => return request.ready(&refused(error)),
    };
    let principal = request.session.principal.to_string();
    let command = ExpireDelegationToken { token_id, principal, period_ms: body.expiry_time_period_ms };
    let (broker, session, responder) = (Arc::clone(broker), request.session.clone(), request.responder);
    Pending::later(async move {
        responder.respond(&match broker.change(&session, Command::ExpireDelegationToken(command)).await {
            Ok(Reply::ExpireDelegationToken(Ok(record))) => {
                ExpireDelegationTokenResponse { expiry_timestamp_ms: record.expiration_timestamp, ..Default::default() }
            }
            Ok(Reply::ExpireDelegationToken(Err(refusal))) => refused(refusal.code),
            Ok(_) => refused(ErrorCode::UnknownServerError),
            Err(error) => refused(error),
        })
    })
}

fn refused(error: ErrorCode) -> ExpireDelegationTokenResponse {
    ExpireDelegationTokenResponse { error_code: error.code(), ..Default::default() }
}
