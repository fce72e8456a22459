//! `ssl.*`: whom a client trusts and what it shows.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use stream_security::Secret;
use stream_security::key_store::{self, KeyMaterial, StoreType};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::SecurityError;
use super::keys::{Keys, list};
use super::tls_error;
use crate::error::ClientError;

const PROTOCOLS: &str = "ssl.enabled.protocols";
const IDENTIFICATION: &str = "ssl.endpoint.identification.algorithm";
const CIPHERS: &str = "ssl.cipher.suites";
/// Where machines keep the certificates that they trust.
const MACHINES_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// TLS of a client.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<rustls::ClientConfig>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    pub(super) fn from_keys(keys: &Keys<'_>, warnings: &mut Vec<String>) -> Result<Tls, SecurityError> {
        let provider = Arc::new(CryptoProvider { cipher_suites: cipher_suites(keys)?, ..ring::default_provider() });
        let checks_name = match keys.text_or_empty(IDENTIFICATION) {
            None => true,
            Some(name) if name.eq_ignore_ascii_case("https") => true,
            Some("") => {
                warnings.push(format!(
                    "{IDENTIFICATION} is empty: brokers may be anybody with a certificate of a trusted CA"
                ));
                false
            }
            Some(other) => {
                let problem = format!("'{other}' is neither https nor empty");
                return Err(SecurityError::new(IDENTIFICATION, problem));
            }
        };
        let trusted = trusted(keys)?;
        let verifier = Verifier::new(trusted, Arc::clone(&provider), checks_name)?;
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(keys)?)
            .map_err(|error| SecurityError::new(CIPHERS, error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match key_material(keys)? {
            Some((key, material)) => builder
                .with_client_auth_cert(material.chain, material.key)
                .map_err(|error| SecurityError::new(key, format!("key and certificate do not fit: {error}")))?,
            None => builder.with_no_client_auth(),
        };
        Ok(Tls { config: Arc::new(config) })
    }

    /// Shakes hands with the broker at `address`.
    pub(crate) async fn connect(&self, address: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, ClientError> {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let invalid = |_| ClientError::InvalidAddress { address: address.to_owned() };
        let name = ServerName::try_from(host.to_owned()).map_err(invalid)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(name, stream).await.map_err(|error| tls_error::explain(address, &error))
    }
}

fn versions(keys: &Keys<'_>) -> Result<Vec<&'static SupportedProtocolVersion>, SecurityError> {
    let newest = keys.text("ssl.protocol").unwrap_or("TLSv1.3");
    if !matches!(newest, "TLSv1.3" | "TLSv1.2" | "TLS") {
        return Err(SecurityError::new("ssl.protocol", format!("'{newest}' is neither TLSv1.3 nor TLSv1.2")));
    }
    let default = if newest == "TLSv1.2" { "TLSv1.2" } else { "TLSv1.3,TLSv1.2" };
    let mut versions = Vec::new();
    for name in list(keys.text(PROTOCOLS).unwrap_or(default)) {
        match name {
            "TLSv1.3" => versions.push(&rustls::version::TLS13),
            "TLSv1.2" => versions.push(&rustls::version::TLS12),
            // Kafka's old defaults list them beside newer ones; they are never spoken.
            "TLSv1.1" | "TLSv1" => {}
            other => return Err(SecurityError::new(PROTOCOLS, format!("'{other}' is neither TLSv1.3 nor TLSv1.2"))),
        }
    }
    if versions.is_empty() {
        return Err(SecurityError::new(PROTOCOLS, "it leaves neither TLSv1.3 nor TLSv1.2"));
    }
    Ok(versions)
}

fn cipher_suites(keys: &Keys<'_>) -> Result<Vec<rustls::SupportedCipherSuite>, SecurityError> {
    let all = ring::default_provider().cipher_suites;
    let Some(wanted) = keys.text(CIPHERS) else { return Ok(all) };
    // rustls writes TLS13_AES_256_GCM_SHA384 for what everybody else calls TLS_AES_256_GCM_SHA384.
    let name = |suite: &rustls::SupportedCipherSuite| format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1);
    let wanted: Vec<&str> = list(wanted).collect();
    let chosen: Vec<_> = all.iter().filter(|suite| wanted.contains(&name(suite).as_str())).copied().collect();
    if chosen.is_empty() {
        let known: Vec<String> = all.iter().map(name).collect();
        return Err(SecurityError::new(CIPHERS, format!("none of these is spoken; there are {}", known.join(", "))));
    }
    Ok(chosen)
}

fn store_type(keys: &Keys<'_>, key: &str, is_inline: bool) -> Result<StoreType, SecurityError> {
    let default = if is_inline { "PEM" } else { "JKS" };
    let name = keys.text(key).unwrap_or(default);
    let kind = StoreType::from_name(name)
        .ok_or_else(|| SecurityError::new(key, format!("'{name}' is none of PEM, PKCS12 and JKS")))?;
    if is_inline && kind != StoreType::Pem {
        return Err(SecurityError::new(key, "certificates in the properties themselves are PEM"));
    }
    Ok(kind)
}

/// The certificates whose word counts: those of the trust store, or the machine's.
fn trusted(keys: &Keys<'_>) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    const LOCATION: &str = "ssl.truststore.location";
    const CERTIFICATES: &str = "ssl.truststore.certificates";
    let (key, bytes) = match (keys.text(LOCATION), keys.text(CERTIFICATES)) {
        (Some(_), Some(_)) => return Err(SecurityError::new(CERTIFICATES, format!("{LOCATION} is given too"))),
        (Some(path), None) => (LOCATION, Keys::file(LOCATION, path)?),
        (None, Some(text)) => (CERTIFICATES, Secret::new(text)),
        (None, None) => return machines_roots(),
    };
    let kind = store_type(keys, "ssl.truststore.type", key == CERTIFICATES)?;
    key_store::read_trusted(kind, bytes.as_bytes(), keys.secret("ssl.truststore.password"))
        .map_err(|error| SecurityError::new(key, error.to_string()))
}

fn machines_roots() -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    let chosen = std::env::var("SSL_CERT_FILE").ok();
    let paths = chosen.iter().map(String::as_str).chain(MACHINES_ROOTS.iter().copied());
    for path in paths.filter(|path| Path::new(path).is_file()) {
        let bytes = Keys::file("ssl.truststore.location", path)?;
        if let Ok(trusted) = key_store::read_trusted(StoreType::Pem, bytes.as_bytes(), None) {
            return Ok(trusted);
        }
    }
    let problem = "it is missing, and this machine has no certificates of its own to trust";
    Err(SecurityError::new("ssl.truststore.location", problem))
}

