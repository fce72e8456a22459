//! The keys that start-up itself reads: type, range and default of each.

/// What values a key takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Kind {
    /// A 32-bit integer of this range.
    Int(i32, i32),
    /// A 64-bit integer of this range.
    Long(i64, i64),
    /// `true` or `false`.
    Bool,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any text.
    Text,
}

/// A key, its values, and what stands for it when nobody gives it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Key {
    /// Kafka's name, or one of ours beginning with `hanzo.`.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// Its default as a text; empty for none.
    pub(crate) default: &'static str,
}

const INT_MAX: i32 = i32::MAX;
const LONG_MAX: i64 = i64::MAX;

macro_rules! keys {
    ($($name:literal $kind:expr, $default:literal;)*) => {
        /// All keys that start-up reads.
        pub(crate) const KEYS: &[Key] = &[$(Key { name: $name, kind: $kind, default: $default }),*];
    };
}

use Kind::{Bool, Int, Long, OneOf, Text};

keys! {
    "process.roles" Text, "broker,controller";
    "node.id" Int(-1, INT_MAX), "";
    "broker.id" Int(-1, INT_MAX), "";
    "broker.rack" Text, "";
    "listeners" Text, "";
    "advertised.listeners" Text, "";
    "listener.security.protocol.map" Text, "";
    "controller.listener.names" Text, "";
    "inter.broker.listener.name" Text, "";
    "security.inter.broker.protocol" Text, "PLAINTEXT";
    "controller.quorum.voters" Text, "";
    "log.dir" Text, "";
    "log.dirs" Text, "";
    "num.partitions" Int(1, INT_MAX), "1";
    "default.replication.factor" Int(1, 32767), "1";
    "min.insync.replicas" Int(1, INT_MAX), "1";
    "auto.create.topics.enable" Bool, "true";
    "delete.topic.enable" Bool, "true";
    "offsets.topic.num.partitions" Int(1, INT_MAX), "50";
    "offsets.topic.replication.factor" Int(1, 32767), "3";
    "offsets.topic.segment.bytes" Int(1, INT_MAX), "104857600";
    "offsets.retention.minutes" Int(1, INT_MAX), "10080";
    "offsets.retention.check.interval.ms" Long(1, LONG_MAX), "600000";
    "offset.metadata.max.bytes" Int(0, INT_MAX), "4096";
    "group.min.session.timeout.ms" Int(1, INT_MAX), "6000";
    "group.max.session.timeout.ms" Int(1, INT_MAX), "1800000";
    "group.initial.rebalance.delay.ms" Int(0, INT_MAX), "3000";
    "group.max.size" Int(1, INT_MAX), "2147483647";
    "log.retention.check.interval.ms" Long(1, LONG_MAX), "300000";
    "log.cleaner.enable" Bool, "true";
    "log.cleaner.backoff.ms" Long(0, LONG_MAX), "15000";
    "log.flush.scheduler.interval.ms" Long(0, LONG_MAX), "9223372036854775807";
    "message.max.bytes" Int(0, INT_MAX), "1048588";
    "socket.request.max.bytes" Int(1, INT_MAX), "104857600";
    "socket.listen.backlog.size" Int(1, INT_MAX), "50";
    "queued.max.request.bytes" Long(-1, LONG_MAX), "-1";
    "connections.max.idle.ms" Long(-1, LONG_MAX), "600000";
    "max.connections" Int(0, INT_MAX), "2147483647";
    "max.connections.per.ip" Int(0, INT_MAX), "2147483647";
    "max.incremental.fetch.session.cache.slots" Int(0, INT_MAX), "1000";
    "fetch.max.bytes" Int(1024, INT_MAX), "57671680";
    "producer.id.expiration.ms" Int(1, INT_MAX), "86400000";
    "hanzo.cluster.id" Text, "";
    "hanzo.http.listener" Text, "localhost:8080";
    "hanzo.registry.listener" Text, "localhost:8081";
    "hanzo.flush.policy" OneOf(&["auto", "always", "never"]), "auto";
    "hanzo.memory.bytes" Long(16777216, LONG_MAX), "";
    "hanzo.disk.reserve.bytes" Long(0, LONG_MAX), "67108864";
    "hanzo.log.format" OneOf(&["text", "json"]), "text";
    "hanzo.log.level" Text, "info";
}

/// The key called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
