//! The keys of Kafka's clients that are about security.

use std::collections::BTreeMap;
use std::path::Path;

use stream_security::Secret;

use super::SecurityError;

/// Keys that are obeyed.
const HONOURED: &[&str] = &[
    "hanzo.oauthbearer.token.env",
    "sasl.jaas.config",
    "sasl.mechanism",
    "sasl.oauthbearer.token.endpoint.url",
    "security.protocol",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.protocol",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];

/// Keys of Kafka's that tune what only a JVM or Kerberos has, and may say what they like.
const WITHOUT_EFFECT: &[&str] = &[
    "sasl.kerberos.",
    "sasl.login.connect.timeout.ms",
    "sasl.login.read.timeout.ms",
    "sasl.login.refresh.",
    "sasl.login.retry.",
    "security.providers",
    "ssl.keymanager.algorithm",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
];

/// The class that fetches tokens in Java: its own name may stand where the file of a token is given.
const CALLBACK_HANDLER: &str = "sasl.login.callback.handler.class";
const BEARER_CALLBACK_HANDLER: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler";

/// Client properties whose keys are known.
pub(super) struct Keys<'a>(&'a BTreeMap<String, String>);

impl<'a> Keys<'a> {
    pub(super) fn new(properties: &'a BTreeMap<String, String>) -> Result<Keys<'a>, SecurityError> {
        let is_ours = |key: &str| ["ssl.", "sasl.", "security.", "hanzo."].iter().any(|start| key.starts_with(start));
        for (key, value) in properties.iter().filter(|(key, _)| is_ours(key)) {
            let is_kafkas_own = key == CALLBACK_HANDLER && value.trim() == BEARER_CALLBACK_HANDLER;
            let has_no_effect = is_kafkas_own || WITHOUT_EFFECT.iter().any(|start| key.starts_with(start));
            if !has_no_effect && !HONOURED.contains(&key.as_str()) {
                return Err(SecurityError::new(key, "this security key is not supported; take it out or correct it"));
            }
        }
        Ok(Keys(properties))
    }

    /// The value of a key, unless it is absent or empty.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value, which may be empty.
    pub(super) fn text_or_empty(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(|value| value.trim())
    }

    /// The value of a key that is secret; white space belongs to it.
    pub(super) fn secret(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The bytes of a file that a key names.
    pub(super) fn file(key: &str, path: &str) -> Result<Secret, SecurityError> {
        std::fs::read(Path::new(path)).map(Secret::new).map_err(|error| {
            let text = error.to_string();
            let reason = text.split(" (os error").next().unwrap_or_default();
            SecurityError::new(key, format!("cannot read {path}: {reason}"))
        })
    }
}

/// Words separated by commas.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}
