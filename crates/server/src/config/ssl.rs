//! What `ssl.*` says about each listener that speaks TLS; `listener.name.<name in lower case>.ssl.*` goes before `ssl.*`.
//!
//! Nothing is read from disk here: `net::tls` opens the stores, at `--check` and at start.

use std::path::PathBuf;
use std::sync::Arc;

use stream_metadata::SecurityProtocol;
use stream_security::Secret;
use stream_security::key_store::StoreType;
use stream_security::mapping::PrincipalMapping;

use super::error::ConfigError;
use super::listener::{Listener, list};
use super::reader::invalid;
use super::settings::{Setting, Settings};

/// The cipher suites there are, by their IANA names.
pub(crate) const CIPHER_SUITES: &[&str] = &[
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

/// `hanzo.http.listener`, which has no entry in `listeners`.
const HTTP: &str = "http";
const TLS_1_2: &str = "TLSv1.2";
const TLS_1_3: &str = "TLSv1.3";
/// What the table calls the default is Kafka's; this broker's is the newest alone.
const PROTOCOLS: &str = "ssl.enabled.protocols";

/// Whether clients show a certificate (`ssl.client.auth`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientAuth {
    /// They are not asked for one.
    None,
    /// They may show one; who does not is anonymous.
    Requested,
    /// They must show one.
    Required,
}

/// Where a store's bytes are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreContent {
    /// In this file.
    File(PathBuf),
    /// In the configuration: certificates, and for a key store the key.
    Inline {
        /// PEM.
        certificates: Secret,
        /// PEM; none in a trust store.
        key: Option<Secret>,
    },
}

/// A key store or trust store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// How it is written.
    pub kind: StoreType,
    /// Where it is.
    pub content: StoreContent,
    /// What opens it.
    pub password: Option<Secret>,
    /// The key of the configuration that names it, for error texts.
    pub named_by: String,
}

/// TLS of one listener.
#[derive(Clone, PartialEq, Debug)]
pub struct TlsSettings {
    /// The listener's name.
    pub listener: String,
    /// What it shows.
    pub key_store: Store,
    /// `ssl.key.password`
    pub key_password: Option<Secret>,
    /// Whose signature on a client's certificate counts.
    pub trust_store: Option<Store>,
    /// Whether clients show a certificate.
    pub client_auth: ClientAuth,
    /// Whether TLS 1.2 is spoken.
    pub tls_1_2: bool,
    /// Whether TLS 1.3 is spoken.
    pub tls_1_3: bool,
    /// Names of [`CIPHER_SUITES`]; none for all.
    pub cipher_suites: Vec<String>,
    /// Whether a client's certificate says who it is; on SASL_SSL it only lets the client in.
    pub names_clients: bool,
    /// `ssl.allow.dn.changes`: whether a new certificate may have another name.
    pub may_change_name: bool,
    /// `ssl.allow.san.changes`: whether a new certificate may lack alternative names of the one before.
    pub may_lose_names: bool,
    /// From a certificate's name to a user's.
    pub mapping: Arc<PrincipalMapping>,
}

/// `("client", "ssl.client.auth")` of `listener.name.client.ssl.client.auth`.
fn of_listener(key: &str) -> Option<(&str, &str)> {
    let (name, _) = key.strip_prefix("listener.name.")?.split_once(".ssl.")?;
    Some((name, &key["listener.name.".len() + name.len() + 1..]))
}

/// Writes down what is meant where nobody says which versions are spoken.
pub(crate) fn infer(settings: &mut Settings, is_unused: bool) {
    if !is_unused {
        let version = if settings.text("ssl.protocol") == Some(TLS_1_2) { TLS_1_2 } else { TLS_1_3 };
        settings.infer(PROTOCOLS, version, "this broker's default");
    }
}

/// TLS of every listener that speaks it.
pub(crate) fn resolve(settings: &Settings, listeners: &[&Listener]) -> Result<Vec<TlsSettings>, ConfigError> {
    for (key, setting) in settings.iter() {
        let Some((name, _)) = of_listener(key) else { continue };
        if name != HTTP && !listeners.iter().any(|listener| listener.name.to_ascii_lowercase() == name) {
            return Err(invalid(key, Some(setting), "there is no listener of this name, in lower case, in listeners"));
        }
    }
    let speakers = listeners.iter().filter(|listener| is_tls(listener.protocol));
    speakers.map(|listener| Keys { settings, listener }.resolve()).collect()
}

/// TLS of one listener, which speaks it.
pub(super) fn of(settings: &Settings, listener: &Listener) -> Result<TlsSettings, ConfigError> {
    Keys { settings, listener }.resolve()
}

