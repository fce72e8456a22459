//! What is said about keys that start-up accepts but does not act on.

use std::fmt;

use super::settings::{Settings, Source};
use super::{environment, keys, security};

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
        }
    }
}

/// Goes through all keys that were given.
pub(crate) fn classify(settings: &Settings) -> Vec<Warning> {
    settings.iter().filter_map(|(key, setting)| warning(key, &setting.source)).collect()
}

/// Whether a key is known to Kafka or to us.
pub(crate) fn is_known(key: &str) -> bool {
    keys::find(key).is_some() || security::is_security_key(key)
}

fn warning(key: &str, given: &Source) -> Option<Warning> {
    let (key_text, given) = (key.to_owned(), given.clone());
    if key == "hanzo.registry.listener" || key == "hanzo.catalog.file" {
        return Some(Warning::NotYet { key: key_text, given });
    }
    if keys::find(key).is_some()
        || security::is_security_key(key)
        || key == environment::CLUSTER_ID_KEY
    {
        return None;
    }
    if key.starts_with("zookeeper.") {
        return Some(Warning::ZooKeeper { key: key_text, given });
    }
    Some(Warning::Unknown { key: key_text, given, nearest: None })
}
