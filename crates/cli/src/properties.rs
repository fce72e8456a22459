//! `client.properties`, as Kafka's tools take it with `--command-config`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::error::CliError;

/// What a file of client properties says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ClientProperties {
    pub(crate) client_id: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) request_timeout: Option<Duration>,
}

impl ClientProperties {
    /// Reads a file; one that asks for a security protocol other than PLAINTEXT is refused.
    pub(crate) fn load(path: &Path) -> Result<ClientProperties, CliError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| CliError::usage(format!("reading {}: {error}", path.display())))?;
        ClientProperties::parse(&text).map_err(|reason| CliError::usage(format!("{}: {reason}", path.display())))
    }

    fn parse(text: &str) -> Result<ClientProperties, String> {
        let properties = pairs(text);
        let protocol = properties.get("security.protocol").map_or("PLAINTEXT", String::as_str);
        if protocol != "PLAINTEXT" {
            return Err(format!("security.protocol={protocol} is not supported yet; only PLAINTEXT is"));
        }
        let millis = |key: &str| match properties.get(key) {
            None => Ok(None),
            Some(value) => match value.parse() {
                Ok(millis) => Ok(Some(Duration::from_millis(millis))),
                Err(_) => Err(format!("{key}={value} is not a number of milliseconds")),
            },
        };
        Ok(ClientProperties {
            client_id: properties.get("client.id").cloned(),
            timeout: millis("default.api.timeout.ms")?,
            request_timeout: millis("request.timeout.ms")?,
        })
    }
}

/// Keys and values of Java's format: `=` or `:` between, `#` and `!` before comments, a backslash joins lines.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    let mut joined = String::new();
    for line in text.lines() {
        let line = line.trim_start();
        if joined.is_empty() && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        if let Some(start) = line.strip_suffix('\\') {
            joined.push_str(start);
            continue;
        }
        joined.push_str(line);
        let whole = std::mem::take(&mut joined);
        let (key, value) = whole.split_once(['=', ':']).unwrap_or((&whole, ""));
        pairs.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    pairs
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

    #[test]
    fn kafkas_own_files_are_read() {
        let text =
            "# comment\n! another\n client.id : me\nrequest.timeout.ms=30\\\n 000\nsecurity.protocol=PLAINTEXT\n";
        let read = ClientProperties::parse(text).expect("valid");
        assert_eq!(read.client_id.as_deref(), Some("me"));
        assert_eq!(read.request_timeout, Some(Duration::from_secs(30)));
        assert_eq!(read.timeout, None);
    }

    #[test]
    fn security_that_cannot_be_had_is_refused() {
        for protocol in ["SSL", "SASL_SSL", "SASL_PLAINTEXT", "plaintext", ""] {
            let text = format!("security.protocol={protocol}");
            assert!(ClientProperties::parse(&text).is_err(), "{protocol}");
        }
        assert!(ClientProperties::parse("request.timeout.ms=soon").is_err());
    }

    #[test]
    fn pairs_need_an_equals_sign_and_a_key() {
        assert_eq!(key_and_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(key_and_value("a="), Ok(("a".to_owned(), String::new())));
        assert!(key_and_value("a").is_err());
        assert!(key_and_value("=b").is_err());
    }
}
