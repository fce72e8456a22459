//! Broker keys of tiered storage.

use super::super::key::{Check, ConfigKey, ConfigType, boolean, double, int, long, string, unset};

const FOREVER: &str = "9223372036854775807";

pub(super) static KEYS: &[ConfigKey] = &[
    boolean("follower.fetch.last.tiered.offset.enable", "false").cluster_wide(),
    int("remote.fetch.max.wait.ms", "500").from(1).cluster_wide(),
    long("remote.list.offsets.request.timeout.ms", "30000").from(1).cluster_wide(),
    long("remote.log.index.file.cache.total.size.bytes", "1073741824").from(1).cluster_wide().low(),
    long("remote.log.index.file.cache.ttl.ms", "900000").from(-1).low().internal(),
    int("remote.log.manager.copier.thread.pool.size", "10").from(1).cluster_wide(),
    long("remote.log.manager.copy.max.bytes.per.second", FOREVER).from(1).cluster_wide(),
    int("remote.log.manager.copy.quota.window.num", "11").from(1),
    int("remote.log.manager.copy.quota.window.size.seconds", "1").from(1),
    int("remote.log.manager.expiration.thread.pool.size", "10").from(1).cluster_wide(),
    long("remote.log.manager.fetch.max.bytes.per.second", FOREVER).from(1).cluster_wide(),
    int("remote.log.manager.fetch.quota.window.num", "11").from(1),
    int("remote.log.manager.fetch.quota.window.size.seconds", "1").from(1),
    int("remote.log.manager.follower.thread.pool.size", "2").from(1).cluster_wide(),
    long("remote.log.manager.task.interval.ms", "30000").from(1).low(),
    long("remote.log.manager.task.retry.backoff.max.ms", "30000").from(1).low().internal(),
    long("remote.log.manager.task.retry.backoff.ms", "500").from(1).low().internal(),
    double("remote.log.manager.task.retry.jitter", "0.2").check(Check::Between(0.0, 0.5)).low().internal(),
    int("remote.log.manager.thread.pool.size", "2").from(1),
    int("remote.log.metadata.custom.metadata.max.bytes", "128").from(0).low(),
    string(
        "remote.log.metadata.manager.class.name",
        "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
    )
    .check(Check::NonEmpty),
    unset("remote.log.metadata.manager.class.path", ConfigType::String),
    string("remote.log.metadata.manager.impl.prefix", "rlmm.config.").check(Check::NonEmpty),
    unset("remote.log.metadata.manager.listener.name", ConfigType::String).check(Check::NonEmpty),
    int("remote.log.reader.max.pending.tasks", "100").from(1),
    int("remote.log.reader.threads", "10").from(1).cluster_wide(),
    unset("remote.log.storage.manager.class.name", ConfigType::String).check(Check::NonEmpty),
    unset("remote.log.storage.manager.class.path", ConfigType::String),
    string("remote.log.storage.manager.impl.prefix", "rsm.config.").check(Check::NonEmpty),
    boolean("remote.log.storage.system.enable", "false"),
];
