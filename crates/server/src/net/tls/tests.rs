//! Stores that fit and stores that do not, from the fixtures of `stream-security`.

use std::path::PathBuf;
use std::sync::Arc;

use stream_security::Secret;
use stream_security::key_store::StoreType;
use stream_security::mapping::PrincipalMapping;

use super::*;
use crate::config::{ClientAuth, Store};

fn store(kind: StoreType, name: &str, password: Option<&str>) -> Store {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../security/testdata/stores")).join(name);
    Store {
        kind,
        content: StoreContent::File(path),
        password: password.map(Secret::new),
        named_by: "ssl.keystore.location".to_owned(),
    }
}

fn settings(key_store: Store) -> TlsSettings {
    TlsSettings {
        listener: "SSL".to_owned(),
        key_store,
        key_password: None,
        trust_store: Some(store(StoreType::Pkcs12, "keytool-trust.p12", Some("changeit"))),
        client_auth: ClientAuth::Required,
        tls_1_2: true,
        tls_1_3: true,
        cipher_suites: Vec::new(),
        names_clients: true,
        may_change_name: false,
        may_lose_names: false,
        mapping: Arc::new(PrincipalMapping::parse("").unwrap()),
    }
}

fn refused(settings: &TlsSettings) -> String {
    let error = check(settings).unwrap_err().to_string();
    assert!(error.starts_with("ssl.keystore.location=") && error.lines().count() == 1, "{error}");
    error
}

#[test]
fn a_store_that_fits_serves_what_is_configured() {
    let mut settings = settings(store(StoreType::Pkcs12, "keytool.p12", Some("changeit")));
    settings.cipher_suites = crate::config::CIPHER_SUITES.iter().map(|suite| (*suite).to_owned()).collect();
    let tls = ListenerTls::open(settings, &Arc::new(HandshakeGate::new())).unwrap();
    let config = tls.current.load();
    assert_eq!(config.crypto_provider().cipher_suites.len(), crate::config::CIPHER_SUITES.len());
    assert_eq!((config.send_tls13_tickets, config.max_early_data_size), (0, 0));
    assert!(tls.not_after_seconds() > 4_000_000_000);
}

#[test]
fn what_does_not_fit_is_one_line_without_a_secret() {
    let missing = refused(&settings(store(StoreType::Pem, "no-such.pem", None)));
    assert!(missing.contains("no-such.pem: it cannot be read"), "{missing}");
    let wrong = refused(&settings(store(StoreType::Pkcs12, "keytool.p12", Some("hunter2"))));
    assert!(wrong.contains("the password does not open it; look at ssl.keystore.password"), "{wrong}");
    assert!(!wrong.contains("hunter2"));
    let other = refused(&settings(store(StoreType::Pem, "keytool.p12", None)));
    assert!(other.contains("it is not PEM"), "{other}");
    let unfit = Store {
        content: StoreContent::Inline {
            certificates: Secret::new(&include_bytes!("../../../../security/testdata/stores/ca.pem")[..]),
            key: Some(Secret::new(&include_bytes!("../../../../security/testdata/stores/plain.pem")[..])),
        },
        ..store(StoreType::Pem, "", None)
    };
    let unfit = refused(&settings(unfit));
    assert!(unfit.contains("[hidden]: the private key does not fit the certificate"), "{unfit}");
}
