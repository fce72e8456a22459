//! Who a connection belongs to, and what it may ask before that is known.
//!
//! ```text
//! fresh --SaslHandshake v1--> SaslAuthenticate ... --> open --SaslHandshake--> SaslAuthenticate ... --> open
//!       --SaslHandshake v0--> raw tokens       ... --> open
//! ```
//!
//! - Before it is open a connection is asked for ApiVersions, SaslHandshake and SaslAuthenticate only, in small frames and
//!   for a limited time, and there are only so many of them. Anything else ends it without an answer.
//! - A refusal is answered after `connection.failed.authentication.delay.ms`, and is the last answer.
//! - KIP-368: a session whose time is over takes a SaslHandshake and nothing else; the same principal must log in again
//!   with the same mechanism, at most once a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stream_metadata::SecurityProtocol;
use stream_security::Principal;
use stream_security::sasl::Mechanism;
use stream_security::sasl::scram::NONCE_BYTES;
use stream_security::sasl::server::{Context, Exchange, Login, Refusal, Step};
use stream_types::{Monotonic, limits};
use stream_wire::api::ApiKey;

use super::connection::{ListenerInfo, Session};
use super::response_queue::{Answer, Pending};
use crate::broker::Broker;
use crate::clock;

/// Kafka's shortest time between two logins on one connection.
const REAUTHENTICATION_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// How far the client of one connection is with saying who it is.
#[derive(Debug)]
pub(crate) struct Authentication {
    stage: Stage,
    began: Monotonic,
    known: Option<Known>,
    /// Counts among the connections whose client is not known.
    turn: Option<Turn>,
}

#[derive(Debug)]
enum Stage {
    /// Requests are served.
    Open,
    /// A mechanism is to be chosen.
    Fresh,
    /// An exchange is under way; its messages come raw after SaslHandshake v0.
    Exchanging { exchange: Exchange, raw: bool },
    /// Another mechanism was chosen than the one that the client is known by.
    OtherMechanism(String),
    /// The last answer is on its way.
    Failed,
}

/// What the client has shown.
#[derive(Debug)]
struct Known {
    principal: Principal,
    mechanism: Mechanism,
    expires: Option<Monotonic>,
    reauthenticated: Option<Monotonic>,
}

/// A place among the connections whose client is not known.
#[derive(Debug)]
struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why no exchange begins.
#[derive(Debug)]
pub(crate) enum HandshakeError {
    /// The client is known already, and need not or may not say again who it is.
    Illegal,
    /// The listener does not take the mechanism; this is the last answer.
    Unsupported,
}

/// What follows from a message of an exchange.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// This is to be sent, and another message is to come.
    Continue(Vec<u8>),
    /// The client is known; this is to be sent. The session lasts so many milliseconds, 0 for ever.
    Open { message: Vec<u8>, lifetime_millis: i64 },
    /// It is not who it says; this text is the last answer.
    Failed(String),
    /// There is no exchange.
    Unexpected,
}

impl Authentication {
    /// The beginning of a connection; none when too many are not known already.
    pub(crate) fn begin(listener: &ListenerInfo, unknown: &Arc<AtomicUsize>, now: Monotonic) -> Option<Authentication> {
        if !matches!(listener.protocol, SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl) {
            return Some(Authentication { stage: Stage::Open, began: now, known: None, turn: None });
        }
        let turn = Turn(Arc::clone(unknown));
        let before = unknown.fetch_add(1, Ordering::Relaxed);
        let is_admitted = before < limits::UNAUTHENTICATED_CONNECTIONS_MAX;
        is_admitted.then_some(Authentication { stage: Stage::Fresh, began: now, known: None, turn: Some(turn) })
    }

    /// Whether nothing is served yet.
    pub(crate) fn is_closed(&self) -> bool {
        self.turn.is_some()
    }

