//! From settings to what rustls serves with: stores are opened, and what does not fit together is said in one line.

use std::fs;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use stream_security::key_store::{self, KeyMaterial, KeyStoreError, StoreType};
use stream_security::{CertificateFacts, Secret, certificate_facts};
use zeroize::Zeroizing;

use super::display;
use crate::config::{CIPHER_SUITES, ClientAuth, ConfigError, Store, StoreContent, TlsSettings};

/// Largest store that is read (bytes).
const STORE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What a listener serves with, and its certificate's name and validity.
pub(super) struct Built {
    pub(super) config: Arc<ServerConfig>,
    pub(super) facts: CertificateFacts,
}

pub(super) fn build(settings: &TlsSettings) -> Result<Built, ConfigError> {
    let store = &settings.key_store;
    let KeyMaterial { chain, key } = read_key(settings)?;
    let facts = chain.first().and_then(|certificate| certificate_facts(certificate));
    let facts = facts.ok_or_else(|| problem(store, "its certificate is no X.509 certificate"))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(provider(&settings.cipher_suites)))
        .with_protocol_versions(&versions(settings))
        .map_err(|error| problem(store, format!("no version of TLS can be spoken: {error}")))?;
    let builder = match client_roots(settings)? {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(
                Arc::new(roots),
                Arc::new(rustls::crypto::ring::default_provider()),
            );
            let verifier =
                if settings.client_auth == ClientAuth::Required { verifier } else { verifier.allow_unauthenticated() };
            let trust_store = settings.trust_store.as_ref().unwrap_or(store);
            builder.with_client_cert_verifier(verifier.build().map_err(|error| problem(trust_store, error))?)
        }
    };
    let mut config =
        builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified(store, chain, key, &facts)?)));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(Built { config: Arc::new(config), facts })
}

/// Joins what fits. rustls would do so too, but not for certificates of X.509's first version, which many guides make.
fn certified(
    store: &Store,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    facts: &CertificateFacts,
) -> Result<CertifiedKey, ConfigError> {
    let provider = rustls::crypto::ring::default_provider();
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|error| problem(store, format!("the private key cannot be used: {error}")))?;
    match key.public_key() {
        Some(public) if public.as_ref() != facts.public_key => {
            Err(problem(store, "the private key does not fit the certificate"))
        }
        _ => Ok(CertifiedKey::new(chain, key)),
    }
}

fn versions(settings: &TlsSettings) -> Vec<&'static SupportedProtocolVersion> {
    let newest = settings.tls_1_3.then_some(&rustls::version::TLS13);
    newest.into_iter().chain(settings.tls_1_2.then_some(&rustls::version::TLS12)).collect()
}

/// ring, with those suites that are named, in this order.
fn provider(names: &[String]) -> CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    if !names.is_empty() {
        let all = std::mem::take(&mut provider.cipher_suites);
        let named = |name: &String| all.iter().find(|suite| iana_name(suite.suite()) == Some(name.as_str())).copied();
        provider.cipher_suites = names.iter().filter_map(named).collect();
    }
    provider
}

/// rustls calls `TLS_AES_128_GCM_SHA256` `TLS13_AES_128_GCM_SHA256`.
fn iana_name(suite: rustls::CipherSuite) -> Option<&'static str> {
    let name = suite.as_str()?.replacen("TLS13_", "TLS_", 1);
    CIPHER_SUITES.iter().find(|known| **known == name).copied()
}

fn client_roots(settings: &TlsSettings) -> Result<Option<RootCertStore>, ConfigError> {
    let Some(store) = settings.trust_store.as_ref().filter(|_| settings.client_auth != ClientAuth::None) else {
        return Ok(None);
    };
    let mut roots = RootCertStore::empty();
    for certificate in read_trusted(store)? {
        let added = roots.add(certificate);
        added.map_err(|error| problem(store, format!("a certificate in it cannot be trusted: {error}")))?;
    }
    Ok(Some(roots))
}

fn read_key(settings: &TlsSettings) -> Result<KeyMaterial, ConfigError> {
    let store = &settings.key_store;
    let key_password = password(store, settings.key_password.as_ref())?;
    let read = match &store.content {
        StoreContent::Inline { certificates, key } => {
            let key = key.as_ref().map_or(&[][..], Secret::as_bytes);
            key_store::read_pem_pair(certificates.as_bytes(), key, key_password)
        }
        StoreContent::File(_) => {
            let store_password = password(store, store.password.as_ref())?;
            key_store::read_key(store.kind, &bytes(store)?, store_password, key_password)
        }
    };
    read.map_err(|error| explained(store, error, "ssl.keystore.password or ssl.key.password"))
}

fn read_trusted(store: &Store) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let read = match &store.content {
        StoreContent::Inline { certificates, .. } => {
            key_store::read_trusted(StoreType::Pem, certificates.as_bytes(), None)
        }
        StoreContent::File(_) => {
            let password = password(store, store.password.as_ref())?;
            key_store::read_trusted(store.kind, &bytes(store)?, password)
        }
    };
    read.map_err(|error| explained(store, error, "ssl.truststore.password"))
}

fn password<'a>(store: &Store, secret: Option<&'a Secret>) -> Result<Option<&'a str>, ConfigError> {
    let Some(secret) = secret else { return Ok(None) };
    match std::str::from_utf8(secret.as_bytes()) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(problem(store, "its password is no text")),
    }
}

fn bytes(store: &Store) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let StoreContent::File(path) = &store.content else { return Ok(Zeroizing::default()) };
    let read = fs::metadata(path).and_then(|metadata| match metadata.len() {
        length if length > STORE_BYTES_MAX => Err(std::io::ErrorKind::FileTooLarge.into()),
        _ => fs::read(path),
    });
    read.map(Zeroizing::new).map_err(|error| problem(store, format!("it cannot be read: {error}")))
}

fn explained(store: &Store, error: KeyStoreError, passwords: &str) -> ConfigError {
    let hint = match &error {
        KeyStoreError::WrongPassword | KeyStoreError::PasswordMissing => format!("; look at {passwords}"),
        KeyStoreError::OtherKind { .. } => "; look at its .type".to_owned(),
        KeyStoreError::Malformed { .. } if store.kind != StoreType::Pem => {
            "; 'keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12' rewrites it"
                .to_owned()
        }
        _ => String::new(),
    };
    problem(store, format!("{error}{hint}"))
}

fn problem(store: &Store, problem: impl ToString) -> ConfigError {
    let shown = match &store.content {
        StoreContent::File(path) => display(path),
        StoreContent::Inline { .. } => crate::config::HIDDEN.to_owned(),
    };
    ConfigError::Store { key: store.named_by.clone(), store: shown, problem: problem.to_string() }
}
