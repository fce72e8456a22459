//! JKS, Java's own store, read only.
//!
//! Big-endian: magic, version 2, entries, then SHA-1 of the password (UTF-16), a fixed phrase and all that precedes. An
//! entry is a tag (1 key, 2 certificate), its alias, a date, and for a key the protected PKCS8 key and its chain. The
//! key is protected by an exclusive-or with a chain of SHA-1, and proved by SHA-1 of password and key.

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY as SHA1, SHA1_OUTPUT_LEN};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{KeyMaterial, KeyStoreError, malformed};

pub(super) const MAGIC: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const VERSION: u32 = 2;
const PHRASE: &[u8] = b"Mighty Aphrodite";
const KEY_ENTRY: u32 = 1;
const CERTIFICATE_ENTRY: u32 = 2;
const CERTIFICATES_MAX: u32 = 10_000;

enum Entry<'a> {
    Key { protected: &'a [u8], chain: Vec<CertificateDer<'static>> },
    Certificate(CertificateDer<'static>),
}

pub(super) fn read_key(bytes: &[u8], password: &str, key_password: &str) -> Result<KeyMaterial, KeyStoreError> {
    for entry in entries(bytes, Some(password))? {
        if let Entry::Key { protected, chain } = entry {
            let key = unprotect(private_key_info(protected)?, key_password)?;
            return Ok(KeyMaterial { chain, key: PrivatePkcs8KeyDer::from(key.to_vec()).into() });
        }
    }
    Err(KeyStoreError::NoKey)
}

/// Without a password the store is read unchecked, as Java does.
pub(super) fn read_trusted(
    bytes: &[u8],
    password: Option<&str>,
) -> Result<Vec<CertificateDer<'static>>, KeyStoreError> {
    let trusted = entries(bytes, password)?.into_iter().filter_map(|entry| match entry {
        Entry::Certificate(certificate) => Some(certificate),
        Entry::Key { .. } => None,
    });
    Ok(trusted.collect())
}

fn entries<'a>(bytes: &'a [u8], password: Option<&str>) -> Result<Vec<Entry<'a>>, KeyStoreError> {
    let (content, digest) = bytes
        .len()
        .checked_sub(SHA1_OUTPUT_LEN)
        .map(|length| bytes.split_at(length))
        .ok_or_else(|| malformed("it is too short"))?;
    if let Some(password) = password {
        let mut context = Context::new(&SHA1);
        context.update(&utf16(password));
        context.update(PHRASE);
        context.update(content);
        if !bool::from(context.finish().as_ref().ct_eq(digest)) {
            return Err(KeyStoreError::WrongPassword);
        }
    }
    let mut reader = Reader { rest: content.get(MAGIC.len()..).unwrap_or_default() };
    if reader.number()? != VERSION {
        return Err(malformed("its version is not 2"));
    }
    let count = reader.number()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let kind = reader.number()?;
        reader.text()?;
        reader.take(8)?;
        entries.push(match kind {
            KEY_ENTRY => Entry::Key { protected: reader.bytes()?, chain: reader.chain()? },
            CERTIFICATE_ENTRY => Entry::Certificate(reader.certificate()?),
            _ => return Err(malformed("an entry is neither a key nor a certificate")),
        });
    }
    Ok(entries)
}

/// The protected key inside of `SEQUENCE { SEQUENCE { algorithm }, OCTET STRING }`.
fn private_key_info(der: &[u8]) -> Result<&[u8], KeyStoreError> {
    let problem = || malformed("its protected key has another form");
    let (content, _) = element(der, 0x30).ok_or_else(problem)?;
    let (_, rest) = element(content, 0x30).ok_or_else(problem)?;
    element(rest, 0x04).map(|(content, _)| content).ok_or_else(problem)
}

/// Content and rest of a DER element with this tag.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (digits.iter().take(4).fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    (found == tag).then_some(())?;
    rest.split_at_checked(length)
}

fn unprotect(protected: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
    let problem = || malformed("its protected key is too short");
    let (salt, rest) = protected.split_at_checked(SHA1_OUTPUT_LEN).ok_or_else(problem)?;
    let (encrypted, proof) = rest.split_at_checked(rest.len().saturating_sub(SHA1_OUTPUT_LEN)).ok_or_else(problem)?;
    let password = utf16(password);
    let mut key = Zeroizing::new(encrypted.to_vec());
    let mut digest = salt.to_vec();
    for chunk in key.chunks_mut(SHA1_OUTPUT_LEN) {
        let mut context = Context::new(&SHA1);
        context.update(&password);
        context.update(&digest);
        digest = context.finish().as_ref().to_vec();
        for (byte, mask) in chunk.iter_mut().zip(&digest) {
            *byte ^= mask;
        }
    }
    let mut context = Context::new(&SHA1);
    context.update(&password);
    context.update(&key);
    if bool::from(context.finish().as_ref().ct_eq(proof)) { Ok(key) } else { Err(KeyStoreError::WrongPassword) }
}

fn utf16(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.encode_utf16().flat_map(u16::to_be_bytes).collect())
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], KeyStoreError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| malformed("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, KeyStoreError> {
        let (number, rest) = self.rest.split_first_chunk().ok_or_else(|| malformed("it ends too early"))?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*number))
    }

    fn bytes(&mut self) -> Result<&'a [u8], KeyStoreError> {
        let length = self.number()?;
        self.take(length as usize)
    }

    fn text(&mut self) -> Result<&'a [u8], KeyStoreError> {
        let (length, rest) = self.rest.split_first_chunk().ok_or_else(|| malformed("it ends too early"))?;
        self.rest = rest;
        self.take(usize::from(u16::from_be_bytes(*length)))
    }

    fn certificate(&mut self) -> Result<CertificateDer<'static>, KeyStoreError> {
        if self.text()? != b"X.509" {
            return Err(malformed("a certificate is no X.509 certificate"));
        }
        Ok(CertificateDer::from(self.bytes()?.to_vec()))
    }

    fn chain(&mut self) -> Result<Vec<CertificateDer<'static>>, KeyStoreError> {
        let count = self.number()?.min(CERTIFICATES_MAX);
        (0..count).map(|_| self.certificate()).collect()
    }
}
