//! SaslHandshake (key 17), versions 0–1.
//!
//! - Chooses the mechanism of the connection. v0: the exchange follows as raw tokens; v1: as SaslAuthenticate (KIP-152).
//! - A mechanism that the listener does not take is UNSUPPORTED_SASL_MECHANISM with those that it takes; this is answered
//!   late, as a wrong password is, and ends the connection.
//! - Where nobody needs to log in, or has and need not again, it is ILLEGAL_SASL_STATE.

use std::sync::Arc;

use stream_codec::Str;
use stream_types::ErrorCode;
use stream_wire::sasl_handshake::{SaslHandshakeRequest, SaslHandshakeResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::{Authentication, HandshakeError, Pending, after_delay, note_failure};

/// Begins an exchange.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request, authentication: &mut Authentication) -> Pending {
    let body: SaslHandshakeRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let listener = &request.session.listener;
    let answer = |error: ErrorCode, mechanisms| SaslHandshakeResponse { error_code: error.code(), mechanisms };
    let enabled = || -> Vec<Str> {
        let mechanisms = listener.sasl.iter().flat_map(|sasl| &sasl.mechanisms);
        mechanisms.map(|settings| Str::from(settings.mechanism.name())).collect()
    };
    match authentication.choose(listener, &body.mechanism, request.version() == 0, broker.clock.monotonic()) {
        Ok(()) => request.ready(&answer(ErrorCode::None, enabled())),
        Err(HandshakeError::Illegal) => request.ready(&answer(ErrorCode::IllegalSaslState, Vec::new())),
        Err(HandshakeError::Unsupported) => {
            let name: String = body.mechanism.chars().take(64).collect();
            note_failure(broker, &request.session, &name, None, "the listener does not take this mechanism");
            broker.metrics.authenticated(None, false);
            let answer = answer(ErrorCode::UnsupportedSaslMechanism, enabled());
            after_delay(broker, request.responder.respond(&answer))
        }
    }
}
