//! DescribeConfigs: every key with its value, where the value comes from, and what else would give it one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::effective::topic_value;
use super::key::{ConfigKey, ConfigSource, ConfigType, Scope};
use super::resolve::{Found, OWN, StaticConfig, broker_synonyms, layers};
use super::{broker_keys, client_metrics_keys, group_keys, topic_keys};
use crate::image::{ConfigResource, ConfigResourceType, MetadataImage};

/// One key of a resource as DescribeConfigs answers it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigEntry {
    /// The key.
    pub name: String,
    /// Its effective value; None if it has none or is sensitive.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// Whether it may not be changed while the broker runs.
    pub read_only: bool,
    /// Whether its value is never shown.
    pub sensitive: bool,
    /// The type of its value.
    pub kind: ConfigType,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// Every value that is set for it, the strongest first.
    pub synonyms: Vec<ConfigSynonym>,
}

/// A value that is set for a key, under its own name or another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigSynonym {
    /// The key under which it is set.
    pub name: String,
    /// The value; None if it is sensitive.
    pub value: Option<String>,
    /// Where it is set.
    pub source: ConfigSource,
}

/// Every key of a topic.
pub fn describe_topic(image: &MetadataImage, config: &StaticConfig, topic: &str) -> Vec<ConfigEntry> {
    let none = BTreeMap::new();
    let own = image.configs().get(&ConfigResource::topic(topic)).map_or(&none, |own| own);
    describe_topic_values(image, config, own)
}

/// Every key of a topic that has these values of its own.
pub(crate) fn describe_topic_values(
    image: &MetadataImage,
    config: &StaticConfig,
    own: &BTreeMap<String, String>,
) -> Vec<ConfigEntry> {
    let mut entries = Vec::new();
    for key in topic_keys().iter().filter(|key| !key.internal) {
        let mut synonyms = Vec::new();
        if let Some(value) = own.get(key.name) {
            synonyms.push(synonym(key, key.name, value, ConfigSource::DynamicTopic));
        }
        synonyms.extend(found_synonyms(key, layers(image, config, key.name, key.synonyms)));
        let value = topic_value(image, config, own, key);
        entries.push(entry(key, key.name, value.map(Cow::into_owned), false, synonyms));
    }
    entries
}

/// Every key of the broker whose configuration this is that the broker knows or was given. Kafka's
/// internal keys are shown only if they are set.
pub fn describe_broker(image: &MetadataImage, config: &StaticConfig) -> Vec<ConfigEntry> {
    let mut entries = Vec::new();
    for key in broker_keys() {
        let found: Vec<Found<'_>> = layers(image, config, key.name, broker_synonyms(key)).collect();
        if key.internal && found.iter().all(|found| found.source == ConfigSource::Default) {
            continue;
        }
        // Another unit's key does not give this key a value of its own: Kafka shows it as null.
        let value = found.iter().find(|found| found.name == key.name).map(|found| found.value.to_owned());
        entries.push(entry(key, key.name, value, key.live_scope() == Scope::ReadOnly, found_synonyms(key, found)));
    }
    describe_unlisted(image, config, &mut entries);
    entries
}

/// What is set for every broker: the keys that have a value there, and no others.
pub fn describe_default_broker(image: &MetadataImage) -> Vec<ConfigEntry> {
    let mut entries = Vec::new();
    for (name, value) in image.configs().get(&ConfigResource::default_broker()).into_iter().flat_map(|keys| keys.iter())
    {
        let row = super::broker_key(name).copied().unwrap_or(unknown_row());
        let synonyms = vec![synonym(&row, name, value, ConfigSource::DynamicDefaultBroker)];
        entries.push(entry(&row, name, Some(value.clone()), false, synonyms));
    }
    entries
}