/// What the client shows, if it is given something, and the key that named it.
fn key_material(keys: &Keys<'_>) -> Result<Option<(&'static str, KeyMaterial)>, SecurityError> {
    const LOCATION: &str = "ssl.keystore.location";
    const KEY: &str = "ssl.keystore.key";
    const CHAIN: &str = "ssl.keystore.certificate.chain";
    let key_password = keys.secret("ssl.key.password");
    let named = |key: &'static str, read: Result<KeyMaterial, key_store::KeyStoreError>| match read {
        Ok(material) => Ok(Some((key, material))),
        Err(error) => Err(SecurityError::new(key, error.to_string())),
    };
    match (keys.text(LOCATION), keys.text(KEY), keys.text(CHAIN)) {
        (None, None, None) => Ok(None),
        (Some(path), None, None) => {
            let kind = store_type(keys, "ssl.keystore.type", false)?;
            let bytes = Keys::file(LOCATION, path)?;
            named(
                LOCATION,
                key_store::read_key(kind, bytes.as_bytes(), keys.secret("ssl.keystore.password"), key_password),
            )
        }
        (None, Some(key), Some(chain)) => {
            store_type(keys, "ssl.keystore.type", true)?;
            named(KEY, key_store::read_pem_pair(chain.as_bytes(), key.as_bytes(), key_password))
        }
        (None, Some(_), None) => Err(SecurityError::new(CHAIN, "it is missing beside ssl.keystore.key")),
        (None, None, Some(_)) => Err(SecurityError::new(KEY, "it is missing beside ssl.keystore.certificate.chain")),
        (Some(_), ..) => Err(SecurityError::new(LOCATION, format!("{KEY} or {CHAIN} is given too"))),
    }
}

/// Believes who is signed by a trusted certificate, or is itself one, as Java does; and looks at the name unless told
/// not to.
#[derive(Debug)]
struct Verifier {
    chains: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
    checks_name: bool,
}

impl Verifier {
    fn new(
        trusted: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
        checks_name: bool,
    ) -> Result<Verifier, SecurityError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned());
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| SecurityError::new("ssl.truststore.location", error.to_string()))?;
        Ok(Verifier { chains, trusted, checks_name })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        if self.trusted.iter().any(|trusted| trusted.as_ref() == end_entity.as_ref()) {
            if self.checks_name {
                let parsed = rustls::server::ParsedCertificate::try_from(end_entity)?;
                rustls::client::verify_server_name(&parsed, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        // The name is looked at last: who fails there has passed everything else.
        match self.chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
                if !self.checks_name =>
            {
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chains.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}
