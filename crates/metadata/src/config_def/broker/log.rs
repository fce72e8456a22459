//! Broker keys of topics and their logs.

use super::super::key::{
    Check, ConfigKey, ConfigType, boolean, double, hours, int, list, long, minutes, same, string, unset,
};

const FOREVER: &str = "9223372036854775807";

pub(super) static KEYS: &[ConfigKey] = &[
    unset("alter.config.policy.class.name", ConfigType::Class).low(),
    boolean("auto.create.topics.enable", "true").high(),
    int("compression.gzip.level", "-1").check(Check::RangeOr(1, 9, -1)).cluster_wide(),
    int("compression.lz4.level", "9").range(1, 17).cluster_wide(),
    string("compression.type", "producer")
        .one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"])
        .cluster_wide()
        .high(),
    int("compression.zstd.level", "3").range(-131_072, 22).cluster_wide(),
    list("cordoned.log.dirs", "").per_broker(),
    unset("create.topic.policy.class.name", ConfigType::Class).low(),
    int("default.replication.factor", "1"),
    boolean("delete.topic.enable", "true").high(),
    long("log.cleaner.backoff.ms", "15000").from(0).cluster_wide(),
    long("log.cleaner.dedupe.buffer.size", "134217728").cluster_wide(),
    long("log.cleaner.delete.retention.ms", "86400000").from(0).cluster_wide(),
    boolean("log.cleaner.enable", "true"),
    double("log.cleaner.io.buffer.load.factor", "0.9").cluster_wide(),
    int("log.cleaner.io.buffer.size", "524288").from(0).cluster_wide(),
    double("log.cleaner.io.max.bytes.per.second", "1.7976931348623157E308").cluster_wide(),
    long("log.cleaner.max.compaction.lag.ms", FOREVER).from(1).cluster_wide(),
    double("log.cleaner.min.cleanable.ratio", "0.5").check(Check::Between(0.0, 1.0)).cluster_wide(),
    long("log.cleaner.min.compaction.lag.ms", "0").from(0).cluster_wide(),
    int("log.cleaner.threads", "1").from(0).cluster_wide(),
    list("log.cleanup.policy", "delete").list_of(&["compact", "delete"]).cluster_wide(),
    list("log.dir", "/tmp/kafka-logs").high(),
    long("log.dir.failure.timeout.ms", "30000").from(1).low(),
    unset("log.dirs", ConfigType::List).synonyms(&[same("log.dirs"), same("log.dir")]).high(),
    long("log.flush.interval.messages", FOREVER).from(1).cluster_wide().high(),
    unset("log.flush.interval.ms", ConfigType::Long)
        .synonyms(&[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")])
        .cluster_wide()
        .high(),
    int("log.flush.offset.checkpoint.interval.ms", "60000").from(0).high(),
    long("log.flush.scheduler.interval.ms", FOREVER).high(),
    int("log.flush.start.offset.checkpoint.interval.ms", "60000").from(0).high(),
    int("log.index.interval.bytes", "4096").from(0).cluster_wide(),
    int("log.index.size.max.bytes", "10485760").from(4).cluster_wide(),
    long("log.initial.task.delay.ms", "30000").from(0).low().internal(),
    long("log.local.retention.bytes", "-2").from(-2).cluster_wide(),
    long("log.local.retention.ms", "-2").from(-2).cluster_wide(),
    long("log.message.timestamp.after.max.ms", "3600000").from(0).cluster_wide(),
    long("log.message.timestamp.before.max.ms", FOREVER).from(0).cluster_wide(),
    string("log.message.timestamp.type", "CreateTime").one_of(&["CreateTime", "LogAppendTime"]).cluster_wide(),
    boolean("log.preallocate", "false").cluster_wide(),
    long("log.retention.bytes", "-1").cluster_wide().high(),
    long("log.retention.check.interval.ms", "300000").from(1),
    int("log.retention.hours", "168").high(),
    unset("log.retention.minutes", ConfigType::Int).high(),
    unset("log.retention.ms", ConfigType::Long)
        .synonyms(&[same("log.retention.ms"), minutes("log.retention.minutes"), hours("log.retention.hours")])
        .cluster_wide()
        .high(),
    int("log.roll.hours", "168").from(1).high(),
    int("log.roll.jitter.hours", "0").from(0).high(),
    unset("log.roll.jitter.ms", ConfigType::Long)
        .synonyms(&[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")])
        .cluster_wide()
        .high(),
    unset("log.roll.ms", ConfigType::Long)
        .synonyms(&[same("log.roll.ms"), hours("log.roll.hours")])
        .cluster_wide()
        .high(),
    int("log.segment.bytes", "1073741824").from(1_048_576).cluster_wide().high(),
    long("log.segment.delete.delay.ms", "60000").from(0).cluster_wide().high(),
    int("message.max.bytes", "1048588").from(0).cluster_wide().high(),
    int("min.insync.replicas", "1").from(1).cluster_wide().high(),
    int("num.partitions", "1").from(1),
    int("num.recovery.threads.per.data.dir", "2").from(1).cluster_wide().high(),
    int("producer.id.expiration.check.interval.ms", "600000").from(1).low().internal(),
    int("producer.id.expiration.ms", "86400000").from(1).cluster_wide().low(),
    boolean("unclean.leader.election.enable", "false").cluster_wide().high(),
    long("unclean.leader.election.interval.ms", "300000").from(1).internal(),
];