/// Keys that were given but have no row: those of one listener, and those that nobody knows. The
/// latter are sensitive, because nobody knows what they hold.
fn describe_unlisted(image: &MetadataImage, config: &StaticConfig, entries: &mut Vec<ConfigEntry>) {
    let own = image.configs().get(&ConfigResource::broker(config.node_id()));
    let all = image.configs().get(&ConfigResource::default_broker());
    let dynamic = own.into_iter().chain(all).flat_map(|keys| keys.keys().map(String::as_str));
    let names: BTreeSet<&str> = config.iter().map(|(name, _)| name).chain(dynamic).collect();
    for name in names {
        if broker_keys().binary_search_by(|key| key.name.cmp(name)).is_ok() {
            continue;
        }
        let mut row = super::broker_key(name).copied().unwrap_or(unknown_row());
        if name.starts_with("hanzo.") {
            row.kind = ConfigType::String;
        }
        let found: Vec<Found<'_>> = layers(image, config, name, OWN).collect();
        let value = found.first().map(|found| found.value.to_owned());
        let read_only = row.live_scope() == Scope::ReadOnly;
        entries.push(entry(&row, name, value, read_only, found_synonyms(&row, found)));
    }
}

fn unknown_row() -> ConfigKey {
    super::key::unset("", ConfigType::Password)
}

/// Every key of a group.
pub fn describe_group(image: &MetadataImage, config: &StaticConfig, group: &str) -> Vec<ConfigEntry> {
    let own = image.configs().get(&ConfigResource::group(group));
    let mut entries = Vec::new();
    for key in group_keys() {
        let mut synonyms = Vec::new();
        if let Some(value) = own.and_then(|own| own.get(key.name)) {
            synonyms.push(synonym(key, key.name, value, ConfigSource::Group));
        }
        let found: Vec<Found<'_>> = layers(image, config, key.name, key.synonyms).collect();
        let inherited = found.first().map(|found| found.value.to_owned());
        synonyms.extend(found_synonyms(key, found));
        if let (true, Some(default)) = (key.synonyms.is_empty(), key.default) {
            synonyms.push(synonym(key, key.name, default, ConfigSource::Default));
        }
        let stored = own.and_then(|own| own.get(key.name)).cloned();
        let value = stored.or(inherited).or_else(|| key.default.map(str::to_owned));
        entries.push(entry(key, key.name, value, false, synonyms));
    }
    entries
}

/// Every key of a client metrics subscription; none if there is no such subscription.
pub fn describe_client_metrics(image: &MetadataImage, name: &str) -> Vec<ConfigEntry> {
    let resource = ConfigResource { kind: ConfigResourceType::ClientMetrics, name: name.to_owned() };
    let Some(own) = image.configs().get(&resource) else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    for key in client_metrics_keys() {
        let stored = own.get(key.name);
        let synonyms = stored.map(|value| synonym(key, key.name, value, ConfigSource::ClientMetrics));
        let value = stored.cloned().or_else(|| key.default.map(str::to_owned));
        entries.push(entry(key, key.name, value, false, synonyms.into_iter().collect()));
    }
    entries
}

fn found_synonyms<'a>(key: &ConfigKey, found: impl IntoIterator<Item = Found<'a>>) -> Vec<ConfigSynonym> {
    found.into_iter().map(|found| synonym(key, found.name, found.value, found.source)).collect()
}

fn synonym(key: &ConfigKey, name: &str, value: &str, source: ConfigSource) -> ConfigSynonym {
    let value = (!key.is_sensitive()).then(|| value.to_owned());
    ConfigSynonym { name: name.to_owned(), value, source }
}

fn entry(
    key: &ConfigKey,
    name: &str,
    value: Option<String>,
    read_only: bool,
    synonyms: Vec<ConfigSynonym>,
) -> ConfigEntry {
    ConfigEntry {
        name: name.to_owned(),
        value: value.filter(|_| !key.is_sensitive()),
        source: synonyms.first().map_or(ConfigSource::Default, |synonym| synonym.source),
        read_only,
        sensitive: key.is_sensitive(),
        kind: key.kind,
        doc: key.doc,
        synonyms,
    }
}
