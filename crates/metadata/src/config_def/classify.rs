//! What the server says at start-up about a key of its configuration.

use super::{broker_key, nearest_key};
use crate::image::ConfigResourceType;

/// Keys of brokers that used ZooKeeper, of its migration, and keys that ended with it; beside them those that begin with `zookeeper.`.
pub const ZOOKEEPER_KEYS: &[&str] = &[
    "broker.id.generation.enable",
    "control.plane.listener.name",
    "inter.broker.protocol.version",
    "reserved.broker.max.id",
    "zookeeper.connect",
];

/// Keys that ask for authentication, authorization or encryption.
const SECURITY_PREFIXES: &[&str] =
    &["sasl.", "ssl.", "listener.name.", "authorizer.", "delegation.token.", "password.encoder.", "early.start."];
const SECURITY_KEYS: &[&str] = &[
    "super.users",
    "allow.everyone.if.no.acl.found",
    "principal.builder.class",
    "security.providers",
    "connection.failed.authentication.delay.ms",
    "connections.max.reauth.ms",
    "controller.sasl.mechanism",
];

/// Whether `key` is about security. One that is not honoured may say Kafka's default and nothing else.
pub fn is_security_key(key: &str) -> bool {
    SECURITY_KEYS.contains(&key) || SECURITY_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// What a key of the server's configuration is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyClass {
    /// This broker does what it says.
    Honoured,
    /// One of our own.
    Hanzo,
    /// Kafka knows it, this broker does not need it.
    NotNeeded,
    /// It belongs to a Kafka with ZooKeeper.
    ZooKeeper,
    /// Nobody knows it; the nearest known key, if there is one near.
    Unknown(Option<&'static str>),
}

/// Sorts a key of the server's configuration.
pub fn classify_key(name: &str) -> KeyClass {
    if name.starts_with("zookeeper.") || ZOOKEEPER_KEYS.contains(&name) {
        return KeyClass::ZooKeeper;
    }
    match broker_key(name) {
        Some(key) if key.name.starts_with("hanzo.") => KeyClass::Hanzo,
        Some(key) if key.honoured => KeyClass::Honoured,
        Some(_) => KeyClass::NotNeeded,
        None => KeyClass::Unknown(nearest_key(ConfigResourceType::Broker, name)),
    }
}
