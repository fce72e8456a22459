//! RenewDelegationToken (key 39), versions 1–2.
//!
//! - DELEGATION_TOKEN_REQUEST_NOT_ALLOWED on connections that did not log in, or did with a token; without
//!   `delegation.token.secret.key` DELEGATION_TOKEN_AUTH_DISABLED.
//! - The token is named by its secret; its owner, its requester and its renewers may ask.
//! - Its end moves to the period from now, no further than `delegation.token.expiry.time.ms` and the token's last moment.

use std::sync::Arc;

use stream_metadata::controller::RenewDelegationToken;
use stream_metadata::{Command, Reply};
use stream_types::ErrorCode;
use stream_wire::renew_delegation_token::{RenewDelegationTokenRequest, RenewDelegationTokenResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Keeps a token.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: RenewDelegationTokenRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let token_id = match broker.tokens.id_of(&broker.image(), &request.session, &body.hmac) {
        Ok(token_id) => token_id,
        Err(error) => return request.ready(&refused(error)),
    };
    let principal = request.session.principal.to_string();
    let command = RenewDelegationToken { token_id, principal, period_ms: body.renew_period_ms };
    let (broker, session, responder) = (Arc::clone(broker), request.session.clone(), request.responder);
    Pending::later(async move {
        responder.respond(&match broker.change(&session, Command::RenewDelegationToken(command)).await {
            Ok(Reply::RenewDelegationToken(Ok(record))) => {
                RenewDelegationTokenResponse { expiry_timestamp_ms: record.expiration_timestamp, ..Default::default() }
            }
            Ok(Reply::RenewDelegationToken(Err(refusal))) => refused(refusal.code),
            Ok(_) => refused(ErrorCode::UnknownServerError),
            Err(error) => refused(error),
        })
    })
}

fn refused(error: ErrorCode) -> RenewDelegationTokenResponse {
    RenewDelegationTokenResponse { error_code: error.code(), ..Default::default() }
}
