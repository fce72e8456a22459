//! Private keys, certificate chains and trusted certificates out of the bytes of a store.
//!
//! Three kinds, by Kafka's names: PEM, PKCS12 (what keytool and openssl write) and JKS. As in Java, a store that is
//! called JKS may hold PKCS12 and the other way round: the bytes decide. Nothing secret is in an error or in `Debug`.

mod jks;
mod pem;
mod pkcs12;
#[cfg(test)]
mod tests;

use std::fmt;

use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

/// How a store is written (`ssl.keystore.type`, `ssl.truststore.type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreType {
    /// Text between BEGIN and END lines.
    Pem,
    /// RFC 7292.
    Pkcs12,
    /// Java's own, before Java 9.
    Jks,
}

impl StoreType {
    /// The type with this name, in any case.
    pub fn from_name(name: &str) -> Option<StoreType> {
        [("PEM", StoreType::Pem), ("PKCS12", StoreType::Pkcs12), ("JKS", StoreType::Jks)]
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, kind)| kind)
    }
}

/// What a server or client shows: its key, and its certificate followed by those that signed it.
pub struct KeyMaterial {
    /// The certificate of the key, then its issuers.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key.
    pub key: PrivateKeyDer<'static>,
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaterial").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

/// Why a store gives nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KeyStoreError {
    /// It cannot be opened with the password.
    #[error("the password does not open it")]
    WrongPassword,
    /// Its key is encrypted, and nobody gave a password.
    #[error("its private key is encrypted, and there is no password for it")]
    PasswordMissing,
    /// There is no private key in it.
    #[error("there is no private key in it")]
    NoKey,
    /// There is no certificate in it.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// It is of another kind than it is said to be.
    #[error("it is not {expected}: {problem}")]
    OtherKind {
        /// What it was said to be.
        expected: &'static str,
        /// What was found.
        problem: &'static str,
    },
    /// It is damaged.
    #[error("it cannot be read: {problem}")]
    Malformed {
        /// What is wrong with it.
        problem: String,
    },
}

fn malformed(problem: impl fmt::Display) -> KeyStoreError {
    KeyStoreError::Malformed { problem: problem.to_string() }
}

/// Reads the private key and its certificates. `store_password` opens the store, `key_password` the key in it; a
/// missing one is replaced by the other, as people leave out what is the same.
///
/// # Errors
/// When there is no key or no certificate, or the bytes or passwords are wrong.
pub fn read_key(
    kind: StoreType,
    bytes: &[u8],
    store_password: Option<&str>,
    key_password: Option<&str>,
) -> Result<KeyMaterial, KeyStoreError> {
    let key_password = key_password.or(store_password);
    let material = match contents(kind, bytes)? {
        StoreType::Pem => pem::read_key(bytes, key_password)?,
        StoreType::Pkcs12 => pkcs12::read_key(bytes, store_password.or(key_password).unwrap_or(""))?,
        StoreType::Jks => {
            let store_password = store_password.ok_or(KeyStoreError::PasswordMissing)?;
            jks::read_key(bytes, store_password, key_password.unwrap_or(store_password))?
        }
    };
    if material.chain.is_empty() { Err(KeyStoreError::NoCertificate) } else { Ok(material) }
}

/// Reads the certificates to trust.
///
/// # Errors
/// When there is none, or the bytes or the password are wrong.
pub fn read_trusted(
    kind: StoreType,
    bytes: &[u8],
    password: Option<&str>,
) -> Result<Vec<CertificateDer<'static>>, KeyStoreError> {
    let trusted = match contents(kind, bytes)? {
        StoreType::Pem => pem::read_certificates(bytes)?,
        StoreType::Pkcs12 => pkcs12::read_trusted(bytes, password.unwrap_or(""))?,
        StoreType::Jks => jks::read_trusted(bytes, password)?,
    };
    if trusted.is_empty() { Err(KeyStoreError::NoCertificate) } else { Ok(trusted) }
}

/// Reads a private key and its certificates that are two texts in PEM form
/// (`ssl.keystore.key` and `ssl.keystore.certificate.chain`).
///
/// # Errors
/// As [`read_key`].
pub fn read_pem_pair(chain: &[u8], key: &[u8], key_password: Option<&str>) -> Result<KeyMaterial, KeyStoreError> {
    let chain = pem::read_certificates(chain)?;
    if chain.is_empty() {
        return Err(KeyStoreError::NoCertificate);
    }
    Ok(KeyMaterial { chain, key: pem::read_private_key(key, key_password)? })
}

/// What the bytes are, where a store is called JKS or PKCS12.
fn contents(kind: StoreType, bytes: &[u8]) -> Result<StoreType, KeyStoreError> {
    let is_pem = bytes.windows(pem::BEGIN.len()).any(|window| window == pem::BEGIN.as_bytes());
    let (is_jks, is_der) = (bytes.starts_with(&jks::MAGIC), bytes.first() == Some(&0x30));
    match kind {
        StoreType::Pem if is_pem => Ok(StoreType::Pem),
        StoreType::Pem if is_jks || is_der => {
            Err(KeyStoreError::OtherKind { expected: "PEM", problem: "it is a binary store, such as PKCS12" })
        }
        StoreType::Pem => Err(KeyStoreError::OtherKind { expected: "PEM", problem: "it has no BEGIN line" }),
        _ if is_jks => Ok(StoreType::Jks),
        _ if is_der => Ok(StoreType::Pkcs12),
        _ if is_pem => {
            Err(KeyStoreError::OtherKind { expected: "a PKCS12 or JKS store", problem: "it is PEM; say type PEM" })
        }
        _ => Err(KeyStoreError::OtherKind { expected: "a PKCS12 or JKS store", problem: "it begins like none" }),
    }
}