    /// Whether the last answer is on its way.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.stage, Stage::Failed)
    }

    /// Whether frames are raw messages of an exchange.
    pub(crate) fn takes_raw_tokens(&self) -> bool {
        matches!(self.stage, Stage::Exchanging { raw: true, .. })
    }

    /// Whether the client has taken too long to say who it is. When many do, each gets less time.
    pub(crate) fn is_overdue(&self, now: Monotonic) -> bool {
        let Some(turn) = &self.turn else { return false };
        let is_crowded = turn.0.load(Ordering::Relaxed) > limits::UNAUTHENTICATED_CONNECTIONS_MAX / 2;
        let millis = if is_crowded { limits::AUTHENTICATION_CROWDED_MILLIS } else { limits::AUTHENTICATION_MILLIS };
        now.since(self.began) >= Duration::from_millis(millis)
    }

    /// Whether a request of this kind may come now.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(crate) fn check_request(&self, api: ApiKey, now: Monotonic) -> Result<(), String> {
        let is_expected = match &self.stage {
            Stage::Open => {
                let is_over = self.known.as_ref().and_then(|known| known.expires).is_some_and(|end| now >= end);
                if is_over && api != ApiKey::SaslHandshake {
                    return Err(format!("{api} request after the session's time was over"));
                }
                true
            }
            Stage::Fresh => matches!(api, ApiKey::ApiVersions | ApiKey::SaslHandshake),
            Stage::Exchanging { .. } | Stage::OtherMechanism(_) => api == ApiKey::SaslAuthenticate,
            Stage::Failed => false,
        };
        if is_expected { Ok(()) } else { Err(format!("unexpected {api} request before the client is known")) }
    }

    /// Takes the client's choice of a mechanism.
    ///
    /// # Errors
    /// When no exchange begins.
    pub(crate) fn choose(
        &mut self,
        listener: &ListenerInfo,
        name: &str,
        raw: bool,
        now: Monotonic,
    ) -> Result<(), HandshakeError> {
        if let Some(known) = &mut self.known {
            let too_soon = known.reauthenticated.is_some_and(|last| now.since(last) < REAUTHENTICATION_INTERVAL_MIN);
            if known.expires.is_none() || too_soon {
                return Err(HandshakeError::Illegal);
            }
            known.reauthenticated = Some(now);
        }
        let Some(sasl) = &listener.sasl else { return Err(HandshakeError::Illegal) };
        let Some(mechanism) = Mechanism::from_name(name).filter(|chosen| sasl.mechanism(*chosen).is_some()) else {
            self.stage = Stage::Failed;
            return Err(HandshakeError::Unsupported);
        };
        self.stage = match &self.known {
            Some(known) if known.mechanism != mechanism => Stage::OtherMechanism(format!(
                "SASL mechanism '{mechanism}' requested by client is not supported for re-authentication of mechanism \
                 '{}'",
                known.mechanism
            )),
            _ => Stage::Exchanging { exchange: Exchange::begin(mechanism), raw },
        };
        Ok(())
    }

    /// Takes a message of the exchange. The session gets its principal when it is the last.
    pub(crate) fn step(&mut self, broker: &Broker, session: &mut Session, message: &[u8]) -> Outcome {
        if let Stage::OtherMechanism(text) = &self.stage {
            let refusal = Refusal { answer: Some(text.clone()), reason: text.clone(), user: None };
            return self.fail(broker, session, None, refusal);
        }
        let (Stage::Exchanging { exchange, .. }, Some(sasl)) = (&mut self.stage, &session.listener.sasl) else {
            return Outcome::Unexpected;
        };
        let mechanism = exchange.mechanism();
        let mut nonce = [0; NONCE_BYTES];
        clock::fill_random(&mut nonce);
        let now = broker.clock.now();
        let image = broker.image();
        let users = broker.credentials.users(sasl, &image);
        let context = Context { users: &users, nonce, salt_key: broker.credentials.salt_key(), now: now.wall };
        match exchange.step(message, &context) {
            Step::Continue(message) => Outcome::Continue(message),
            Step::Refused(refusal) => self.fail(broker, session, Some(mechanism), refusal),
            Step::Done(login, message) => {
                let session_max = sasl.mechanism(mechanism).and_then(|settings| settings.session_max);
                let lifetime = lifetime(&login, session_max, now.wall.0);
                let principal = Principal::user(&login.user);
                if let Some(known) = self.known.as_ref().filter(|known| known.principal != principal) {
                    let text = format!(
                        "Cannot change principals during re-authentication from {} to {}",
                        dotted(&known.principal),
                        dotted(&principal)
                    );
                    let refusal = Refusal { answer: Some(text.clone()), reason: text, user: Some(login.user) };
                    return self.fail(broker, session, Some(mechanism), refusal);
                }
                broker.metrics.authenticated(Some(mechanism), true);
                let expires = lifetime.map(|lifetime| now.monotonic.plus(lifetime));
                let reauthenticated = self.known.take().and_then(|known| known.reauthenticated);
                self.known = Some(Known { principal: principal.clone(), mechanism, expires, reauthenticated });
                self.turn = None;
                self.stage = Stage::Open;
                session.principal = principal;
                session.by_token = login.by_delegation_token;
                Outcome::Open { message, lifetime_millis: lifetime.unwrap_or_default().as_millis() as i64 }
            }
        }
    }

    /// Notes why the client is turned away. What it is told may be less.
    fn fail(&mut self, broker: &Broker, session: &Session, mechanism: Option<Mechanism>, refusal: Refusal) -> Outcome {
        self.stage = Stage::Failed;
        let Refusal { answer, reason, user } = refusal;
        note_failure(broker, session, mechanism.map_or("unknown", Mechanism::name), user.as_deref(), &reason);
        broker.metrics.authenticated(mechanism, false);
        let again = if self.known.is_some() { "re-authentication" } else { "authentication" };
        let mechanism = mechanism.map_or("unknown", Mechanism::name);
        Outcome::Failed(answer.unwrap_or_else(|| {
            format!("Authentication failed during {again} due to invalid credentials with SASL mechanism {mechanism}")
        }))
    }
}

