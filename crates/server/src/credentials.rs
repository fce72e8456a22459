//! The one place that knows what shows that somebody is a user: passwords from JAAS and from declared users, SCRAM
//! credentials from the metadata, keys that tokens are signed with.
//!
//! SCRAM takes a declared user's password where the metadata has no credential of that user: its salt is made as those of
//! users that do not exist are.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_metadata::MetadataImage;
use stream_security::Secret;
use stream_security::sasl::scram::{ITERATIONS_MIN, ScramCredential, ScramMechanism};
use stream_security::sasl::server::{BearerLogin, TokenLogin, Users, made_up_salt};
use stream_security::sasl::{BearerError, Mechanism};
use stream_types::{Uuid, WallMillis};

use crate::bearer_keys::BearerKeys;
use crate::broker::Broker;
use crate::config::{DeclaredUser, ListenerSasl};
use crate::delegation_tokens::DelegationTokens;

/// What the broker knows of its users.
#[derive(Debug)]
pub(crate) struct Credentials {
    declared: BTreeMap<String, Secret>,
    /// What SCRAM needs of declared users, made when it is first asked for.
    derived: Mutex<HashMap<(ScramMechanism, String), ScramCredential>>,
    salt_key: Secret,
    bearer_keys: BearerKeys,
    tokens: Arc<DelegationTokens>,
}

/// The users of one listener, as one login sees them.
#[derive(Debug)]
pub(crate) struct ListenerUsers<'a> {
    credentials: &'a Credentials,
    listener: &'a ListenerSasl,
    image: &'a MetadataImage,
}

impl Credentials {
    /// Those of the configuration. `directory_id` never leaves the broker to somebody unknown, and stays for ever.
    pub(crate) fn new(
        declared: &[DeclaredUser],
        directory_id: Uuid,
        bearer_keys: BearerKeys,
        tokens: Arc<DelegationTokens>,
    ) -> Credentials {
        Credentials {
            declared: declared.iter().map(|user| (user.name.clone(), user.password.clone())).collect(),
            derived: Mutex::default(),
            salt_key: Secret::new(directory_id.0.as_slice()),
            bearer_keys,
            tokens,
        }
    }

    /// Keeps the keys of identity providers fresh, until the broker stops.
    pub(crate) fn start(&self, broker: &Arc<Broker>) {
        self.bearer_keys.start(broker);
    }

    /// What the salts of users that do not exist are made from.
    pub(crate) fn salt_key(&self) -> &Secret {
        &self.salt_key
    }

    /// The users of a listener.
    pub(crate) fn users<'a>(&'a self, listener: &'a ListenerSasl, image: &'a MetadataImage) -> ListenerUsers<'a> {
        ListenerUsers { credentials: self, listener, image }
    }

    fn derived(&self, mechanism: ScramMechanism, user: &str) -> Option<ScramCredential> {
        let password = self.declared.get(user)?;
        let key = (mechanism, user.to_owned());
        if let Some(credential) = self.derived.lock().get(&key) {
            return Some(credential.clone());
        }
        let iterations = NonZeroU32::new(ITERATIONS_MIN)?;
        let salt = made_up_salt(mechanism, user, &self.salt_key);
        let salted = mechanism.salted_password(password.as_bytes(), &salt, iterations);
        let credential = mechanism.credential(&salted, &salt, ITERATIONS_MIN);
        self.derived.lock().insert(key, credential.clone());
        Some(credential)
    }
}

impl Users for ListenerUsers<'_> {
    fn password(&self, user: &str) -> Option<Secret> {
        let of_listener = self.listener.mechanism(Mechanism::Plain).and_then(|plain| plain.users.get(user));
        of_listener.or_else(|| self.credentials.declared.get(user)).cloned()
    }

    fn scram(&self, mechanism: ScramMechanism, user: &str) -> Option<ScramCredential> {
        let Some(record) = self.image.security().scram.get(&(user.to_owned(), mechanism.code())) else {
            return self.credentials.derived(mechanism, user);
        };
        Some(ScramCredential {
            salt: record.salt.to_vec(),
            stored_key: Secret::new(record.stored_key.to_vec()),
            server_key: Secret::new(record.server_key.to_vec()),
            iterations: u32::try_from(record.iterations).unwrap_or(0),
        })
    }

    fn delegation_token(&self, mechanism: ScramMechanism, token_id: &str) -> Option<TokenLogin> {
        self.credentials.tokens.login(self.image, mechanism, token_id, &self.credentials.salt_key)
    }

    fn bearer(&self, token: &str, now: WallMillis) -> Result<BearerLogin, String> {
        let Some(bearer) = &self.listener.bearer else { return Err("the listener takes no tokens".to_owned()) };
        let keys = self.credentials.bearer_keys.of(&bearer.keys_url);
        bearer.policy.check(token, &keys, now).map_err(|error| {
            if matches!(error, BearerError::UnknownKey(_)) {
                self.credentials.bearer_keys.ask_again(&bearer.keys_url);
            }
            error.to_string()
        })
    }
}
