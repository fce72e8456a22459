//! What the log says of requests: by which connection and client they came, and under which number the client will look for them.
//!
//! - At `debug` each answered request is one line of the target `request`.
//! - A connection that is closed for a request names it. Bytes of a login that stand without a header are never looked at.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use stream_codec::Decoder;
use stream_wire::header;

use super::connection::Session;
use super::response_queue::{Answer, Received};

/// Longest part of a client id that is kept (bytes).
const CLIENT_ID_BYTES_MAX: usize = 128;

/// What a connection remembers for its lines.
#[derive(Debug)]
pub(super) struct RequestLog {
    /// The number of the connection, in order of their coming.
    pub(super) connection: u64,
    client_id: Option<String>,
    closed_for: Option<Received>,
}

impl RequestLog {
    /// Numbers the connection.
    pub(super) fn new() -> RequestLog {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
        RequestLog { connection: CONNECTIONS.fetch_add(1, Ordering::Relaxed), client_id: None, closed_for: None }
    }

    /// Looks who the client says it is, until it has said so.
    pub(super) fn note(&mut self, frame: &Bytes) {
        if self.client_id.is_some() {
            return;
        }
        if let Ok(header) = header::decode(&mut Decoder::new(frame.clone())) {
            let kept = |id: &str| id[..id.floor_char_boundary(CLIENT_ID_BYTES_MAX)].to_owned();
            self.client_id = header.client_id.map(|id| kept(&id));
        }
    }

    /// A request is answered.
    pub(super) fn answered(&mut self, session: &Session, received: Received, answer: &Answer, micros: u128) {
        let response_bytes = match answer {
            Answer::Respond(response) => response.len(),
            Answer::Silence => 0,
            Answer::Close(_) => {
                self.closed_for = Some(received);
                return;
            }
        };
        if !tracing::enabled!(target: "request", tracing::Level::DEBUG) {
            return;
        }
        let Received { bytes, api, version, correlation_id, .. } = received;
        let Session { listener, peer, principal, .. } = session;
        tracing::debug!(
            target: "request",
            connection = self.connection,
            %peer,
            listener = listener.name,
            %principal,
            client_id = self.client_id.as_deref(),
            api = api.map(tracing::field::display),
            version,
            correlation_id,
            request_bytes = bytes,
            response_bytes,
            micros = u64::try_from(micros).unwrap_or(u64::MAX),
            "request answered"
        );
    }

    /// The connection ends for a reason that is worth a line.
    pub(super) fn closed(&self, session: &Session, reason: &str) {
        let Session { listener, peer, principal, .. } = session;
        tracing::info!(
            connection = self.connection,
            %peer,
            listener = listener.name,
            protocol = listener.protocol.name(),
            %principal,
            client_id = self.client_id.as_deref(),
            api = self.closed_for.and_then(|request| request.api).map(tracing::field::display),
            correlation_id = self.closed_for.and_then(|request| request.correlation_id),
            "connection closed: {reason}"
        );
    }
}