/// The one place that failed logins are told to.
pub(crate) fn note_failure(broker: &Broker, session: &Session, mechanism: &str, user: Option<&str>, reason: &str) {
    let reason = match user {
        Some(user) => format!("user {user}: {reason}"),
        None => reason.to_owned(),
    };
    broker.audit.authentication_failed(&session.listener.name, session.peer, mechanism, &reason);
}

/// The last answer of a connection, after the time that makes guessing slow.
pub(crate) fn after_delay(broker: &Broker, answer: Answer) -> Pending {
    let deadline = broker.clock.deadline(broker.config.sasl.failure_delay);
    Pending::later(async move {
        tokio::time::sleep_until(deadline).await;
        answer
    })
}

/// How long a session lasts: to the end of what was shown, and no longer than the listener allows; none for ever.
fn lifetime(login: &Login, session_max: Option<Duration>, now_millis: i64) -> Option<Duration> {
    let shown = login.expires.map(|expires| Duration::from_millis(expires.0.saturating_sub(now_millis).max(0) as u64));
    match (shown, session_max) {
        (Some(shown), Some(max)) => Some(shown.min(max)),
        (one, other) => one.or(other),
    }
}

fn dotted(principal: &Principal) -> String {
    format!("{}.{}", principal.kind(), principal.name())
}

#[cfg(test)]
mod tests {
    use stream_types::WallMillis;

    use super::*;

    #[test]
    fn a_session_ends_with_what_was_shown_or_with_the_listeners_patience() {
        let login = |expires: Option<i64>| Login {
            user: "u".to_owned(),
            expires: expires.map(WallMillis),
            by_delegation_token: false,
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(lifetime(&login(None), None, 0), None);
        assert_eq!(lifetime(&login(None), seconds(5), 0), seconds(5));
        assert_eq!(lifetime(&login(Some(9_000)), None, 1_000), seconds(8));
        assert_eq!(lifetime(&login(Some(9_000)), seconds(5), 1_000), seconds(5));
        assert_eq!(lifetime(&login(Some(3_000)), seconds(5), 1_000), seconds(2));
        assert_eq!(lifetime(&login(Some(3_000)), None, 4_000), seconds(0));
    }
}
