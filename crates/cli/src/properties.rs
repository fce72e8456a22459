//! `client.properties`, as Kafka's tools take it with `--command-config`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use stream_client::{Security, properties};

use crate::error::CliError;

/// What a file of client properties says.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientProperties {
    pub(crate) client_id: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) security: Security,
}

impl ClientProperties {
    /// Reads a file; security that it asks for and that cannot be had is an error.
    pub(crate) fn load(path: &Path) -> Result<ClientProperties, CliError> {
        let properties = read_properties(path)?;
        ClientProperties::of(&properties).map_err(|reason| CliError::usage(format!("{}: {reason}", path.display())))
    }

    /// What properties say of a client; the reason if they cannot be honoured.
    pub(crate) fn of(properties: &BTreeMap<String, String>) -> Result<ClientProperties, String> {
        let millis = |key: &str| match properties.get(key) {
            None => Ok(None),
            Some(value) => match value.trim().parse() {
                Ok(millis) => Ok(Some(Duration::from_millis(millis))),
                Err(_) => Err(format!("{key}={value} is not a number of milliseconds")),
            },
        };
        Ok(ClientProperties {
            client_id: properties.get("client.id").cloned(),
            timeout: millis("default.api.timeout.ms")?,
            request_timeout: millis("request.timeout.ms")?,
            security: Security::from_properties(properties).map_err(|error| error.to_string())?,
        })
    }
}

/// The pairs of a file of Java properties.
pub(crate) fn read_properties(path: &Path) -> Result<BTreeMap<String, String>, CliError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::usage(format!("reading {}: {error}", path.display())))?;
    pairs(&text).map_err(|reason| CliError::usage(format!("{}: {reason}", path.display())))
}

fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let properties = properties::parse(text).map_err(|error| format!("line {}: {}", error.line, error.problem))?;
    Ok(properties.into_iter().map(|property| (property.key, property.value)).collect())
}

/// Reads `KEY=VALUE`.
pub(crate) fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ClientProperties, String> {
        pairs(text).and_then(|properties| ClientProperties::of(&properties))
    }

    #[test]
    fn kafkas_own_files_are_read() {
        let text =
            "# comment\n! another\n client.id : me\nrequest.timeout.ms=30\\\n 000\nsecurity.protocol=PLAINTEXT\n";
        let read = parse(text).expect("valid");
        assert_eq!(read.client_id.as_deref(), Some("me"));
        assert_eq!(read.request_timeout, Some(Duration::from_secs(30)));
        assert_eq!(read.timeout, None);
    }

    fn refusal(text: &str) -> String {
        parse(text).map(|_| ()).expect_err("refused")
    }

    #[test]
    fn security_that_cannot_be_had_is_refused() {
        for protocol in ["plaintext", "TLS", "SASL"] {
            assert!(refusal(&format!("security.protocol={protocol}")).contains("is none of"), "{protocol}");
        }
        for key in ["ssl.engine.factory.class", "sasl.client.callback.handler.class", "ssl.trustore.location"] {
            let expected = format!("{key}: this security key is not supported; take it out or correct it");
            assert_eq!(refusal(&format!("{key}=x")), expected);
        }
        assert!(refusal("security.protocol=SSL\nssl.truststore.location=/nowhere/ca.pem").contains("cannot read"));
        assert!(refusal("request.timeout.ms=soon").contains("milliseconds"));
    }

    #[test]
    fn sasl_is_read_and_its_mistakes_are_named_without_the_password() {
        let sasl = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=";
        let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required \\\n username=\"a\" password=\"hunter2\";";
        let read = parse(&format!("{sasl}{scram}")).expect("valid");
        assert_eq!(read.security.protocol(), "SASL_PLAINTEXT");
        assert!(read.security.warnings.is_empty());
        assert!(!format!("{read:?}").contains("hunter2"));
        for (text, problem) in [
            (
                "security.protocol=SASL_PLAINTEXT".to_owned(),
                "sasl.mechanism: it is missing, and Kafka's default GSSAPI",
            ),
            (sasl.to_owned(), "sasl.jaas.config: it is missing: write sasl.jaas.config=org.apache"),
            (
                format!("{sasl}a.ScramLoginModule required username=a password=\"hunter2\""),
                "does not end with a semicolon",
            ),
            (format!("{sasl}a.ScramLoginModule required password=\"hunter2\";"), "there is no username"),
            (
                format!("{sasl}a.Krb5LoginModule required password=\"hunter2\";"),
                "Krb5LoginModule is no login module of",
            ),
            ("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=GSSAPI".to_owned(), "'GSSAPI' is not spoken"),
            ("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER".to_owned(), "where is the token?"),
        ] {
            let found = refusal(&text);
            assert!(found.contains(problem), "{found}");
            assert!(!found.contains("hunter2"), "{found}");
        }
    }

    #[test]
    fn keys_that_only_a_jvm_obeys_are_passed_over() {
        let text = "ssl.provider=x\nsasl.kerberos.service.name=kafka\nsasl.login.refresh.window.factor=0.8\n\
                    sasl.login.callback.handler.class=\
                    org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler\nacks=all\n";
        assert!(parse(text).is_ok());
        assert!(refusal("sasl.login.callback.handler.class=com.example.Mine").contains("is not supported"));
    }

    #[test]
    fn a_password_in_the_clear_is_warned_of() {
        let text = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n\
                    sasl.jaas.config=a.PlainLoginModule required username=a password=b;";
        let read = parse(text).expect("valid");
        assert_eq!(read.security.warnings.len(), 1);
    }

    #[test]
    fn pairs_need_an_equals_sign_and_a_key() {
        assert_eq!(key_and_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(key_and_value("a="), Ok(("a".to_owned(), String::new())));
        assert!(key_and_value("a").is_err());
        assert!(key_and_value("=b").is_err());
    }
}
