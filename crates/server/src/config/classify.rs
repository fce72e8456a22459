//! What is said about keys that start-up accepts but does not act on.

use std::fmt;
use std::path::PathBuf;

use stream_catalog::CatalogWarning;
use stream_metadata::config_def::{self, KeyClass};

use super::keys;
use super::settings::{Settings, Source};

/// Something to tell the operator once; the server starts all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// Kafka knows the key, this broker has no use for it.
    NotNeeded {
        /// The key.
        key: String,
        /// Where it was given.
        given: Source,
    },
    /// A key of the time before KRaft.
    ZooKeeper {
        /// The key.
        key: String,
        /// Where it was given.
        given: Source,
    },
    /// Nobody knows the key.
    Unknown {
        /// The key.
        key: String,
        /// Where it was given.
        given: Source,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
    },
    /// A key of our own for a part that does not exist yet.
    NotYet {
        /// The key.
        key: String,
        /// Where it was given.
        given: Source,
    },
    /// Something in the catalog file that is allowed and probably not meant.
    Catalog {
        /// The file.
        path: PathBuf,
        /// What.
        warning: CatalogWarning,
    },
    /// Files with secrets that are open to everybody.
    OpenSecrets {
        /// The files.
        paths: Vec<PathBuf>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::NotNeeded { key, given } => {
                write!(f, "{key} ({given}) is a key of Kafka's that this broker does not need")
            }
            Warning::ZooKeeper { key, given } => {
                write!(
                    f,
                    "{key} ({given}) belongs to ZooKeeper mode; metadata is kept by the controller quorum here, remove it"
                )
            }
            Warning::Unknown { key, given, nearest: Some(nearest) } => {
                write!(f, "{key} ({given}) is no known key; did you mean {nearest}?")
            }
            Warning::Unknown { key, given, nearest: None } => {
                write!(f, "{key} ({given}) is no known key")
            }
            Warning::NotYet { key, given } => write!(f, "{key} ({given}) has no effect yet"),
            Warning::Catalog { path, warning } => write!(f, "{} {warning}", path.display()),
            Warning::OpenSecrets { paths } => {
                let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                write!(f, "every user of this machine can read secrets in {}; take that right away", paths.join(", "))
            }
        }
    }
}

/// Goes through all keys that were given.
pub(crate) fn classify(settings: &Settings) -> Vec<Warning> {
    settings.iter().filter_map(|(key, setting)| warning(key, &setting.source)).collect()
}

/// Whether a `KAFKA_X` variable is meant for a server: somebody knows the key, or it is a typing error away from one.
pub(crate) fn is_plausible(key: &str) -> bool {
    config_def::classify_key(key) != KeyClass::Unknown(None)
}

fn warning(key: &str, given: &Source) -> Option<Warning> {
    if keys::NOT_YET_KEYS.contains(&key) {
        return Some(Warning::NotYet { key: key.to_owned(), given: given.clone() });
    }
    // What asks for security was refused before; what is left of such keys says what Kafka does without them.
    if keys::is_honoured(key) || config_def::is_security_key(key) {
        return None;
    }
    let (key_text, given) = (key.to_owned(), given.clone());
    match config_def::classify_key(key) {
        KeyClass::Honoured | KeyClass::Hanzo => None,
        KeyClass::NotNeeded => Some(Warning::NotNeeded { key: key_text, given }),
        KeyClass::ZooKeeper => Some(Warning::ZooKeeper { key: key_text, given }),
        KeyClass::Unknown(nearest) => Some(Warning::Unknown { key: key_text, given, nearest }),
    }
}
