//! SaslAuthenticate (key 36), versions 0–2.
//!
//! - Carries one message of the exchange that SaslHandshake v1 began. After v0 the messages come without a request around
//!   them, as [`raw_token`].
//! - A client that is not who it says gets SASL_AUTHENTICATION_FAILED with Kafka's sentence, late, and nothing more.
//! - v1: the answer says how long the session lasts (KIP-368).

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use stream_types::ErrorCode;
use stream_wire::sasl_authenticate::{SaslAuthenticateRequest, SaslAuthenticateResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::{Answer, Authentication, Outcome, OutputSegment, Pending, Response, Session, after_delay};

/// What Kafka says where there is no exchange.
const AFTER_SUCCESS: &str = "SaslAuthenticate request received after successful authentication";

/// Takes a message of the exchange.
pub(crate) fn handle(
    broker: &Arc<Broker>,
    session: &mut Session,
    request: &Request,
    authentication: &mut Authentication,
) -> Pending {
    let body: SaslAuthenticateRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let succeeded = |message: Vec<u8>, lifetime_millis| SaslAuthenticateResponse {
        error_code: ErrorCode::None.code(),
        error_message: None,
        auth_bytes: message.into(),
        session_lifetime_ms: lifetime_millis,
    };
    let failed = |error: ErrorCode, text: String| SaslAuthenticateResponse {
        error_code: error.code(),
        error_message: Some(text.into()),
        ..Default::default()
    };
    match authentication.step(broker, session, &body.auth_bytes) {
        Outcome::Continue(message) => request.ready(&succeeded(message, 0)),
        Outcome::Open { message, lifetime_millis } => request.ready(&succeeded(message, lifetime_millis)),
        Outcome::Failed(text) => {
            broker.metrics.error(request.responder.api, ErrorCode::SaslAuthenticationFailed);
            after_delay(broker, request.responder.respond(&failed(ErrorCode::SaslAuthenticationFailed, text)))
        }
        Outcome::Unexpected => request.ready(&failed(ErrorCode::IllegalSaslState, AFTER_SUCCESS.to_owned())),
    }
}

/// Takes a message that came as it is; the answer goes the same way, and a refusal has none.
pub(crate) fn raw_token(
    broker: &Arc<Broker>,
    session: &mut Session,
    authentication: &mut Authentication,
    token: &Bytes,
) -> Pending {
    match authentication.step(broker, session, token) {
        Outcome::Continue(message) | Outcome::Open { message, .. } => {
            let mut frame = BytesMut::with_capacity(4 + message.len());
            frame.put_u32(message.len() as u32);
            frame.put_slice(&message);
            Pending::Ready(Answer::Respond(Response { segments: vec![OutputSegment::Bytes(frame.freeze())] }))
        }
        Outcome::Failed(_) | Outcome::Unexpected => after_delay(broker, Answer::Silence),
    }
}
