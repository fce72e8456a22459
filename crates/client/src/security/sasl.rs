//! `sasl.*`: which mechanism, and what is shown.

use std::sync::Arc;

use stream_security::Secret;
use stream_security::sasl::Mechanism;
use stream_security::sasl::client::Credentials;
use stream_security::sasl::jaas::{self, LoginModule};

use super::SecurityError;
use super::keys::Keys;

const MECHANISM: &str = "sasl.mechanism";
const JAAS: &str = "sasl.jaas.config";
/// Kafka's own key; a file alone, read anew for each connection.
const TOKEN_URL: &str = "sasl.oauthbearer.token.endpoint.url";
/// The name of a variable of the environment that holds the token.
const TOKEN_ENVIRONMENT: &str = "hanzo.oauthbearer.token.env";

/// What a client authenticates with.
#[derive(Clone, Debug)]
pub(crate) struct Sasl {
    mechanism: Mechanism,
    source: Arc<Source>,
}

/// Where credentials come from.
#[derive(Debug)]
enum Source {
    /// They stay the same.
    Fixed(Credentials),
    /// A token that somebody else renews in its file.
    TokenFile { path: String, extensions: Vec<(String, String)> },
}

impl Sasl {
    pub(super) fn from_keys(
        keys: &Keys<'_>,
        is_encrypted: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Sasl, SecurityError> {
        let known: Vec<&str> = Mechanism::ALL.iter().map(|mechanism| mechanism.name()).collect();
        let known = known.join(", ");
        let name = keys.text(MECHANISM).ok_or_else(|| {
            SecurityError::new(
                MECHANISM,
                format!("it is missing, and Kafka's default GSSAPI is not spoken: give one of {known}"),
            )
        })?;
        let mechanism = Mechanism::from_name(name)
            .ok_or_else(|| SecurityError::new(MECHANISM, format!("'{name}' is not spoken: give one of {known}")))?;
        let module = match keys.secret(JAAS) {
            Some(text) => Some(single_module(text)?),
            None => None,
        };
        let source = match mechanism {
            Mechanism::OAuthBearer => bearer(keys, module.as_ref())?,
            _ => Source::Fixed(password(mechanism, module.as_ref())?),
        };
        if mechanism == Mechanism::Plain && !is_encrypted {
            warnings
                .push("PLAIN over SASL_PLAINTEXT shows the password to everybody on the way; use SASL_SSL".to_owned());
        }
        Ok(Sasl { mechanism, source: Arc::new(source) })
    }

    /// The mechanism.
    pub(crate) fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// What to show now.
    pub(crate) fn credentials(&self) -> Result<Credentials, SecurityError> {
        match &*self.source {
            Source::Fixed(credentials) => Ok(credentials.clone()),
            Source::TokenFile { path, extensions } => {
                let token = checked_token(TOKEN_URL, Keys::file(TOKEN_URL, path)?.as_bytes())?;
                Ok(Credentials::Bearer { token, extensions: extensions.clone() })
            }
        }
    }
}

fn single_module(text: &str) -> Result<LoginModule, SecurityError> {
    let mut modules = jaas::parse(text).map_err(|error| SecurityError::new(JAAS, error.to_string()))?;
    match (modules.pop(), modules.is_empty()) {
        (Some(module), true) => Ok(module),
        _ => Err(SecurityError::new(JAAS, "a client has one login module")),
    }
}

fn password(mechanism: Mechanism, module: Option<&LoginModule>) -> Result<Credentials, SecurityError> {
    let class = match mechanism {
        Mechanism::Plain => "org.apache.kafka.common.security.plain.PlainLoginModule",
        _ => "org.apache.kafka.common.security.scram.ScramLoginModule",
    };
    let example = format!("write {JAAS}={class} required username=\"...\" password=\"...\";");
    let module = module.ok_or_else(|| SecurityError::new(JAAS, format!("it is missing: {example}")))?;
    if !matches!(module.class_name(), "PlainLoginModule" | "ScramLoginModule") {
        let problem = format!("{} is no login module of {mechanism}: {example}", module.class_name());
        return Err(SecurityError::new(JAAS, problem));
    }
    let option = |name: &str| {
        let missing = || SecurityError::new(JAAS, format!("there is no {name}: {example}"));
        module.option(name).filter(|value| !value.is_empty()).cloned().ok_or_else(missing)
    };
    let username = String::from_utf8_lossy(option("username")?.as_bytes()).into_owned();
    let password = option("password")?;
    Ok(match mechanism {
        Mechanism::Scram(mechanism) => {
            let is_token =
                module.option("tokenauth").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
            Credentials::Scram { mechanism, username, password, is_token }
        }
        _ => Credentials::Plain { username, password },
    })
}

fn bearer(keys: &Keys<'_>, module: Option<&LoginModule>) -> Result<Source, SecurityError> {
    let options = module.map(|module| module.options.as_slice()).unwrap_or_default();
    let mut extensions = Vec::new();
    for (name, value) in options {
        let Some(extension) = name.strip_prefix("extension_") else {
            let problem = format!(
                "option {name} is not supported; the token comes from {TOKEN_URL}=file:///... or {TOKEN_ENVIRONMENT}"
            );
            return Err(SecurityError::new(JAAS, problem));
        };
        extensions.push((extension.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    }
    match (keys.text(TOKEN_URL), keys.text(TOKEN_ENVIRONMENT)) {
        (Some(url), None) => {
            let path = url.strip_prefix("file://").filter(|path| path.starts_with('/'));
            let problem = "only a file is read: write file:///PATH";
            let path = path.ok_or_else(|| SecurityError::new(TOKEN_URL, problem))?.to_owned();
            checked_token(TOKEN_URL, Keys::file(TOKEN_URL, &path)?.as_bytes())?;
            Ok(Source::TokenFile { path, extensions })
        }
        (None, Some(variable)) => {
            let missing = || SecurityError::new(TOKEN_ENVIRONMENT, format!("the environment has no {variable}"));
            let token = std::env::var(variable).map(Secret::new).map_err(|_| missing())?;
            let token = checked_token(TOKEN_ENVIRONMENT, token.as_bytes())?;
            Ok(Source::Fixed(Credentials::Bearer { token, extensions }))
        }
        (None, None) => {
            let problem = format!("where is the token? give file:///PATH, or {TOKEN_ENVIRONMENT}=VARIABLE");
            Err(SecurityError::new(TOKEN_URL, problem))
        }
        (Some(_), Some(_)) => Err(SecurityError::new(TOKEN_ENVIRONMENT, format!("{TOKEN_URL} is given too"))),
    }
}

/// A token without the white space round it; nothing that would end the message early.
fn checked_token(key: &str, bytes: &[u8]) -> Result<Secret, SecurityError> {
    let token = bytes.trim_ascii();
    if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) {
        return Err(SecurityError::new(key, "there is no token in it"));
    }
    Ok(Secret::new(token))
}
