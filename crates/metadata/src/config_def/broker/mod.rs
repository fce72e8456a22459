//! Keys of a broker or controller, by what they are about.

mod cluster;
mod group;
mod hanzo;
mod log;
mod network;
mod remote;
mod security;

use std::sync::LazyLock;

use super::key::ConfigKey;

static KEYS: LazyLock<Vec<ConfigKey>> = LazyLock::new(|| {
    let mut keys: Vec<ConfigKey> = PARTS.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
    keys.sort_by_key(|key| key.name);
    keys
});

/// The keys by what they are about, for documents.
pub(super) static PARTS: &[(&str, &[ConfigKey])] = &[
    ("Nodes and the metadata quorum", cluster::KEYS),
    ("Listeners, connections and requests", network::KEYS),
    ("Topics and logs", log::KEYS),
    ("Groups, offsets and transactions", group::KEYS),
    ("Authentication, encryption and authorization", security::KEYS),
    ("Tiered storage", remote::KEYS),
    ("Our own", hanzo::KEYS),
];

pub(super) fn keys() -> &'static [ConfigKey] {
    &KEYS
}
