//! Delegation tokens at work (KIP-48): their secrets, who may ask for them, and the removal of those that are over.
//!
//! A token's secret is the HMAC-SHA-512 of its id under `delegation.token.secret.key`, as in Kafka: every node with the same key knows
//! it, and nothing stores it. In base64 it is the password of a SCRAM login with `tokenauth=true`, the id is the user.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use stream_metadata::{Command, MetadataImage, Reply, SecurityProtocol};
use stream_security::sasl::scram::{ITERATIONS_MIN, ScramCredential, ScramMechanism};
use stream_security::sasl::server::{TokenLogin, made_up_salt};
use stream_security::tokens::{token_password, token_secret};
use stream_security::{Principal, Secret, same_secret};
use stream_types::{ErrorCode, WallMillis};

use crate::broker::Broker;
use crate::net::Session;

/// The tokens of the cluster as this broker knows them.
#[derive(Debug)]
pub(crate) struct DelegationTokens {
    /// None: tokens are off.
    key: Option<Secret>,
    /// What SCRAM needs of tokens that were used; only of those that exist.
    derived: Mutex<HashMap<(ScramMechanism, String), ScramCredential>>,
}

impl DelegationTokens {
    /// Tokens under this key.
    pub(crate) fn new(key: Option<Secret>) -> DelegationTokens {
        DelegationTokens { key, derived: Mutex::default() }
    }

    /// Whether there can be tokens.
    pub(crate) fn are_on(&self) -> bool {
        self.key.is_some()
    }

    /// Whether a connection may ask for tokens: it has logged in, and not with a token.
    pub(crate) fn may_ask(&self, session: &Session) -> bool {
        let anonymous = session.principal == Principal::anonymous();
        match session.listener.protocol {
            _ if session.by_token => false,
            SecurityProtocol::Plaintext => false,
            SecurityProtocol::Ssl => !anonymous,
            SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl => true,
        }
    }

    /// The secret of a token; empty while tokens are off.
    pub(crate) fn secret_of(&self, token_id: &str) -> Bytes {
        self.key.as_ref().map_or_else(Bytes::new, |key| Bytes::from(token_secret(key, token_id)))
    }

    /// The id of the token with this secret.
    ///
    /// # Errors
    /// What a connection is told that may not ask, or asks for what is not there.
    pub(crate) fn id_of(&self, image: &MetadataImage, session: &Session, secret: &[u8]) -> Result<String, ErrorCode> {
        if !self.may_ask(session) {
            return Err(ErrorCode::DelegationTokenRequestNotAllowed);
        }
        let Some(key) = &self.key else { return Err(ErrorCode::DelegationTokenAuthDisabled) };
        let mut ids = image.security().tokens.keys();
        let id = ids.find(|id| same_secret(&token_secret(key, id), secret));
        id.cloned().ok_or(ErrorCode::DelegationTokenNotFound)
    }

    /// What SCRAM needs to log somebody in with a token.
    pub(crate) fn login(
        &self,
        image: &MetadataImage,
        mechanism: ScramMechanism,
        token_id: &str,
        salt_key: &Secret,
    ) -> Option<TokenLogin> {
        let key = self.key.as_ref()?;
        let record = image.security().tokens.get(token_id)?;
        let owner = Principal::parse(&record.owner)?.name().to_owned();
        let expires = WallMillis(record.expiration_timestamp.min(record.max_timestamp));
        let place = (mechanism, token_id.to_owned());
        let known = self.derived.lock().get(&place).cloned();
        let credential = match known {
            Some(credential) => credential,
            None => {
                let iterations = NonZeroU32::new(ITERATIONS_MIN)?;
                let salt = made_up_salt(mechanism, token_id, salt_key);
                let password = token_password(key, token_id);
                let salted = mechanism.salted_password(password.as_bytes(), &salt, iterations);
                let credential = mechanism.credential(&salted, &salt, ITERATIONS_MIN);
                let mut derived = self.derived.lock();
                derived.retain(|(_, id), _| image.security().tokens.contains_key(id));
                derived.insert(place, credential.clone());
                credential
            }
        };
        Some(TokenLogin { credential, owner, expires })
    }
}

/// Removes tokens that are over, every `delegation.token.expiry.check.interval.ms`, until the broker stops.
pub(crate) fn start(broker: &Arc<Broker>, interval: Duration) {
    if !broker.tokens.are_on() {
        return;
    }
    let broker = Arc::clone(broker);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = broker.stopping() => return,
            }
            match broker.controller.submit(Command::RemoveExpiredTokens).await {
                Ok(Reply::RemoveExpiredTokens(ids)) => {
                    for id in ids {
                        broker.audit.changed_by_broker("ExpireDelegationToken", format_args!("token {id} is over"));
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::debug!("expired delegation tokens stay for now: {error}"),
            }
        }
    });
}
