//! Which of the configuration's layers gives a key its value.

use std::collections::BTreeMap;

use stream_types::NodeId;

use super::key::{ConfigKey, ConfigSource, Synonym};
use super::{broker_key, validate::whole_number};
use crate::image::{ConfigResource, MetadataImage};

/// What the configuration file, the environment and the command line say about one broker: Kafka's
/// keys with their values as text, in the order of keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StaticConfig {
    node_id: NodeId,
    values: BTreeMap<String, String>,
}

impl StaticConfig {
    /// The configuration of the broker with this id. Keys without a value are left out.
    pub fn new(node_id: NodeId, values: BTreeMap<String, String>) -> Self {
        StaticConfig { node_id, values }
    }

    /// `node.id`.
    pub fn node_id(&self) -> NodeId {
        self.node_id
    }

    /// The value that was given for a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Every key that was given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The effective value of a broker key on this broker: for itself, for every broker, in its
    /// configuration, by default. A key in another unit (`log.retention.hours`) counts where the key
    /// itself says nothing.
    pub fn effective(&self, image: &MetadataImage, key: &str) -> Option<String> {
        let own = [Synonym { name: "", factor: 1 }];
        let row = broker_key(key);
        let synonyms = row.map_or(&own[..], |row| if row.synonyms.is_empty() { &own[..] } else { row.synonyms });
        let found = layers(image, self, key, synonyms).into_iter().next();
        found.map(|(value, _)| value.in_unit())
    }

    /// The effective value of a broker key that holds a whole number, if it has one.
    pub fn effective_number(&self, image: &MetadataImage, key: &str) -> Option<i64> {
        whole_number(&self.effective(image, key)?)
    }
}

/// A value found under a broker key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) value: String,
    factor: i64,
}

impl Found {
    /// The value in the unit of the key that was looked for.
    pub(super) fn in_unit(&self) -> String {
        match whole_number(&self.value) {
            // A negative number is Kafka's "no limit" in every unit.
            Some(number) if self.factor > 1 && number >= 0 => number.saturating_mul(self.factor).to_string(),
            _ => self.value.clone(),
        }
    }
}

/// Every value that the broker's layers hold for a key under its synonyms, the strongest first. A
/// synonym of no name is the key itself.
pub(super) fn layers(
    image: &MetadataImage,
    config: &StaticConfig,
    key: &str,
    synonyms: &[Synonym],
) -> Vec<(Found, ConfigSource)> {
    let own = image.configs().get(&ConfigResource::broker(config.node_id));
    let all = image.configs().get(&ConfigResource::default_broker());
    let mut found = Vec::new();
    let sources = [
        ConfigSource::DynamicBroker,
        ConfigSource::DynamicDefaultBroker,
        ConfigSource::StaticBroker,
        ConfigSource::Default,
    ];
    for source in sources {
        for synonym in synonyms {
            let name = if synonym.name.is_empty() { key } else { synonym.name };
            let value = match source {
                ConfigSource::DynamicBroker => own.and_then(|keys| keys.get(name)).map(String::as_str),
                ConfigSource::DynamicDefaultBroker => all.and_then(|keys| keys.get(name)).map(String::as_str),
                ConfigSource::StaticBroker => config.get(name),
                _ => broker_key(name).and_then(|row| row.default),
            };
            if let Some(value) = value {
                let found_here = Found { name: name.to_owned(), value: value.to_owned(), factor: synonym.factor };
                found.push((found_here, source));
            }
        }
    }
    found
}

/// The synonyms of a broker key: itself, unless its row says more.
pub(super) fn broker_synonyms(row: &ConfigKey) -> &'static [Synonym] {
    const OWN: &[Synonym] = &[Synonym { name: "", factor: 1 }];
    if row.synonyms.is_empty() { OWN } else { row.synonyms }
}
