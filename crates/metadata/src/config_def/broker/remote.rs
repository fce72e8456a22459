//! Broker keys of tiered storage.

use super::super::key::{Check, ConfigKey, ConfigType, boolean, double, int, long, string, unset};

const FOREVER: &str = "9223372036854775807";

pub(super) static KEYS: &[ConfigKey] = &[
    boolean("follower.fetch.last.tiered.offset.enable", "false")
        .cluster_wide()
        .doc("Whether a new follower begins after what tiered storage holds already."),
    int("remote.fetch.max.wait.ms", "500").from(1).cluster_wide().doc("How long a fetch waits for tiered storage."),
    long("remote.list.offsets.request.timeout.ms", "30000")
        .from(1)
        .cluster_wide()
        .doc("How long a search by time waits for tiered storage."),
    long("remote.log.index.file.cache.total.size.bytes", "1073741824")
        .from(1)
        .cluster_wide()
        .low()
        .doc("How much disk the indexes of tiered segments may take."),
    long("remote.log.index.file.cache.ttl.ms", "900000")
        .from(-1)
        .low()
        .internal()
        .doc("How long the index of a tiered segment stays on disk unused."),
    int("remote.log.manager.copier.thread.pool.size", "10")
        .from(1)
        .cluster_wide()
        .doc("How many threads copy segments to tiered storage."),
    long("remote.log.manager.copy.max.bytes.per.second", FOREVER)
        .from(1)
        .cluster_wide()
        .doc("How fast segments are copied to tiered storage."),
    int("remote.log.manager.copy.quota.window.num", "11")
        .from(1)
        .doc("How many samples the quota for copies to tiered storage keeps."),
    int("remote.log.manager.copy.quota.window.size.seconds", "1")
        .from(1)
        .doc("How long one sample of the quota for copies to tiered storage is."),
    int("remote.log.manager.expiration.thread.pool.size", "10")
        .from(1)
        .cluster_wide()
        .doc("How many threads delete from tiered storage."),
    long("remote.log.manager.fetch.max.bytes.per.second", FOREVER)
        .from(1)
        .cluster_wide()
        .doc("How fast tiered storage is read."),
    int("remote.log.manager.fetch.quota.window.num", "11")
        .from(1)
        .doc("How many samples the quota for reads from tiered storage keeps."),
    int("remote.log.manager.fetch.quota.window.size.seconds", "1")
        .from(1)
        .doc("How long one sample of the quota for reads from tiered storage is."),
    int("remote.log.manager.follower.thread.pool.size", "2")
        .from(1)
        .cluster_wide()
        .doc("How many threads follow what leaders have in tiered storage."),
    long("remote.log.manager.task.interval.ms", "30000")
        .from(1)
        .low()
        .doc("How often is looked for segments to copy to tiered storage."),
    long("remote.log.manager.task.retry.backoff.max.ms", "30000")
        .from(1)
        .low()
        .internal()
        .doc("The longest wait before a failed task of tiered storage is tried again."),
    long("remote.log.manager.task.retry.backoff.ms", "500")
        .from(1)
        .low()
        .internal()
        .doc("The first wait before a failed task of tiered storage is tried again."),
    double("remote.log.manager.task.retry.jitter", "0.2")
        .check(Check::Between(0.0, 0.5))
        .low()
        .internal()
        .doc("How much of the wait before a retry is random."),
    int("remote.log.manager.thread.pool.size", "2")
        .from(1)
        .doc("How many threads schedule the work of tiered storage."),
    int("remote.log.metadata.custom.metadata.max.bytes", "128")
        .from(0)
        .low()
        .doc("How many bytes a tiered storage plug-in may keep with each segment."),
    string(
        "remote.log.metadata.manager.class.name",
        "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
    )
    .check(Check::NonEmpty)
    .doc("The class that keeps the metadata of tiered storage."),
    unset("remote.log.metadata.manager.class.path", ConfigType::String)
        .doc("Where the class that keeps the metadata of tiered storage is found."),
    string("remote.log.metadata.manager.impl.prefix", "rlmm.config.")
        .check(Check::NonEmpty)
        .doc("How keys for the metadata class of tiered storage begin."),
    unset("remote.log.metadata.manager.listener.name", ConfigType::String)
        .check(Check::NonEmpty)
        .doc("The listener that the metadata class of tiered storage connects to."),
    int("remote.log.reader.max.pending.tasks", "100").from(1).doc("How many reads from tiered storage may wait."),
    int("remote.log.reader.threads", "10").from(1).cluster_wide().doc("How many threads read from tiered storage."),
    unset("remote.log.storage.manager.class.name", ConfigType::String)
        .check(Check::NonEmpty)
        .doc("The class that stores tiered segments."),
    unset("remote.log.storage.manager.class.path", ConfigType::String)
        .doc("Where the class that stores tiered segments is found."),
    string("remote.log.storage.manager.impl.prefix", "rsm.config.")
        .check(Check::NonEmpty)
        .doc("How keys for the storage class of tiered storage begin."),
    boolean("remote.log.storage.system.enable", "false").doc("Whether there is tiered storage at all."),
];
