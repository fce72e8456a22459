//! What a client needs to know before it connects.

use std::time::Duration;

use crate::error::ClientError;
use crate::security::Security;

/// The port of an address that names none.
const DEFAULT_PORT: u16 = 9092;

/// How a client connects and how long it tries.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Addresses to try first, `host:port`.
    pub bootstrap: Vec<String>,
    /// What the client calls itself in requests.
    pub client_id: String,
    /// How long one operation may take in all, with its retries.
    pub timeout: Duration,
    /// How long one request may take to be answered.
    pub request_timeout: Duration,
    /// TLS and SASL.
    pub security: Security,
}

impl ClientConfig {
    /// A client of these servers that gives an operation `timeout`.
    pub fn new(bootstrap: Vec<String>, timeout: Duration) -> ClientConfig {
        let request_timeout = timeout.max(Duration::from_secs(30));
        ClientConfig {
            bootstrap,
            client_id: "hanzo-stream".to_owned(),
            timeout,
            request_timeout,
            security: Security::default(),
        }
    }
}

/// Reads `host:port,host:port`; a missing port is 9092.
///
/// # Errors
/// [`ClientError::InvalidAddress`] for an address without a host or with something else than a port.
pub fn parse_bootstrap(text: &str) -> Result<Vec<String>, ClientError> {
    let mut addresses = Vec::new();
    for address in text.split(',').map(str::trim).filter(|address| !address.is_empty()) {
        addresses.push(parse_address(address)?);
    }
    if addresses.is_empty() {
        return Err(ClientError::InvalidAddress { address: text.to_owned() });
    }
    Ok(addresses)
}

fn parse_address(address: &str) -> Result<String, ClientError> {
    let invalid = || ClientError::InvalidAddress { address: address.to_owned() };
    if address.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok(format!("[{address}]:{DEFAULT_PORT}"));
    }
    if address.ends_with(']') {
        return Ok(format!("{address}:{DEFAULT_PORT}"));
    }
    let Some((host, port)) = address.rsplit_once(':') else {
        return Ok(format!("{address}:{DEFAULT_PORT}"));
    };
    let port: u16 = port.parse().map_err(|_| invalid())?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || port == 0 || host.contains('/') || (host.contains(':') && !is_bracketed) {
        return Err(invalid());
    }
    Ok(format!("{host}:{port}"))
}

/// `host:port`, with brackets around an IPv6 address.
pub(crate) fn address(host: &str, port: i32) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|&address| address.to_owned()).collect();
        assert_eq!(parse_bootstrap(text).expect("valid"), expected, "{text}");
    }

    #[test]
    fn addresses_are_read_with_and_without_ports() {
        check("localhost:9092", &["localhost:9092"]);
        check("a:1, b:2,", &["a:1", "b:2"]);
        check("kafka", &["kafka:9092"]);
        check("[::1]:9093", &["[::1]:9093"]);
        check("::1", &["[::1]:9092"]);
        check("[::1]", &["[::1]:9092"]);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", ",", ":9092", "host:port", "host:0", "host:70000", "http://host:9092"] {
            assert!(parse_bootstrap(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ipv6_hosts_get_brackets() {
        assert_eq!(address("::1", 9092), "[::1]:9092");
        assert_eq!(address("broker-1", 9092), "broker-1:9092");
    }
}