fn is_tls(protocol: SecurityProtocol) -> bool {
    matches!(protocol, SecurityProtocol::Ssl | SecurityProtocol::SaslSsl)
}

/// The keys of one listener.
struct Keys<'a> {
    settings: &'a Settings,
    listener: &'a Listener,
}

impl<'a> Keys<'a> {
    fn resolve(&self) -> Result<TlsSettings, ConfigError> {
        const NAME_CHECK: &str = "ssl.endpoint.identification.algorithm";
        if self.text(NAME_CHECK).is_some_and(|text| text != "https") {
            return Err(self.invalid(NAME_CHECK, "give https or nothing"));
        }
        let (tls_1_2, tls_1_3) = self.protocols()?;
        let client_auth = self.client_auth()?;
        let trust_store = self.trust_store()?;
        if client_auth != ClientAuth::None && trust_store.is_none() {
            let (key, setting) = self.client_auth_setting();
            let problem = "whose certificates are trusted? give ssl.truststore.location or ssl.truststore.certificates";
            return Err(invalid(&key, setting, problem));
        }
        Ok(TlsSettings {
            listener: self.listener.name.clone(),
            key_store: self.key_store()?,
            key_password: self.secret("ssl.key.password"),
            trust_store,
            client_auth,
            tls_1_2,
            tls_1_3,
            cipher_suites: self.cipher_suites(tls_1_2, tls_1_3)?,
            names_clients: !self.listener.protocol.speaks_sasl(),
            may_change_name: self.is_true("ssl.allow.dn.changes")?,
            may_lose_names: self.is_true("ssl.allow.san.changes")?,
            mapping: self.mapping()?,
        })
    }

