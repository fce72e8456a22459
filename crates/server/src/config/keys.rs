//! Which keys start-up reads. Kafka's have their rows in `stream_metadata::config_def`; the rows of our own are here.

use stream_metadata::config_def::{self, ConfigKey};

/// A key of our own; all of them begin with `hanzo.`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct OwnKey {
    pub(crate) name: &'static str,
    pub(crate) kind: OwnKind,
    /// As a text; empty for one that the machine decides, or for none.
    pub(crate) default: &'static str,
    /// Whether the part that it is for exists.
    pub(crate) works: bool,
}

/// What a key of our own takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum OwnKind {
    /// Any text.
    Text,
    /// A whole number from this one.
    From(i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
}

use OwnKind::{From, OneOf, Text};

/// All keys of our own; docs/configuration.md describes the same.
pub(crate) const OWN_KEYS: &[OwnKey] = &[
    OwnKey { name: "hanzo.catalog.file", kind: Text, default: "", works: false },
    OwnKey { name: "hanzo.cluster.id", kind: Text, default: "", works: true },
    OwnKey { name: "hanzo.disk.reserve.bytes", kind: From(0), default: "67108864", works: true },
    OwnKey { name: "hanzo.flush.policy", kind: OneOf(&["auto", "always", "never"]), default: "auto", works: true },
    OwnKey { name: "hanzo.http.listener", kind: Text, default: "localhost:8080", works: true },
    OwnKey { name: "hanzo.log.format", kind: OneOf(&["text", "json"]), default: "text", works: true },
    OwnKey { name: "hanzo.log.level", kind: Text, default: "info", works: true },
    OwnKey { name: "hanzo.memory.bytes", kind: From(16 << 20), default: "", works: true },
    OwnKey { name: "hanzo.registry.listener", kind: Text, default: "localhost:8081", works: false },
];

/// Kafka's keys that start-up reads into the configuration.
pub(crate) const READ_KEYS: &[&str] = &[
    "advertised.listeners",
    "auto.create.topics.enable",
    "broker.id",
    "broker.rack",
    "connections.max.idle.ms",
    "controller.listener.names",
    "controller.quorum.voters",
    "default.replication.factor",
    "delete.topic.enable",
    "fetch.max.bytes",
    "group.initial.rebalance.delay.ms",
    "group.max.session.timeout.ms",
    "group.max.size",
    "group.min.session.timeout.ms",
    "inter.broker.listener.name",
    "listener.security.protocol.map",
    "listeners",
    "log.cleaner.backoff.ms",
    "log.cleaner.enable",
    "log.dir",
    "log.dirs",
    "log.retention.check.interval.ms",
    "max.connections",
    "max.connections.per.ip",
    "max.incremental.fetch.session.cache.slots",
    "node.id",
    "num.partitions",
    "offset.metadata.max.bytes",
    "offsets.retention.check.interval.ms",
    "offsets.retention.minutes",
    "offsets.topic.num.partitions",
    "offsets.topic.replication.factor",
    "offsets.topic.segment.bytes",
    "process.roles",
    "producer.id.expiration.ms",
    "queued.max.request.bytes",
    "security.inter.broker.protocol",
    "socket.listen.backlog.size",
    "socket.request.max.bytes",
];

/// The row of a key of our own.
pub(crate) fn own_key(name: &str) -> Option<&'static OwnKey> {
    OWN_KEYS.iter().find(|key| key.name == name)
}

/// Whether this broker does what the key says: start-up reads it, or it is the default of a topic's key.
pub(crate) fn is_honoured(name: &str) -> bool {
    READ_KEYS.binary_search(&name).is_ok()
        || config_def::broker_key(name).is_some_and(|key| key.honoured)
        || topic_defaults().any(|key| key.name == name)
}

/// Broker keys that give honoured topic keys their value.
fn topic_defaults() -> impl Iterator<Item = &'static ConfigKey> {
    let topic_keys = config_def::topic_keys().iter().filter(|key| key.honoured);
    topic_keys.flat_map(|key| key.synonyms).filter_map(|synonym| config_def::broker_key(synonym.name))
}

/// Every Kafka key that is honoured, sorted.
pub(crate) fn honoured_keys() -> impl Iterator<Item = &'static ConfigKey> {
    config_def::broker_keys().iter().filter(|key| is_honoured(key.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_read_has_a_row_and_the_lists_are_sorted() {
        for name in READ_KEYS {
            assert!(config_def::broker_key(name).is_some(), "{name} has no row");
        }
        assert!(READ_KEYS.is_sorted());
        assert!(OWN_KEYS.is_sorted_by_key(|key| key.name));
    }
}
