//! Who may ask the HTTP listener for what is not open: the users of the first listener that clients log in on, with the same
//! passwords (Basic) and tokens (Bearer), and the ACLs that Kafka's requests go by.
//!
//! - Passwords and tokens are taken over TLS and from this machine alone.
//! - Who shows something wrong waits `connection.failed.authentication.delay.ms`, and is in the audit trail and in
//!   `kafka_authentications_total`; a password counts as PLAIN there, whatever it was checked by.
//! - A password takes milliseconds to check: so many at a time that clients of the broker do not feel it.

use std::sync::Arc;

use stream_http::{Access, Caller, Credentials, Resource};
use stream_metadata::SecurityProtocol;
use stream_security::Principal;
use stream_security::acl::Operation;
use stream_security::sasl::Mechanism;
use stream_security::sasl::server::{Users, check_password};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::broker::Broker;
use crate::config::HTTP_LISTENER;
use crate::net::{Closer, ListenerInfo, ListenerTls, Muter, Session};

/// Passwords that are checked at the same time.
const CHECKS_MAX: usize = 1;

const NEEDS_TLS: &str = "passwords and tokens are not taken here from other machines without TLS: \
                         hanzo.http.listener=https://HOST:PORT, or hanzo.http.metrics.auth=open";

/// What requests are decided by.
#[derive(Debug)]
pub(super) struct HttpAccess {
    /// The HTTP listener in the words of Kafka's: with the users of the first listener that clients log in on.
    listener: Arc<ListenerInfo>,
    checks: Semaphore,
}

/// Somebody who did not prove who they are.
struct Failure {
    mechanism: Option<Mechanism>,
    /// `Basic`, `Bearer` or `TLS`.
    scheme: &'static str,
    reason: String,
}

impl HttpAccess {
    pub(super) fn new(broker: &Broker, tls: Option<Arc<ListenerTls>>) -> HttpAccess {
        let config = &broker.config;
        let sasl = config.listeners.iter().find_map(|listener| config.sasl.listeners.get(&listener.name)).cloned();
        let listener = Arc::new(ListenerInfo {
            name: HTTP_LISTENER.to_owned(),
            protocol: if tls.is_some() { SecurityProtocol::Ssl } else { SecurityProtocol::Plaintext },
            sasl,
            tls,
            frame_bytes_max: 0,
            is_controller: false,
        });
        HttpAccess { listener, checks: Semaphore::new(CHECKS_MAX) }
    }

    /// Whether the caller may ask for this, which is not open.
    pub(super) async fn decide(&self, broker: &Arc<Broker>, resource: Resource, caller: Caller) -> Access {
        let peer = caller.peer;
        if !caller.encrypted && !peer.ip().is_loopback() {
            return Access::Refused(NEEDS_TLS.to_owned());
        }
        let principal = match self.identify(broker, caller).await {
            Ok(Some(principal)) => principal,
            Ok(None) => return self.unknown(),
            Err(failure) => {
                broker.audit.authentication_failed(HTTP_LISTENER, peer, failure.scheme, &failure.reason);
                broker.metrics.authenticated(failure.mechanism, false);
                tokio::time::sleep_until(broker.clock.deadline(broker.config.sasl.failure_delay)).await;
                return self.unknown();
            }
        };
        let session = Session {
            listener: Arc::clone(&self.listener),
            peer,
            principal,
            by_token: false,
            closer: Closer::default(),
            muter: Muter::default(),
        };
        match resource {
            Resource::Metrics if !broker.may_on_cluster(&session, Operation::Describe) => {
                Access::Refused(format!("{} may not Describe the cluster", session.principal))
            }
            Resource::Metrics | Resource::Health => Access::Granted,
        }
    }

    fn unknown(&self) -> Access {
        Access::Unknown { bearer: self.listener.sasl.as_ref().is_some_and(|sasl| sasl.bearer.is_some()) }
    }

    /// Who it is; none for who shows nothing.
    async fn identify(&self, broker: &Arc<Broker>, caller: Caller) -> Result<Option<Principal>, Failure> {
        match caller.credentials {
            Some(Credentials::Basic { user, password }) => {
                let (broker, listener) = (Arc::clone(broker), Arc::clone(&self.listener));
                let failure = |reason| Failure { mechanism: Some(Mechanism::Plain), scheme: "Basic", reason };
                let _turn = self.checks.acquire().await;
                let checked = spawn_blocking(move || {
                    let Some(sasl) = &listener.sasl else { return Err("no listener has users".to_owned()) };
                    let image = broker.image();
                    let users = broker.credentials.users(sasl, &image);
                    check_password(&user, &password, &users, broker.credentials.salt_key())
                        .map_err(|refusal| format!("user {user}: {}", refusal.reason))
                        .inspect(|_| broker.metrics.authenticated(Some(Mechanism::Plain), true))
                });
                let login = checked.await.unwrap_or_else(|error| Err(error.to_string())).map_err(failure)?;
                Ok(Some(Principal::user(&login.user)))
            }
            Some(Credentials::Bearer(token)) => {
                let failure = |reason| Failure { mechanism: Some(Mechanism::OAuthBearer), scheme: "Bearer", reason };
                let sasl = self.listener.sasl.as_ref().ok_or_else(|| failure("no listener has users".to_owned()))?;
                let image = broker.image();
                let users = broker.credentials.users(sasl, &image);
                let login = users.bearer(&token, broker.clock.wall()).map_err(failure)?;
                broker.metrics.authenticated(Some(Mechanism::OAuthBearer), true);
                Ok(Some(Principal::user(&login.user)))
            }
            Some(Credentials::Malformed) => {
                let reason = "the Authorization header cannot be read".to_owned();
                Err(Failure { mechanism: None, scheme: "unknown", reason })
            }
            None => match (&self.listener.tls, &caller.certificate) {
                (Some(tls), Some(certificate)) => match tls.principal_of(certificate) {
                    Ok(principal) => Ok(Some(principal)),
                    Err(reason) => Err(Failure { mechanism: None, scheme: "TLS", reason }),
                },
                _ => Ok(None),
            },
        }
    }
}
