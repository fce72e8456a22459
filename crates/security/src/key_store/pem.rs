//! PEM, as tolerant as Kafka's reader: white space may be missing or doubled, text between the sections is a comment.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use zeroize::Zeroizing;

use super::{KeyMaterial, KeyStoreError, malformed};

pub(super) const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

struct Section<'a> {
    label: &'a str,
    body: &'a str,
}

impl Section<'_> {
    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        if self.body.contains(':') {
            return Err(malformed("its key is encrypted in OpenSSL's old way; convert it with 'openssl pkcs8 -topk8'"));
        }
        let text: Zeroizing<Vec<u8>> =
            Zeroizing::new(self.body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
        match STANDARD.decode(&*text) {
            Ok(bytes) => Ok(Zeroizing::new(bytes)),
            Err(_) => Err(malformed(format!("the section {} is not base64", self.label))),
        }
    }
}

pub(super) fn read_key(bytes: &[u8], password: Option<&str>) -> Result<KeyMaterial, KeyStoreError> {
    Ok(KeyMaterial { key: read_private_key(bytes, password)?, chain: read_certificates(bytes)? })
}

pub(super) fn read_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, KeyStoreError> {
    let mut certificates = Vec::new();
    for section in sections(bytes)? {
        if matches!(section.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") {
            certificates.push(CertificateDer::from(section.bytes()?.to_vec()));
        }
    }
    Ok(certificates)
}

pub(super) fn read_private_key(bytes: &[u8], password: Option<&str>) -> Result<PrivateKeyDer<'static>, KeyStoreError> {
    for section in sections(bytes)? {
        match section.label {
            "PRIVATE KEY" => return Ok(PrivatePkcs8KeyDer::from(section.bytes()?.to_vec()).into()),
            "RSA PRIVATE KEY" => return Ok(PrivatePkcs1KeyDer::from(section.bytes()?.to_vec()).into()),
            "EC PRIVATE KEY" => return Ok(PrivateSec1KeyDer::from(section.bytes()?.to_vec()).into()),
            "ENCRYPTED PRIVATE KEY" => {
                let password = password.ok_or(KeyStoreError::PasswordMissing)?;
                return decrypt(&section.bytes()?, password);
            }
            _ => {}
        }
    }
    Err(KeyStoreError::NoKey)
}

/// PKCS8 with PBES2, as `openssl pkcs8 -topk8` writes it.
fn decrypt(der: &[u8], password: &str) -> Result<PrivateKeyDer<'static>, KeyStoreError> {
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der)
        .map_err(|_| malformed("its encrypted private key is no PKCS8 with PBES2; convert it with 'openssl pkcs8'"))?;
    let key = encrypted.decrypt(password).map_err(|_| KeyStoreError::WrongPassword)?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

fn sections(bytes: &[u8]) -> Result<Vec<Section<'_>>, KeyStoreError> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is no text"))?;
    let mut sections = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES).ok_or_else(|| malformed("a BEGIN line has no end"))?;
        let label = label.trim();
        let (body, after) =
            after.split_once(END).ok_or_else(|| malformed(format!("the section {label} has no END line")))?;
        sections.push(Section { label, body });
        rest = after;
    }
    Ok(sections)
}
