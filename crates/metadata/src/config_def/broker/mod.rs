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
    let parts = [cluster::KEYS, group::KEYS, hanzo::KEYS, log::KEYS, network::KEYS, remote::KEYS, security::KEYS];
    let mut keys = parts.concat();
    keys.sort_by_key(|key| key.name);
    keys
});

pub(super) fn keys() -> &'static [ConfigKey] {
    &KEYS
}
