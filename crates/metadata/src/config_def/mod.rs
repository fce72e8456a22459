//! The one table of configuration keys, and everything that is read off it: validation, effective
//! values, DescribeConfigs, start-up warnings.
//!
//! Adding a row is the whole registration. Rows are sorted by key; a test holds that and that every
//! default passes its own check.

mod address_counts;
mod broker;
mod classify;
mod client_metrics;
mod describe;
mod effective;
mod group;
mod key;
mod nearest;
mod resolve;
mod topic;
mod validate;

pub use address_counts::address_counts;
pub use classify::{KeyClass, ZOOKEEPER_KEYS, classify_key, is_security_key};
pub use describe::{
    ConfigEntry, ConfigSynonym, describe_broker, describe_client_metrics, describe_default_broker, describe_group,
    describe_topic,
};
pub use effective::{CleanupPolicy, CompressionType, TimestampType, TopicConfig, effective_topic_config};
pub use key::{Check, ConfigKey, ConfigSource, ConfigType, Importance, Scope};
pub use nearest::{nearest_key, nearest_name};
pub use resolve::StaticConfig;
pub use validate::{validate_broker_value, validate_topic_configs, validate_value};

pub(crate) use describe::describe_topic_values;
pub(crate) use validate::{
    BrokerRefusal, check_broker_change, check_group_change, check_topic_change, check_topic_relations, list_items,
    unknown_key,
};

/// Every configuration key of a topic, sorted.
pub fn topic_keys() -> &'static [ConfigKey] {
    topic::KEYS
}

/// Every configuration key of a broker or controller, sorted.
pub fn broker_keys() -> &'static [ConfigKey] {
    broker::keys()
}

/// Every configuration key of a broker or controller by what it is about, under a title for documents.
pub fn broker_key_parts() -> &'static [(&'static str, &'static [ConfigKey])] {
    broker::PARTS
}

/// Every configuration key of a group, sorted.
pub fn group_keys() -> &'static [ConfigKey] {
    group::KEYS
}

/// Every configuration key of a client metrics subscription, sorted.
pub fn client_metrics_keys() -> &'static [ConfigKey] {
    client_metrics::KEYS
}

/// The row of a topic key.
pub fn topic_key(name: &str) -> Option<&'static ConfigKey> {
    find(topic_keys(), name)
}

/// The row of a broker key. A key that is given for one listener (`listener.name.NAME.KEY`) has the
/// row of the key itself.
pub fn broker_key(name: &str) -> Option<&'static ConfigKey> {
    find(broker_keys(), name).or_else(|| find(broker_keys(), without_listener_prefix(name)?))
}

/// The row of a group key.
pub fn group_key(name: &str) -> Option<&'static ConfigKey> {
    find(group_keys(), name)
}

/// The row of a client metrics key.
pub fn client_metrics_key(name: &str) -> Option<&'static ConfigKey> {
    find(client_metrics_keys(), name)
}

fn find(keys: &'static [ConfigKey], name: &str) -> Option<&'static ConfigKey> {
    let position = keys.binary_search_by(|key| key.name.cmp(name)).ok()?;
    keys.get(position)
}

/// `ssl.keystore.location` of `listener.name.external.ssl.keystore.location`. A SASL mechanism may
/// stand in between (`listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config`).
fn without_listener_prefix(name: &str) -> Option<&str> {
    let (_, key) = name.strip_prefix("listener.name.")?.split_once('.')?;
    if find(broker_keys(), key).is_some() {
        return Some(key);
    }
    key.split_once('.').map(|(_, key)| key)
}

#[cfg(test)]
mod tests;
