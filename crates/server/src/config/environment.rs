//! Reads the environment of Kafka's two common images.
//!
//! - `KAFKA_CFG_<KEY>` (Bitnami): `_` is `.`.
//! - `KAFKA_<KEY>` (Apache): `_` is `.`, `__` is `_`, `___` is `-`.
//! - Both images' own variables: the cluster id, credentials, and the `*_FILE` form of those.
//! - Users and passwords come in pairs of variables, as lists or alone: [`USERS`].
//! - Heap, JVM, JMX, logging and image internals, and Kubernetes service links, mean nothing here.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use stream_security::Secret;

use super::bitnami_tls;
use super::declared::DeclaredUser;
use super::error::ConfigError;
use super::settings::{Source, shown};

/// The key under which the cluster id is kept with the other settings; Kafka has no key for it.
pub(crate) const CLUSTER_ID_KEY: &str = "hanzo.cluster.id";

/// What one variable says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentSetting {
    /// Kafka's name of the key.
    pub(crate) key: String,
    /// The value.
    pub(crate) text: String,
    /// The variable.
    pub(crate) source: Source,
    /// Whether the prefix is unmistakably a server's (`KAFKA_CFG_`); `KAFKA_X` may be meant for a client.
    pub(crate) certain: bool,
}

impl fmt::Debug for EnvironmentSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} ({})", self.key, shown(&self.key, &self.text), self.source)
    }
}

/// All that the environment says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Environment {
    /// Keys, weaker ones first.
    pub(crate) settings: Vec<EnvironmentSetting>,
    /// Users with their passwords.
    pub(crate) users: Vec<DeclaredUser>,
    /// Variables of the images that carry other credentials.
    pub(crate) credentials: Vec<String>,
    /// Whether any `KAFKA_CFG_` variable was there.
    pub(crate) bitnami: bool,
}

/// Variables of the Bitnami image with users, each beside the one with their passwords.
const USERS: &[(&str, &str)] = &[
    ("KAFKA_CLIENT_USERS", "KAFKA_CLIENT_PASSWORDS"),
    ("KAFKA_INTER_BROKER_USER", "KAFKA_INTER_BROKER_PASSWORD"),
    ("KAFKA_CONTROLLER_USER", "KAFKA_CONTROLLER_PASSWORD"),
];

/// Variables of the Bitnami image that carry other credentials or ask for security.
const CREDENTIALS: &[&str] = &[
    "KAFKA_INTER_BROKER_CLIENT_ID",
    "KAFKA_INTER_BROKER_CLIENT_SECRET",
    "KAFKA_CONTROLLER_CLIENT_ID",
    "KAFKA_CONTROLLER_CLIENT_SECRET",
];

/// Names that begin like a key but steer the JVM, its scripts or an image.
const IGNORED: &[&str] = &[
    "KAFKA_VERSION",
    "KAFKA_HOME",
    "KAFKA_OPTS",
    "KAFKA_EXTRA_FLAGS",
    "KAFKA_DEBUG",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_CLIENT_LISTENER_NAME",
    "KAFKA_SKIP_KRAFT_STORAGE_INIT",
    "KAFKA_ADVERTISED_PORT_LISTENER",
    "KAFKA_INITSCRIPTS_DIR",
    "KAFKA_INIT_MAX_TIMEOUT",
    "KAFKA_DAEMON_USER",
    // Whether the users log in with SCRAM too: here they do.
    "KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS",
    "KAFKA_DAEMON_GROUP",
    "KAFKA_KRAFT_CLUSTER_ID_FILE",
];

const IGNORED_PREFIXES: &[&str] = &["KAFKA_HEAP_", "KAFKA_JMX_", "KAFKA_LOG4J", "KAFKA_TOOLS_LOG4J", "KAFKA_JAVA_"];

const IGNORED_DIRS: &[&str] =
    &["KAFKA_BASE_DIR", "KAFKA_VOLUME_DIR", "KAFKA_DATA_DIR", "KAFKA_CONF_DIR", "KAFKA_MOUNTED_CONF_DIR"];

