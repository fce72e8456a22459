//! Which keys start-up acts on. Types, defaults and meanings are the rows of `stream_metadata::config_def`;
//! docs/configuration.md describes the same keys.

use stream_metadata::config_def::{self, ConfigKey};

/// Keys that start-up reads into the configuration, sorted.
pub(crate) const READ_KEYS: &[&str] = &[
    "advertised.listeners",
    "allow.everyone.if.no.acl.found",
    "authorizer.class.name",
    "auto.create.topics.enable",
    "broker.id",
    "broker.rack",
    "connection.failed.authentication.delay.ms",
    "connections.max.idle.ms",
    "connections.max.reauth.ms",
    "controller.listener.names",
    "controller.quorum.voters",
    "controller.quota.window.num",
    "controller.quota.window.size.seconds",
    "default.replication.factor",
    "delegation.token.expiry.check.interval.ms",
    "delegation.token.expiry.time.ms",
    "delegation.token.max.lifetime.ms",
    "delegation.token.secret.key",
    "delete.topic.enable",
    "fetch.max.bytes",
    "group.initial.rebalance.delay.ms",
    "group.max.session.timeout.ms",
    "group.max.size",
    "group.min.session.timeout.ms",
    "hanzo.allow.unsecured",
    "hanzo.audit.topic",
    "hanzo.catalog.file",
    "hanzo.cluster.id",
    "hanzo.disk.reserve.bytes",
    "hanzo.flush.policy",
    "hanzo.http.health.auth",
    "hanzo.http.listener",
    "hanzo.http.metrics.auth",
    "hanzo.log.format",
    "hanzo.log.level",
    "hanzo.memory.bytes",
    "hanzo.metrics.max.series",
    "hanzo.metrics.partition.labels",
    "inter.broker.listener.name",
    "listener.security.protocol.map",
    "listeners",
    "log.cleaner.backoff.ms",
    "log.cleaner.enable",
    "log.dir",
    "log.dirs",
    "log.retention.check.interval.ms",
    "max.connection.creation.rate",
    "max.connections",
    "max.connections.per.ip",
    "max.connections.per.ip.overrides",
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
    "quota.window.num",
    "quota.window.size.seconds",
    "sasl.enabled.mechanisms",
    "sasl.jaas.config",
    "sasl.mechanism.controller.protocol",
    "sasl.mechanism.inter.broker.protocol",
    "sasl.oauthbearer.clock.skew.seconds",
    "sasl.oauthbearer.expected.audience",
    "sasl.oauthbearer.expected.issuer",
    "sasl.oauthbearer.jwks.endpoint.refresh.ms",
    "sasl.oauthbearer.jwks.endpoint.url",
    "sasl.oauthbearer.scope.claim.name",
    "sasl.oauthbearer.sub.claim.name",
    "sasl.server.max.receive.size",
    "security.inter.broker.protocol",
    "socket.listen.backlog.size",
    "socket.request.max.bytes",
    "ssl.allow.dn.changes",
    "ssl.allow.san.changes",
    "ssl.cipher.suites",
    "ssl.client.auth",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.principal.mapping.rules",
    "ssl.protocol",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
    "super.users",
];

/// Keys of our own for parts that do not exist yet.
pub(crate) const NOT_YET_KEYS: &[&str] = &[
    // The schema registry.
    "hanzo.registry.listener",
];

/// Whether this broker does what the key says.
pub(crate) fn is_honoured(name: &str) -> bool {
    config_def::broker_key(name).is_some_and(|key| key.honoured)
}

/// Every key that is honoured, sorted: those of start-up and the defaults of topics' keys.
pub(crate) fn honoured_keys() -> impl Iterator<Item = &'static ConfigKey> {
    config_def::broker_keys().iter().filter(|key| key.honoured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_calls_honoured_what_is_read_and_what_topics_inherit() {
        for name in READ_KEYS {
            assert!(is_honoured(name), "{name} is read and its row says otherwise");
        }
        for key in config_def::topic_keys().iter().filter(|key| key.honoured) {
            for synonym in key.synonyms {
                assert!(is_honoured(synonym.name), "{} gives {} its value", synonym.name, key.name);
            }
        }
        for name in NOT_YET_KEYS {
            assert!(!is_honoured(name), "{name} works: move it");
        }
        assert!(READ_KEYS.is_sorted() && NOT_YET_KEYS.is_sorted());
    }
}
