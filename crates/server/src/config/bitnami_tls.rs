//! The Bitnami image's own variables of TLS as Kafka's keys, with the files where that image has them.
//!
//! - `KAFKA_TLS_TYPE` is JKS (the default) or PEM, `KAFKA_TLS_CLIENT_AUTH` is `ssl.client.auth`.
//! - JKS: `kafka.keystore.jks` and `KAFKA_TLS_TRUSTSTORE_FILE`, both under `KAFKA_CERTIFICATE_PASSWORD`.
//! - PEM: `kafka.keystore.key`, `kafka.keystore.pem` and `kafka.truststore.pem`; the password is the key's.
//! - `KAFKA_CFG_SSL_...` says more and wins.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::environment::EnvironmentSetting;
use super::settings::Source;

pub(crate) const TYPE: &str = "KAFKA_TLS_TYPE";
pub(crate) const CLIENT_AUTH: &str = "KAFKA_TLS_CLIENT_AUTH";
pub(crate) const TRUST_STORE: &str = "KAFKA_TLS_TRUSTSTORE_FILE";
pub(crate) const PASSWORD: &str = "KAFKA_CERTIFICATE_PASSWORD";
pub(crate) const DIRECTORY: &str = "KAFKA_CERTS_DIR";
const DEFAULT_DIRECTORY: &str = "/opt/bitnami/kafka/config/certs";

/// Whether `name` is one of these variables.
pub(crate) fn is_variable(name: &str) -> bool {
    [TYPE, CLIENT_AUTH, TRUST_STORE, PASSWORD, DIRECTORY].contains(&name)
}

/// The keys that the variables stand for. `read_file` gives the text of a PEM file.
pub(crate) fn settings(
    variables: &BTreeMap<String, String>,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Vec<EnvironmentSetting> {
    let given = |name: &str| variables.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let mut settings = Vec::new();
    let mut set = |key: &str, text: &str, variable: &str| {
        let source = Source::Environment(variable.to_owned());
        settings.push(EnvironmentSetting { key: key.to_owned(), text: text.to_owned(), source, certain: true });
    };
    if let Some(text) = given(CLIENT_AUTH) {
        set("ssl.client.auth", text, CLIENT_AUTH);
    }
    // A directory alone asks for nothing: the image always has it.
    if given(TYPE).is_none() && given(TRUST_STORE).is_none() && given(PASSWORD).is_none() {
        return settings;
    }
    let kind = given(TYPE).unwrap_or("JKS");
    let directory = Path::new(given(DIRECTORY).unwrap_or(DEFAULT_DIRECTORY));
    set("ssl.keystore.type", kind, TYPE);
    set("ssl.truststore.type", kind, TYPE);
    if kind == "PEM" {
        for (key, file) in [
            ("ssl.keystore.key", "kafka.keystore.key"),
            ("ssl.keystore.certificate.chain", "kafka.keystore.pem"),
            ("ssl.truststore.certificates", "kafka.truststore.pem"),
        ] {
            // A listener that needs what is missing says so.
            if let Ok(text) = read_file(&directory.join(file)) {
                set(key, &text, TYPE);
            }
        }
        if let Some(password) = given(PASSWORD) {
            set("ssl.key.password", password, PASSWORD);
        }
        return settings;
    }
    set("ssl.keystore.location", &directory.join("kafka.keystore.jks").to_string_lossy(), TYPE);
    let trust_store = given(TRUST_STORE).and_then(|path| Path::new(path).file_name());
    if trust_store.is_some() || given(CLIENT_AUTH).is_some_and(|text| text != "none") {
        let file = trust_store.unwrap_or("kafka.truststore.jks".as_ref());
        set("ssl.truststore.location", &directory.join(file).to_string_lossy(), TRUST_STORE);
    }
    if let Some(password) = given(PASSWORD) {
        for key in ["ssl.keystore.password", "ssl.key.password", "ssl.truststore.password"] {
            set(key, password, PASSWORD);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expected: &[(&str, &str)]) {
        let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let read_file = |path: &Path| match path.to_str().unwrap() {
            "/certs/kafka.keystore.key" => Ok("key".to_owned()),
            "/certs/kafka.keystore.pem" => Ok("chain".to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        let settings = settings(&variables, &read_file);
        let found: Vec<_> = settings.iter().map(|setting| (setting.key.as_str(), setting.text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn jks_stores_are_where_the_image_has_them() {
        check(
            &[(PASSWORD, "hunter2"), (TRUST_STORE, "/elsewhere/ca.jks"), (CLIENT_AUTH, "required")],
            &[
                ("ssl.client.auth", "required"),
                ("ssl.keystore.type", "JKS"),
                ("ssl.truststore.type", "JKS"),
                ("ssl.keystore.location", "/opt/bitnami/kafka/config/certs/kafka.keystore.jks"),
                ("ssl.truststore.location", "/opt/bitnami/kafka/config/certs/ca.jks"),
                ("ssl.keystore.password", "hunter2"),
                ("ssl.key.password", "hunter2"),
                ("ssl.truststore.password", "hunter2"),
            ],
        );
    }

    #[test]
    fn pem_files_are_read() {
        check(
            &[(TYPE, "PEM"), (DIRECTORY, "/certs"), (PASSWORD, "hunter2")],
            &[
                ("ssl.keystore.type", "PEM"),
                ("ssl.truststore.type", "PEM"),
                ("ssl.keystore.key", "key"),
                ("ssl.keystore.certificate.chain", "chain"),
                ("ssl.key.password", "hunter2"),
            ],
        );
    }

    #[test]
    fn a_directory_alone_and_no_client_certificates_ask_for_nothing() {
        check(&[(DIRECTORY, "/certs"), (CLIENT_AUTH, "none"), (TRUST_STORE, "")], &[("ssl.client.auth", "none")]);
    }
}
