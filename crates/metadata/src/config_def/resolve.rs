//! Which of the configuration's layers gives a key its value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use stream_types::NodeId;

use super::key::{ConfigKey, ConfigSource, Synonym};
use super::{broker_key, validate::whole_number};
use crate::image::{ConfigResource, ConfigResourceType, MetadataImage};

/// The key itself, whatever its name.
pub(super) const OWN: &[Synonym] = &[Synonym { name: "", factor: 1 }];

static EVERY_BROKER: ConfigResource = ConfigResource { kind: ConfigResourceType::Broker, name: String::new() };

/// What the configuration file, the environment and the command line say about one broker: Kafka's
/// keys with their values as text, in the order of keys. Some are secrets: `Debug` shows keys only.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticConfig {
    node_id: NodeId,
    resource: ConfigResource,
    values: BTreeMap<String, String>,
}

impl fmt::Debug for StaticConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticConfig").field("node_id", &self.node_id).field("keys", &self.values.keys()).finish()
    }
}

impl StaticConfig {
    /// The configuration of the broker with this id. Keys without a value are left out.
    pub fn new(node_id: NodeId, values: BTreeMap<String, String>) -> Self {
        StaticConfig { node_id, resource: ConfigResource::broker(node_id), values }
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
        let synonyms = broker_key(key).map_or(OWN, broker_synonyms);
        layers(image, self, key, synonyms).next().map(|found| found.in_unit().into_owned())
    }

    /// The effective value of a broker key that holds a whole number, if it has one.
    pub fn effective_number(&self, image: &MetadataImage, key: &str) -> Option<i64> {
        whole_number(&self.effective(image, key)?)
    }
}

/// A value found under a broker key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Found<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) source: ConfigSource,
    factor: i64,
}

impl<'a> Found<'a> {
    /// The value in the unit of the key that was looked for.
    pub(super) fn in_unit(&self) -> Cow<'a, str> {
        if self.factor > 1
            && let Some(number) = whole_number(self.value)
            // A negative number is Kafka's "no limit" in every unit.
            && number >= 0
        {
            return Cow::Owned(number.saturating_mul(self.factor).to_string());
        }
        Cow::Borrowed(self.value)
    }
}

/// Every value that the broker's layers hold for a key under its synonyms, the strongest first. A
/// synonym of no name is the key itself.
pub(super) fn layers<'a>(
    image: &'a MetadataImage,
    config: &'a StaticConfig,
    key: &'a str,
    synonyms: &'a [Synonym],
) -> impl Iterator<Item = Found<'a>> {
    let own = image.configs().get(&config.resource);
    let all = image.configs().get(&EVERY_BROKER);
    let sources = [
        ConfigSource::DynamicBroker,
        ConfigSource::DynamicDefaultBroker,
        ConfigSource::StaticBroker,
        ConfigSource::Default,
    ];
    sources.into_iter().flat_map(move |source| {
        synonyms.iter().filter_map(move |synonym| {
            let name = if synonym.name.is_empty() { key } else { synonym.name };
            let value = match source {
                ConfigSource::DynamicBroker => own?.get(name)?,
                ConfigSource::DynamicDefaultBroker => all?.get(name)?,
                ConfigSource::StaticBroker => config.get(name)?,
                _ => broker_key(name)?.default?,
            };
            Some(Found { name, value, source, factor: synonym.factor })
        })
    })
}

/// The synonyms of a broker key: itself, unless its row says more.
pub(super) fn broker_synonyms(row: &ConfigKey) -> &'static [Synonym] {
    if row.synonyms.is_empty() { OWN } else { row.synonyms }
}
