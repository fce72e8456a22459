//! Refuses every security setting that the broker cannot honour. A warning would leave open what its owner wants closed.

use stream_metadata::{SecurityProtocol, config_def};

use super::error::ConfigError;
use super::keys;
use super::reader::{Reader, invalid};
use super::settings::{Setting, Settings, Source};

/// Keys that ask for authentication, authorization or encryption.
const SECURITY_PREFIXES: &[&str] =
    &["sasl.", "ssl.", "listener.name.", "authorizer.", "delegation.token.", "password.encoder.", "early.start."];
const SECURITY_KEYS: &[&str] = &[
    "super.users",
    "allow.everyone.if.no.acl.found",
    "principal.builder.class",
    "security.providers",
    "connection.failed.authentication.delay.ms",
    "connections.max.reauth.ms",
    "controller.sasl.mechanism",
];

/// Whether `key` is about security.
pub(crate) fn is_security_key(key: &str) -> bool {
    SECURITY_KEYS.contains(&key) || SECURITY_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// Whether a value says only what Kafka does without the key.
fn asks_for_nothing(key: &str, text: &str) -> bool {
    text.is_empty() || config_def::broker_key(key).and_then(|row| row.default) == Some(text)
}

/// Refuses keys and variables that ask for security.
pub(crate) fn refuse_unhonoured(settings: &Settings, credentials: &[String]) -> Result<(), ConfigError> {
    for (key, setting) in settings.iter() {
        // What a row calls honoured is checked where it is read.
        if is_security_key(key) && !keys::is_honoured(key) && !asks_for_nothing(key, &setting.text) {
            return Err(ConfigError::Security {
                key: key.to_owned(),
                given: setting.source.clone(),
                problem: "listeners speak PLAINTEXT and everybody may do everything".to_owned(),
            });
        }
    }
    if let Some(variable) = credentials.first() {
        return Err(ConfigError::Security {
            key: variable.clone(),
            given: Source::Environment(variable.clone()),
            problem: "there are no users to give these credentials to".to_owned(),
        });
    }
    Ok(())
}

/// The protocol of the listener called `name`, by `listener.security.protocol.map`; a listener named like a protocol
/// needs no entry.
pub(crate) fn protocol_of(reader: Reader<'_>, name: &str) -> Result<SecurityProtocol, ConfigError> {
    const MAP: &str = "listener.security.protocol.map";
    let mut protocol = None;
    for entry in super::listener::list(reader.text_or_default(MAP)) {
        let Some((listener, mapped)) = entry.split_once(':') else {
            return Err(reader.invalid(MAP, format!("'{entry}' is not LISTENER:PROTOCOL, such as CLIENT:PLAINTEXT")));
        };
        if listener.trim().eq_ignore_ascii_case(name) {
            protocol = Some(mapped.trim().to_ascii_uppercase());
        }
    }
    let named_by = if protocol.is_some() && reader.text(MAP).is_some() { MAP } else { "listeners" };
    match protocol.as_deref().unwrap_or(name) {
        "PLAINTEXT" => Ok(SecurityProtocol::Plaintext),
        "SASL_PLAINTEXT" => Ok(SecurityProtocol::SaslPlaintext),
        protocol @ ("SSL" | "SASL_SSL") => Err(ConfigError::Security {
            key: named_by.to_owned(),
            given: reader.settings.source(named_by),
            problem: format!("listener {name} is to speak {protocol}, and only PLAINTEXT is spoken"),
        }),
        // Kafka's own sample maps it, and a map that somebody wrote must name it; without a map it speaks plain text.
        "CONTROLLER" if reader.text(MAP).is_none() => Ok(SecurityProtocol::Plaintext),
        other if named_by == MAP => {
            Err(reader.invalid(MAP, format!("{other} is no security protocol; give PLAINTEXT")))
        }
        other => Err(reader.invalid(
            "listeners",
            format!("listener {other} has no security protocol; add {other}:PLAINTEXT to {MAP}"),
        )),
    }
}

/// Refuses `security.inter.broker.protocol` other than PLAINTEXT.
pub(crate) fn check_inter_broker(settings: &Settings) -> Result<(), ConfigError> {
    const KEY: &str = "security.inter.broker.protocol";
    match settings.get(KEY) {
        Some(Setting { text, source }) if matches!(text.as_str(), "SSL" | "SASL_PLAINTEXT" | "SASL_SSL") => {
            Err(ConfigError::Security {
                key: KEY.to_owned(),
                given: source.clone(),
                problem: format!("brokers are to speak {text}, and only PLAINTEXT is spoken"),
            })
        }
        Some(setting) if !setting.text.is_empty() && setting.text != "PLAINTEXT" => {
            Err(invalid(KEY, Some(setting), "give PLAINTEXT"))
        }
        _ => Ok(()),
    }
}
