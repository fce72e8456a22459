//! Stores that keytool (Java 17) and openssl 3 wrote, valid for a hundred years: one key and its certificate, signed by
//! `ca.pem`. Their password is `changeit`; the key in `keytool.jks` has another. The key protects nothing.

use std::fs;
use std::path::Path;

use rustls_pki_types::CertificateDer;

use super::*;
use crate::certificate_facts;

fn store(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/stores").join(name)).unwrap()
}

fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    pem::read_certificates(&store(name)).unwrap()
}

#[test]
fn every_store_gives_the_same_key_and_chain() {
    let plain = read_key(StoreType::Pem, &store("plain.pem"), None, None).unwrap();
    assert_eq!(plain.chain, [certificates("server.pem"), certificates("ca.pem")].concat());
    for (name, kind, password, key_password) in [
        ("encrypted.pem", StoreType::Pem, None, Some("changeit")),
        ("openssl.p12", StoreType::Pkcs12, Some("changeit"), None),
        ("openssl-legacy.p12", StoreType::Pkcs12, Some("changeit"), None),
        ("keytool.p12", StoreType::Pkcs12, Some("changeit"), Some("changeit")),
        ("keytool.p12", StoreType::Jks, Some("changeit"), None),
        ("keytool.jks", StoreType::Jks, Some("changeit"), Some("other-secret")),
        ("keytool.jks", StoreType::Pkcs12, Some("changeit"), Some("other-secret")),
    ] {
        let read =
            read_key(kind, &store(name), password, key_password).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.chain, plain.chain, "{name}");
        assert_eq!(read.key.secret_der().len(), plain.key.secret_der().len(), "{name}");
    }
    assert!(matches!(read_key(StoreType::Pem, &store("sec1.pem"), None, None).unwrap().key, PrivateKeyDer::Sec1(_)));
    let facts = certificate_facts(&plain.chain[0]).unwrap();
    assert_eq!(facts.subject, r"CN=broker,O=A\, B,C=DE");
    assert!(facts.not_before_seconds < facts.not_after_seconds);
}

#[test]
fn trust_stores_of_java_and_openssl_give_their_certificates() {
    for (name, kind, password) in [
        ("ca.pem", StoreType::Pem, None),
        ("openssl-trust.p12", StoreType::Pkcs12, Some("changeit")),
        ("keytool-trust.p12", StoreType::Pkcs12, Some("changeit")),
        ("keytool-trust.jks", StoreType::Jks, Some("changeit")),
        ("keytool-trust.jks", StoreType::Jks, None),
    ] {
        assert_eq!(read_trusted(kind, &store(name), password), Ok(certificates("ca.pem")), "{name}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let key = |name: &str, kind, password, key_password| {
        read_key(kind, &store(name), password, key_password).map(|_| ()).unwrap_err()
    };
    let wrong = KeyStoreError::WrongPassword;
    assert_eq!(key("encrypted.pem", StoreType::Pem, None, Some("x")), wrong);
    assert_eq!(key("encrypted.pem", StoreType::Pem, None, None), KeyStoreError::PasswordMissing);
    for name in ["openssl.p12", "openssl-legacy.p12", "keytool.p12"] {
        assert_eq!(key(name, StoreType::Pkcs12, Some("x"), None), wrong, "{name}");
    }
    assert_eq!(key("keytool.jks", StoreType::Jks, Some("x"), None), wrong);
    assert_eq!(key("keytool.jks", StoreType::Jks, Some("changeit"), Some("changeit")), wrong);
    assert_eq!(key("ca.pem", StoreType::Pem, None, None), KeyStoreError::NoKey);
    assert_eq!(key("keytool-trust.jks", StoreType::Jks, Some("changeit"), None), KeyStoreError::NoKey);
    assert_eq!(key("keytool-trust.p12", StoreType::Pkcs12, Some("changeit"), None), KeyStoreError::NoKey);
    for (name, kind) in [("plain.pem", StoreType::Pkcs12), ("keytool.p12", StoreType::Pem)] {
        assert!(matches!(key(name, kind, None, None), KeyStoreError::OtherKind { .. }), "{name}");
    }
    assert_eq!(
        read_trusted(StoreType::Pem, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", None),
        Err(KeyStoreError::NoCertificate)
    );
}

#[test]
fn pem_needs_no_line_breaks() {
    let one_line = String::from_utf8(store("plain.pem")).unwrap().replace('\n', " ");
    let read = read_key(StoreType::Pem, one_line.as_bytes(), None, None).unwrap();
    assert_eq!(read.chain.len(), 2);
}

#[test]
fn damaged_stores_are_errors() {
    for name in ["keytool.jks", "keytool.p12", "plain.pem", "encrypted.pem"] {
        let bytes = store(name);
        for length in (0..bytes.len()).step_by(7) {
            for kind in [StoreType::Pem, StoreType::Pkcs12, StoreType::Jks] {
                let _ = read_key(kind, &bytes[..length], Some("changeit"), None);
                let _ = read_trusted(kind, &bytes[..length], None);
            }
        }
    }
}
