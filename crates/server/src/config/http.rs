//! `hanzo.http.*`: where metrics and health are served, how, and who has to say who they are.

use stream_metadata::SecurityProtocol;

use super::error::ConfigError;
use super::listener::{Endpoint, Listener, parse_endpoint};
use super::reader::Reader;
use super::settings::Settings;
use super::ssl::{self, ClientAuth, TlsSettings};

/// What the HTTP listener is called in logs and metrics, and in `listener.name.http.ssl.*`.
pub(crate) const NAME: &str = "HTTP";
const LISTENER: &str = "hanzo.http.listener";
const METRICS: &str = "hanzo.http.metrics.auth";
const HEALTH: &str = "hanzo.http.health.auth";

/// Where `/metrics` and the health checks are served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpListener {
    /// Host and port.
    pub endpoint: Endpoint,
    /// Whether somebody named the port. A taken port that nobody named is a warning, a named one an error.
    pub explicit: bool,
    /// Whether TLS is spoken: its stores are those of the listener [`NAME`] in [`super::ServerConfig::tls`].
    pub tls: bool,
    /// Whether `/metrics` asks who comes.
    pub metrics_closed: bool,
    /// Whether `/healthz` and `/readyz` ask who comes.
    pub health_closed: bool,
}

impl HttpListener {
    /// Whether it asks for passwords that could be read on their way: it then refuses all who come from elsewhere.
    pub(crate) fn refuses_all_from_elsewhere(&self) -> bool {
        self.metrics_closed && !self.tls && !self.endpoint.is_loopback()
    }
}

/// Reads the keys; `listeners` are those for clients, `tls` what they show. TLS of the HTTP listener is the second value.
pub(super) fn resolve(
    settings: &Settings,
    listeners: &[Listener],
    tls: &[TlsSettings],
) -> Result<Option<(HttpListener, Option<TlsSettings>)>, ConfigError> {
    let reader = Reader { settings };
    let explicit = settings.get(LISTENER).is_some();
    if explicit && reader.text(LISTENER).is_none() {
        return Ok(None);
    }
    let text = reader.text_or_default(LISTENER);
    let (speaks_tls, place) = match text.split_once("://") {
        None => (false, text),
        Some(("http", place)) => (false, place),
        Some(("https", place)) => (true, place),
        Some(_) => return Err(reader.invalid(LISTENER, "give HOST:PORT, or https://HOST:PORT")),
    };
    let mut endpoint =
        parse_endpoint(place).map_err(|problem| reader.invalid(LISTENER, format!("'{place}' {problem}")))?;
    if !explicit
        && settings.source("listeners").is_explicit()
        && let Some(listener) = listeners.first()
    {
        endpoint.host = listener.endpoint.host.clone();
    }
    let own_tls = speaks_tls.then(|| own_tls(reader, &endpoint, listeners)).transpose()?;
    let clients_log_in = listeners.iter().any(|listener| listener.protocol.speaks_sasl());
    let shows_certificates = |tls: &&TlsSettings| listeners.iter().any(|listener| listener.name == tls.listener);
    let clients_show_certificates =
        tls.iter().filter(shows_certificates).any(|tls| tls.names_clients && tls.client_auth == ClientAuth::Required);
    let can_be_asked = clients_log_in || own_tls.as_ref().is_some_and(|tls| tls.client_auth != ClientAuth::None);
    let closed = |key| {
        match reader.text_or_default(key) {
        "open" => Ok(false),
        "required" if !can_be_asked => Err(reader.invalid(
            key,
            "nobody could say who they are: no listener for clients speaks SASL, and no client certificates are asked for over https",
        )),
        "required" => Ok(true),
        _ => Ok(clients_log_in || clients_show_certificates),
    }
    };
    let (metrics_closed, health_closed) = (closed(METRICS)?, closed(HEALTH)?);
    let listener = HttpListener { endpoint, explicit, tls: speaks_tls, metrics_closed, health_closed };
    Ok(Some((listener, own_tls)))
}

/// `ssl.*` and `listener.name.http.ssl.*`. Health checks show no certificate: `ssl.client.auth=required` asks for one here, and
/// only the listener's own key demands it.
fn own_tls(reader: Reader<'_>, endpoint: &Endpoint, listeners: &[Listener]) -> Result<TlsSettings, ConfigError> {
    if listeners.iter().any(|listener| listener.name == NAME) {
        return Err(
            reader.invalid("listeners", "HTTP is the name of hanzo.http.listener; call this listener otherwise")
        );
    }
    let listener = Listener { name: NAME.to_owned(), protocol: SecurityProtocol::Ssl, endpoint: endpoint.clone() };
    let mut tls = ssl::of(reader.settings, &listener).map_err(|error| match error {
        ConfigError::Missing { key, .. } => ConfigError::Missing {
            key,
            problem: format!(
                "{LISTENER} speaks https, which needs a key and its certificates, such as ssl.keystore.type=PEM and \
                 ssl.keystore.location=/etc/tls/broker.pem"
            ),
        },
        other => other,
    })?;
    let is_own = reader.settings.get("listener.name.http.ssl.client.auth").is_some();
    if tls.client_auth == ClientAuth::Required && !is_own {
        tls.client_auth = ClientAuth::Requested;
    }
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Source;

    fn with(pairs: &[(&str, &str)], protocol: SecurityProtocol) -> Result<Option<HttpListener>, String> {
        let mut settings = Settings::default();
        for (key, text) in pairs {
            settings.set((*key).to_owned(), text, Source::Flag("--set"));
        }
        let endpoint = Endpoint { host: String::new(), port: 9092 };
        let listeners = [Listener { name: "CLIENTS".to_owned(), protocol, endpoint }];
        let resolved = resolve(&settings, &listeners, &[]).map_err(|error| error.to_string())?;
        Ok(resolved.map(|(listener, _)| listener))
    }

    #[test]
    fn metrics_are_closed_once_clients_have_to_log_in() {
        let closed = |auth, protocol| with(&[(METRICS, auth)], protocol).map(|http| http.expect("on").metrics_closed);
        assert_eq!(closed("auto", SecurityProtocol::Plaintext), Ok(false));
        assert_eq!(closed("auto", SecurityProtocol::SaslPlaintext), Ok(true));
        assert_eq!(closed("open", SecurityProtocol::SaslPlaintext), Ok(false));
        assert_eq!(closed("required", SecurityProtocol::SaslPlaintext), Ok(true));
        assert!(closed("required", SecurityProtocol::Plaintext).is_err_and(|text| text.contains("nobody could say")));
    }

    #[test]
    fn health_is_open_unless_it_is_closed() {
        let closed = |pairs| with(pairs, SecurityProtocol::SaslPlaintext).map(|http| http.expect("on").health_closed);
        assert_eq!(closed(&[]), Ok(false));
        assert_eq!(closed(&[(HEALTH, "required")]), Ok(true));
    }

    #[test]
    fn a_scheme_says_whether_tls_is_spoken() {
        let at = |text| with(&[(LISTENER, text)], SecurityProtocol::Plaintext);
        let http = at("http://127.0.0.1:8080").expect("good").expect("on");
        assert_eq!((http.endpoint.to_string().as_str(), http.tls), ("127.0.0.1:8080", false));
        assert!(at("https://127.0.0.1:8080").is_err_and(|text| text.contains("ssl.keystore.location")));
        assert!(at("ftp://127.0.0.1:8080").is_err_and(|text| text.contains("https://HOST:PORT")));
        assert_eq!(at(""), Ok(None));
    }
}