/// Sorts the variables of the process. `read_file` gives the text of a secret's file.
pub(crate) fn read(
    variables: impl IntoIterator<Item = (String, Option<String>)>,
    read_file: impl Fn(&Path) -> io::Result<String>,
) -> Result<Environment, ConfigError> {
    let mut variables: Vec<_> =
        variables.into_iter().filter(|(name, _)| name.starts_with("KAFKA_") || name == "CLUSTER_ID").collect();
    variables.sort();
    let apache_server = variables.iter().any(|(name, _)| name == "KAFKA_PROCESS_ROLES");
    let mut environment = Environment::default();
    let mut bitnami = Vec::new();
    let mut logins = BTreeMap::new();
    let mut tls = BTreeMap::new();
    for (name, text) in variables {
        if name == "CLUSTER_ID" && !apache_server {
            continue;
        }
        let Some(text) = text else { return Err(ConfigError::NotText { variable: name }) };
        let source = Source::Environment(name.clone());
        if let Some(secret) = secret_of_file(&name) {
            let path = PathBuf::from(text);
            let text =
                read_file(&path).map_err(|error| ConfigError::SecretFile { variable: name.clone(), path, error })?;
            if secret == "KAFKA_KRAFT_CLUSTER_ID" {
                bitnami.push(cluster_id(text, source));
            } else if is_login(secret) {
                logins.insert(secret.to_owned(), text);
            } else if bitnami_tls::is_variable(secret) {
                tls.insert(secret.to_owned(), text.trim().to_owned());
            } else {
                environment.credentials.push(secret.to_owned());
            }
        } else if bitnami_tls::is_variable(&name) {
            tls.entry(name).or_insert(text);
        } else if is_login(&name) {
            // As in the image, the variable itself is weaker than its file.
            logins.entry(name).or_insert(text);
        } else if CREDENTIALS.contains(&name.as_str()) {
            if !text.is_empty() {
                environment.credentials.push(name);
            }
        } else if name == "KAFKA_KRAFT_CLUSTER_ID" {
            bitnami.push(cluster_id(text, source));
        } else if name == "CLUSTER_ID" {
            environment.settings.push(cluster_id(text, source));
        } else if let Some(rest) = name.strip_prefix("KAFKA_CFG_") {
            environment.bitnami = true;
            bitnami.push(EnvironmentSetting { key: key_of(rest), text, source, certain: true });
        } else if !is_ignored(&name, &text) {
            let key = key_of(&name["KAFKA_".len()..]);
            environment.settings.push(EnvironmentSetting { key, text, source, certain: false });
        }
    }
    environment.settings.append(&mut bitnami_tls::settings(&tls, &read_file));
    environment.settings.append(&mut bitnami);
    environment.users = users(&logins)?;
    Ok(environment)
}

/// The users of every pair of variables; a pair with nothing in it has none.
fn users(logins: &BTreeMap<String, String>) -> Result<Vec<DeclaredUser>, ConfigError> {
    let mut users = Vec::new();
    for (names, passwords) in USERS {
        let list = |variable: &str| {
            let text = logins.get(variable).map(String::as_str).unwrap_or_default();
            text.split([',', ';', ' ', '\n', '\r']).filter(|entry| !entry.is_empty()).collect::<Vec<_>>()
        };
        let (found, secrets) = (list(names), list(passwords));
        if found.len() != secrets.len() {
            return Err(ConfigError::UnevenCredentials {
                users: names,
                users_len: found.len(),
                passwords,
                passwords_len: secrets.len(),
            });
        }
        users.extend(found.into_iter().zip(secrets).map(|(name, password)| DeclaredUser {
            name: name.to_owned(),
            password: Secret::new(password),
            given: Source::Environment((*names).to_owned()),
        }));
    }
    Ok(users)
}

fn is_login(name: &str) -> bool {
    USERS.iter().any(|(users, passwords)| name == *users || name == *passwords)
}

fn cluster_id(text: String, source: Source) -> EnvironmentSetting {
    EnvironmentSetting { key: CLUSTER_ID_KEY.to_owned(), text, source, certain: true }
}

/// The variable that `name` gives in its `*_FILE` form.
fn secret_of_file(name: &str) -> Option<&str> {
    let secret = name.strip_suffix("_FILE")?;
    (is_login(secret)
        || secret == bitnami_tls::PASSWORD
        || CREDENTIALS.contains(&secret)
        || secret == "KAFKA_KRAFT_CLUSTER_ID")
        .then_some(secret)
}

fn is_ignored(name: &str, text: &str) -> bool {
    IGNORED.contains(&name)
        || IGNORED_DIRS.contains(&name)
        || IGNORED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || is_service_link(name, text)
}

/// What Kubernetes and Docker links add for a service called `kafka` or `kafka-something`.
fn is_service_link(name: &str, text: &str) -> bool {
    if text.starts_with("tcp://") || text.starts_with("udp://") {
        return true;
    }
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    let Some((_, after)) = name.rsplit_once("_PORT_") else { return false };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && ["_TCP", "_UDP"].iter().any(|protocol| after[digits..].starts_with(protocol))
}