    /// The key as it is given for this listener, or else for all, and its value.
    fn get(&self, key: &str) -> (String, Option<&'a Setting>) {
        let own = format!("listener.name.{}.{key}", self.listener.name.to_ascii_lowercase());
        match self.settings.get(&own).filter(|setting| !setting.text.is_empty()) {
            Some(setting) => (own, Some(setting)),
            None => (key.to_owned(), self.settings.get(key).filter(|setting| !setting.text.is_empty())),
        }
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).1.map(|setting| setting.text.as_str())
    }

    fn secret(&self, key: &str) -> Option<Secret> {
        self.text(key).map(Secret::new)
    }

    fn invalid(&self, key: &str, problem: impl Into<String>) -> ConfigError {
        let (key, setting) = self.get(key);
        invalid(&key, setting, problem)
    }

    fn is_true(&self, key: &str) -> Result<bool, ConfigError> {
        match self.text(key).map(str::to_ascii_lowercase).as_deref() {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(_) => Err(self.invalid(key, "give true or false")),
        }
    }

    fn store_type(&self, key: &str) -> Result<StoreType, ConfigError> {
        let text = self.text(key).unwrap_or("JKS");
        StoreType::from_name(text).ok_or_else(|| self.invalid(key, "give PEM, PKCS12 or JKS"))
    }

    fn key_store(&self) -> Result<Store, ConfigError> {
        const LOCATION: &str = "ssl.keystore.location";
        const CHAIN: &str = "ssl.keystore.certificate.chain";
        let kind = self.store_type("ssl.keystore.type")?;
        let password = self.secret("ssl.keystore.password");
        let content = match (self.text(LOCATION), self.secret(CHAIN), self.secret("ssl.keystore.key")) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                let problem = "the key and its certificates are given too; give the file or those, not both";
                return Err(self.invalid(LOCATION, problem));
            }
            (Some(path), None, None) => StoreContent::File(PathBuf::from(path)),
            (None, Some(certificates), Some(key)) if kind == StoreType::Pem => {
                StoreContent::Inline { certificates, key: Some(key) }
            }
            (None, Some(_), Some(_)) => {
                return Err(self.invalid(CHAIN, "it is read with ssl.keystore.type=PEM alone"));
            }
            (None, Some(_), None) => return Err(self.invalid(CHAIN, "its private key is missing: ssl.keystore.key")),
            (None, None, Some(_)) => {
                return Err(
                    self.invalid("ssl.keystore.key", "its certificates are missing: ssl.keystore.certificate.chain")
                );
            }
            (None, None, None) => {
                let problem = format!(
                    "listener {} speaks {}, which needs a key and its certificates, such as \
                     ssl.keystore.type=PEM and ssl.keystore.location=/etc/tls/broker.pem",
                    self.listener.name,
                    self.listener.protocol.name()
                );
                return Err(ConfigError::Missing { key: LOCATION, problem });
            }
        };
        let named_by = if matches!(content, StoreContent::File(_)) { LOCATION } else { CHAIN };
        Ok(Store { kind, content, password, named_by: self.get(named_by).0 })
    }

    fn trust_store(&self) -> Result<Option<Store>, ConfigError> {
        const LOCATION: &str = "ssl.truststore.location";
        const CERTIFICATES: &str = "ssl.truststore.certificates";
        let kind = self.store_type("ssl.truststore.type")?;
        let password = self.secret("ssl.truststore.password");
        let (content, named_by) = match (self.text(LOCATION), self.secret(CERTIFICATES)) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(self.invalid(LOCATION, "certificates are given too; give the file or those, not both"));
            }
            (Some(path), None) => (StoreContent::File(PathBuf::from(path)), LOCATION),
            (None, Some(certificates)) if kind == StoreType::Pem => {
                (StoreContent::Inline { certificates, key: None }, CERTIFICATES)
            }
            (None, Some(_)) => return Err(self.invalid(CERTIFICATES, "it is read with ssl.truststore.type=PEM alone")),
        };
        Ok(Some(Store { kind, content, password, named_by: self.get(named_by).0 }))
    }

    /// On SASL_SSL clients say who they are by SASL: as in Kafka (KIP-684), only the listener's own key asks for
    /// certificates there.
    fn client_auth_setting(&self) -> (String, Option<&'a Setting>) {
        let (key, setting) = self.get("ssl.client.auth");
        let is_own = key.starts_with("listener.name.");
        let counts = is_own || self.listener.protocol != SecurityProtocol::SaslSsl;
        (key, setting.filter(|_| counts))
    }

    fn client_auth(&self) -> Result<ClientAuth, ConfigError> {
        let (key, setting) = self.client_auth_setting();
        match setting.map_or("none", |setting| setting.text.as_str()) {
            "none" => Ok(ClientAuth::None),
            "requested" => Ok(ClientAuth::Requested),
            "required" => Ok(ClientAuth::Required),
            _ => Err(invalid(&key, setting, "give required, requested or none")),
        }
    }

    fn protocols(&self) -> Result<(bool, bool), ConfigError> {
        const NEWEST: &str = "ssl.protocol";
        let is_1_2_newest = match self.text(NEWEST).unwrap_or(TLS_1_3) {
            TLS_1_3 | "TLS" => false,
            TLS_1_2 => true,
            _ => return Err(self.invalid(NEWEST, "give TLSv1.3 or TLSv1.2")),
        };
        let (mut tls_1_2, mut tls_1_3) = (false, false);
        for version in list(self.text(PROTOCOLS).unwrap_or(if is_1_2_newest { TLS_1_2 } else { TLS_1_3 })) {
            match version {
                TLS_1_2 => tls_1_2 = true,
                TLS_1_3 => tls_1_3 = true,
                _ => {
                    let problem = format!("{version} is not spoken; give TLSv1.3, or TLSv1.2,TLSv1.3");
                    return Err(self.invalid(PROTOCOLS, problem));
                }
            }
        }
        tls_1_3 &= !is_1_2_newest;
        if tls_1_2 || tls_1_3 {
            Ok((tls_1_2, tls_1_3))
        } else {
            Err(self.invalid(NEWEST, "it leaves no version of TLS"))
        }
    }

    fn cipher_suites(&self, tls_1_2: bool, tls_1_3: bool) -> Result<Vec<String>, ConfigError> {
        const KEY: &str = "ssl.cipher.suites";
        let suites: Vec<String> = list(self.text(KEY).unwrap_or_default()).map(str::to_owned).collect();
        if let Some(unknown) = suites.iter().find(|suite| !CIPHER_SUITES.contains(&suite.as_str())) {
            let problem = format!("{unknown} is not among those there are: {}", CIPHER_SUITES.join(", "));
            return Err(self.invalid(KEY, problem));
        }
        let is_1_2 = |suite: &String| suite.contains("_WITH_");
        for (version, spoken, serves) in [
            (TLS_1_2, tls_1_2, suites.iter().any(is_1_2)),
            (TLS_1_3, tls_1_3, suites.iter().any(|suite| !is_1_2(suite))),
        ] {
            if spoken && !serves && !suites.is_empty() {
                return Err(self.invalid(KEY, format!("none of these is a suite of {version}, which is enabled")));
            }
        }
        Ok(suites)
    }

    fn mapping(&self) -> Result<Arc<PrincipalMapping>, ConfigError> {
        const KEY: &str = "ssl.principal.mapping.rules";
        let mapping = PrincipalMapping::parse(self.text(KEY).unwrap_or_default());
        mapping.map(Arc::new).map_err(|error| self.invalid(KEY, error.to_string()))
    }
}
