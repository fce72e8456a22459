//! SASL on a new connection: SaslHandshake names the mechanism, SaslAuthenticate carries the exchange (KIP-152).
//!
//! A session that the broker limits (KIP-368) is not renewed in place: requests of many tasks are under way on a
//! connection. Before it ends the client takes a new connection, which authenticates anew.

use std::time::Duration;

use bytes::Bytes;
use stream_security::sasl::client::{ExchangeError, Step};
use stream_security::sasl::scram::NONCE_BYTES;
use stream_types::ErrorCode;
use stream_wire::ApiKey;
use stream_wire::sasl_authenticate::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use stream_wire::sasl_handshake::SaslHandshakeRequest;

use crate::clock::fill_random;
use crate::connection::Connection;
use crate::error::{ClientError, error_name};
use crate::security::Sasl;

/// Messages of an exchange, at most; no mechanism needs half as many.
const STEPS_MAX: usize = 8;
/// The highest version whose raw exchange is carried in requests.
const HANDSHAKE_VERSION: i16 = 1;

/// Authenticates a connection; gives the lifetime of the session, if it has one.
pub(crate) async fn authenticate(
    connection: &Connection,
    sasl: &Sasl,
    wait: Duration,
) -> Result<Option<Duration>, ClientError> {
    let failed = |reason: String| ClientError::Authentication {
        address: connection.address().to_owned(),
        mechanism: sasl.mechanism().name(),
        reason,
    };
    let credentials = sasl.credentials().map_err(|error| failed(error.to_string()))?;
    choose_mechanism(connection, sasl, wait).await?;
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce);
    let (mut exchange, mut message) = credentials.begin(nonce);
    let mut refused = String::new();
    for _ in 0..STEPS_MAX {
        let response = send(connection, message, wait).await?;
        if response.error_code != 0 {
            let words = response.error_message.as_deref().unwrap_or_default();
            return Err(failed(refusal(response.error_code, &refused, words)));
        }
        match exchange.answer(&response.auth_bytes) {
            Ok(Step::Done) => {
                let lifetime = u64::try_from(response.session_lifetime_ms).unwrap_or(0);
                return Ok((lifetime > 0).then(|| Duration::from_millis(lifetime)));
            }
            Ok(Step::Send(next)) => message = next,
            Err(error @ ExchangeError::Refused { .. }) => {
                return Err(failed(format!("{error}; are user name and password right?")));
            }
            Err(error) => return Err(failed(format!("{error}; do not trust it"))),
        }
        refused = String::from_utf8_lossy(&response.auth_bytes).into_owned();
    }
    Err(failed("it does not come to an end".to_owned()))
}

/// What the broker said, and what to look at.
fn refusal(code: i16, before: &str, words: &str) -> String {
    let mut parts = vec![error_name(code)];
    // The JSON of RFC 7628 says more than the refusal that follows it.
    parts.extend(
        [words, before].iter().filter(|text| text.is_ascii() && !text.starts_with("r=")).map(|&text| text.to_owned()),
    );
    parts.retain(|part| !part.is_empty());
    format!("{}; are user name and password (or token) right?", parts.join(": "))
}

async fn choose_mechanism(connection: &Connection, sasl: &Sasl, wait: Duration) -> Result<(), ClientError> {
    let mechanism = sasl.mechanism().name();
    let version = connection.version(ApiKey::SaslHandshake, HANDSHAKE_VERSION)?;
    let request = SaslHandshakeRequest { mechanism: mechanism.into() };
    let response = connection.call(&request, version, wait).await?;
    let reason = match ErrorCode::from_code(response.error_code) {
        Some(ErrorCode::None) => return Ok(()),
        Some(ErrorCode::UnsupportedSaslMechanism) => {
            let offered: Vec<&str> = response.mechanisms.iter().map(|name| name.as_str()).collect();
            format!("it does not offer that; sasl.mechanism can be {}", offered.join(", "))
        }
        Some(ErrorCode::IllegalSaslState) => {
            "its listener has no SASL; security.protocol=PLAINTEXT or SSL is for those".to_owned()
        }
        _ => error_name(response.error_code),
    };
    Err(ClientError::Authentication { address: connection.address().to_owned(), mechanism, reason })
}

async fn send(
    connection: &Connection,
    message: Vec<u8>,
    wait: Duration,
) -> Result<SaslAuthenticateResponse, ClientError> {
    let version = connection.version(ApiKey::SaslAuthenticate, i16::MAX)?;
    connection.call(&SaslAuthenticateRequest { auth_bytes: Bytes::from(message) }, version, wait).await
}