/// Kafka's key for the part of a variable's name that follows the prefix.
fn key_of(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        let underscores = rest.bytes().take_while(|byte| *byte == b'_').count();
        let (replacement, taken) = match underscores {
            0 => (character.to_ascii_lowercase(), character.len_utf8()),
            1 => ('.', 1),
            2 => ('_', 2),
            _ => ('-', 3),
        };
        key.push(replacement);
        rest = &rest[taken..];
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expected: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), Some((*text).to_owned())));
        let environment = read(variables, |path| {
            if path == Path::new("/secrets/id") {
                Ok("from-file\n".to_owned())
            } else {
                Err(io::ErrorKind::NotFound.into())
            }
        })
        .unwrap();
        let found: Vec<_> = environment.settings.iter().map(|s| (s.key.as_str(), s.text.as_str())).collect();
        assert_eq!(found, expected);
        environment
    }

    #[test]
    fn both_images_prefixes_are_translated_and_bitnami_comes_last() {
        let environment = check(
            &[
                ("KAFKA_CFG_NODE_ID", "0"),
                ("KAFKA_CFG_CONTROLLER_QUORUM_VOTERS", "0@kafka-0:9094"),
                ("KAFKA_LOG_DIRS", "/data"),
                ("KAFKA_A__B___C", "x"),
                ("PATH", "/bin"),
            ],
            &[("a_b-c", "x"), ("log.dirs", "/data"), ("controller.quorum.voters", "0@kafka-0:9094"), ("node.id", "0")],
        );
        assert!(environment.bitnami);
    }

    #[test]
    fn the_jvm_and_service_links_are_ignored() {
        check(
            &[
                ("KAFKA_HEAP_OPTS", "-Xmx1g"),
                ("KAFKA_JMX_PORT", "5555"),
                ("KAFKA_LOG4J_LOGGERS", "kafka=WARN"),
                ("KAFKA_PORT", "tcp://10.0.0.1:9092"),
                ("KAFKA_PORT_9092_TCP", "tcp://10.0.0.1:9092"),
                ("KAFKA_PORT_9092_TCP_ADDR", "10.0.0.1"),
                ("KAFKA_HEADLESS_PORT_9092_TCP_PROTO", "tcp"),
                ("KAFKA_SERVICE_HOST", "10.0.0.1"),
                ("KAFKA_SERVICE_PORT_TCP_CLIENT", "9092"),
                ("KAFKA_VOLUME_DIR", "/bitnami/kafka"),
                ("CLUSTER_ID", "somebody else's"),
            ],
            &[],
        );
    }

    #[test]
    fn the_cluster_id_comes_from_either_image_and_from_a_file() {
        check(&[("KAFKA_KRAFT_CLUSTER_ID", "abc")], &[(CLUSTER_ID_KEY, "abc")]);
        check(&[("KAFKA_KRAFT_CLUSTER_ID_FILE", "/secrets/id")], &[(CLUSTER_ID_KEY, "from-file\n")]);
        check(
            &[("CLUSTER_ID", "abc"), ("KAFKA_PROCESS_ROLES", "broker")],
            &[(CLUSTER_ID_KEY, "abc"), ("process.roles", "broker")],
        );
    }

    #[test]
    fn users_come_with_their_passwords_and_other_credentials_by_name() {
        let environment = check(
            &[
                ("KAFKA_CLIENT_USERS", "ada,bob"),
                ("KAFKA_CLIENT_PASSWORDS", "hunter2;hunter3"),
                ("KAFKA_INTER_BROKER_USER", ""),
                ("KAFKA_CONTROLLER_USER", "c"),
                ("KAFKA_CONTROLLER_PASSWORD_FILE", "/secrets/id"),
                ("KAFKA_INTER_BROKER_CLIENT_SECRET", "hunter4"),
            ],
            &[],
        );
        let users: Vec<_> =
            environment.users.iter().map(|user| (user.name.as_str(), user.password.as_bytes())).collect();
        assert_eq!(users, [("ada", &b"hunter2"[..]), ("bob", b"hunter3"), ("c", b"from-file")]);
        assert_eq!(environment.credentials, ["KAFKA_INTER_BROKER_CLIENT_SECRET"]);
        assert!(!format!("{environment:?}").contains("hunter"));
    }

    #[test]
    fn users_without_passwords_are_refused() {
        let variables = [("KAFKA_CLIENT_USERS", "ada,bob"), ("KAFKA_CLIENT_PASSWORDS", "hunter2")];
        let variables = variables.map(|(name, text)| (name.to_owned(), Some(text.to_owned())));
        let error = read(variables, |_| Err(io::ErrorKind::NotFound.into())).unwrap_err();
        let expected = "KAFKA_CLIENT_USERS names 2 and KAFKA_CLIENT_PASSWORDS names 1; give each user one password";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_missing_secret_file_is_an_error_that_names_it() {
        let variables = [("KAFKA_CLIENT_PASSWORDS_FILE".to_owned(), Some("/nowhere".to_owned()))];
        let error = read(variables, |_| Err(io::ErrorKind::NotFound.into())).unwrap_err();
        let expected = "cannot read /nowhere named by KAFKA_CLIENT_PASSWORDS_FILE: entity not found; mount a readable file there, or unset \
                        the variable";
        assert_eq!(error.to_string(), expected);
    }
}
