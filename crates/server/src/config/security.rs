//! Refuses every security setting that the broker cannot honour. A warning would leave open what its owner wants closed.

use stream_metadata::SecurityProtocol;
use stream_metadata::config_def::{self, ConfigType, is_security_key};

use super::error::ConfigError;
use super::keys;
use super::reader::Reader;
use super::settings::{Settings, Source};

/// Whether a value says only what Kafka does without the key.
fn asks_for_nothing(key: &str, text: &str) -> bool {
    text.is_empty() || config_def::broker_key(key).and_then(|row| row.default) == Some(text)
}

fn what_is_missing(key: &str) -> &'static str {
    match config_def::broker_key(key).map(|row| row.kind) {
        Some(ConfigType::Class) => "classes of Java cannot be loaded",
        _ if key.contains("kerberos") => "Kerberos is not spoken",
        _ => "nothing here does what it says",
    }
}

/// Refuses keys and variables that ask for security.
pub(crate) fn refuse_unhonoured(settings: &Settings, credentials: &[String]) -> Result<(), ConfigError> {
    for (key, setting) in settings.iter() {
        // What a row calls honoured is checked where it is read.
        if is_security_key(key) && !keys::is_honoured(key) && !asks_for_nothing(key, &setting.text) {
            return Err(ConfigError::Security {
                key: key.to_owned(),
                given: setting.source.clone(),
                problem: what_is_missing(key).to_owned(),
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
    let mut mapped_to = None;
    for entry in super::listener::list(reader.text_or_default(MAP)) {
        let Some((listener, mapped)) = entry.split_once(':') else {
            return Err(reader.invalid(MAP, format!("'{entry}' is not LISTENER:PROTOCOL, such as CLIENT:SSL")));
        };
        if listener.trim().eq_ignore_ascii_case(name) {
            mapped_to = Some(mapped.trim());
        }
    }
    match (mapped_to, SecurityProtocol::from_name(mapped_to.unwrap_or(name))) {
        (_, Some(protocol)) => Ok(protocol),
        // Kafka's own sample maps it, and a map that somebody wrote must name it; without a map it speaks plain text.
        (_, None) if name == "CONTROLLER" && reader.text(MAP).is_none() => Ok(SecurityProtocol::Plaintext),
        (Some(other), None) => {
            let problem = format!("{other} is no security protocol; give PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
            Err(reader.invalid(MAP, problem))
        }
        (None, None) => Err(reader.invalid(
            "listeners",
            format!("listener {name} has no security protocol; add {name}:PLAINTEXT to {MAP}, or what it is to speak"),
        )),
    }
}
