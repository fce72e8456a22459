//! PKCS12 stores of keytool and of openssl.

use p12_keystore::error::Error;
use p12_keystore::{CertificateBag, Pkcs12Archive};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::{KeyMaterial, KeyStoreError, malformed};

/// Certificates above the one of the key, at most.
const ISSUERS_MAX: usize = 16;

fn open(bytes: &[u8], password: &str) -> Result<Pkcs12Archive, KeyStoreError> {
    Pkcs12Archive::from_pkcs12(bytes, password).map_err(|error| match error {
        Error::MacError(_) | Error::Pkcs5Error(_) | Error::UnpadError => KeyStoreError::WrongPassword,
        Error::DerError(_) => malformed("it is no PKCS12 store"),
        other => malformed(other),
    })
}

pub(super) fn read_key(bytes: &[u8], password: &str) -> Result<KeyMaterial, KeyStoreError> {
    let archive = open(bytes, password)?;
    let key = archive.keys.first().ok_or(KeyStoreError::NoKey)?;
    let of_key = |bag: &&CertificateBag| match (&key.local_key_id, &bag.local_key_id) {
        (Some(key), Some(certificate)) => key.as_ref() == certificate.as_slice(),
        _ => false,
    };
    let own = archive.certs.iter().find(of_key).or_else(|| archive.certs.iter().find(|bag| !bag.trusted));
    let mut last = own.ok_or(KeyStoreError::NoCertificate)?;
    let mut chain = vec![certificate(last)];
    while chain.len() < ISSUERS_MAX && last.cert.issuer() != last.cert.subject() {
        let issuer = archive.certs.iter().find(|bag| bag.cert.subject() == last.cert.issuer());
        let Some(issuer) = issuer.filter(|bag| !chain.contains(&certificate(bag))) else { break };
        chain.push(certificate(issuer));
        last = issuer;
    }
    Ok(KeyMaterial { chain, key: PrivatePkcs8KeyDer::from(key.key.as_der().to_vec()).into() })
}

/// Those that Java marked as trusted; without any mark, as openssl writes them, all that belong to no key.
pub(super) fn read_trusted(bytes: &[u8], password: &str) -> Result<Vec<CertificateDer<'static>>, KeyStoreError> {
    let archive = open(bytes, password)?;
    let is_marked = archive.certs.iter().any(|bag| bag.trusted);
    let is_trusted = |bag: &&CertificateBag| if is_marked { bag.trusted } else { bag.local_key_id.is_none() };
    Ok(archive.certs.iter().filter(is_trusted).map(certificate).collect())
}

fn certificate(bag: &CertificateBag) -> CertificateDer<'static> {
    CertificateDer::from(bag.cert.as_der().to_vec())
}
