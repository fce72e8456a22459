//! Broker keys of topics and their logs.

use super::super::key::{
    Check, ConfigKey, ConfigType, boolean, double, hours, int, list, long, minutes, same, string, unset,
};

const FOREVER: &str = "9223372036854775807";

pub(super) static KEYS: &[ConfigKey] = &[
    unset("alter.config.policy.class.name", ConfigType::Class)
        .low()
        .doc("A class that may refuse configuration changes."),
    boolean("auto.create.topics.enable", "true")
        .high()
        .honoured()
        .doc("Whether asking for a topic that does not exist may create it."),
    int("compression.gzip.level", "-1")
        .check(Check::RangeOr(1, 9, -1))
        .cluster_wide()
        .live()
        .doc("How hard gzip tries when the broker compresses: 1 is fastest, 9 is smallest, -1 is its own choice."),
    int("compression.lz4.level", "9")
        .range(1, 17)
        .cluster_wide()
        .live()
        .doc("How hard lz4 tries in topics that ask the broker to compress."),
    string("compression.type", "producer")
        .one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"])
        .cluster_wide()
        .high()
        .live()
        .doc("The codec in which batches are stored; `producer` keeps what the producer chose."),
    int("compression.zstd.level", "3")
        .range(-131_072, 22)
        .cluster_wide()
        .live()
        .doc("How hard zstd tries in topics that ask the broker to compress."),
    list("cordoned.log.dirs", "").per_broker().doc("Log directories that take no new partitions."),
    unset("create.topic.policy.class.name", ConfigType::Class).low().doc("A class that may refuse new topics."),
    int("default.replication.factor", "1").honoured().doc("How many replicas a topic gets when nobody says."),
    boolean("delete.topic.enable", "true").high().honoured().doc("Whether topics can be deleted."),
    long("log.cleaner.backoff.ms", "15000")
        .from(0)
        .cluster_wide()
        .live()
        .doc("How long compaction rests when there is nothing to compact."),
    long("log.cleaner.dedupe.buffer.size", "134217728")
        .cluster_wide()
        .live()
        .doc("How much memory all compaction threads use to remember keys.")
        .note("At most a quarter of `hanzo.memory.bytes` is used."),
    long("log.cleaner.delete.retention.ms", "86400000")
        .from(0)
        .cluster_wide()
        .live()
        .doc("How long compaction keeps a tombstone, for topics that do not say."),
    boolean("log.cleaner.enable", "true")
        .honoured()
        .doc("Whether logs are compacted at all; `__consumer_offsets` grows without end if not."),
    double("log.cleaner.io.buffer.load.factor", "0.9").cluster_wide().doc("How full the memory for keys may get."),
    int("log.cleaner.io.buffer.size", "524288")
        .from(0)
        .cluster_wide()
        .doc("How much memory all compaction threads use to read and write."),
    double("log.cleaner.io.max.bytes.per.second", "1.7976931348623157E308")
        .cluster_wide()
        .doc("How fast compaction may read and write."),
    long("log.cleaner.max.compaction.lag.ms", FOREVER)
        .from(1)
        .cluster_wide()
        .doc("The longest that a record may wait for compaction, for topics that do not say."),
    double("log.cleaner.min.cleanable.ratio", "0.5")
        .check(Check::Between(0.0, 1.0))
        .cluster_wide()
        .live()
        .doc("The share of a log that must be new before it is compacted again, for topics that do not say."),
    long("log.cleaner.min.compaction.lag.ms", "0")
        .from(0)
        .cluster_wide()
        .doc("The shortest time that a record stays uncompacted, for topics that do not say."),
    int("log.cleaner.threads", "1").from(0).cluster_wide().doc("How many threads compact."),
    list("log.cleanup.policy", "delete")
        .list_of(&["compact", "delete"])
        .cluster_wide()
        .live()
        .doc("Whether topics that do not say delete old segments, compact, or both."),
    list("log.dir", "/tmp/kafka-logs")
        .check(Check::NonEmpty)
        .high()
        .honoured()
        .doc("The directory of the data, where `log.dirs` is not set.")
        .note("It has no default here: see `log.dirs`."),
    long("log.dir.failure.timeout.ms", "30000")
        .from(1)
        .low()
        .doc("How long a broker that cannot report a failed log directory goes on before it stops."),
    unset("log.dirs", ConfigType::List)
        .check(Check::NonEmpty)
        .synonyms(&[same("log.dirs"), same("log.dir")])
        .high()
        .honoured()
        .doc("The directories of the data, separated by commas.")
        .note(
            "`./data` by default, or `/bitnami/kafka/data` where that volume and `KAFKA_CFG_` variables are \
             there. The first directory also holds the metadata log.",
        ),
    long("log.flush.interval.messages", FOREVER)
        .from(1)
        .cluster_wide()
        .high()
        .doc("After how many records a sync is forced; the flush policy syncs without it."),
    unset("log.flush.interval.ms", ConfigType::Long)
        .synonyms(&[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")])
        .cluster_wide()
        .high()
        .doc("After how long a sync is forced; the flush policy syncs without it."),
    int("log.flush.offset.checkpoint.interval.ms", "60000")
        .from(0)
        .high()
        .doc("How often it is written down up to where logs are synced."),
    long("log.flush.scheduler.interval.ms", FOREVER).high().doc("How often is looked whether a log has to be synced."),
    int("log.flush.start.offset.checkpoint.interval.ms", "60000")
        .from(0)
        .high()
        .doc("How often it is written down where logs begin."),
    int("log.index.interval.bytes", "4096")
        .from(0)
        .cluster_wide()
        .live()
        .doc("How many bytes lie between two entries of the offset index, for topics that do not say."),
    int("log.index.size.max.bytes", "10485760")
        .from(4)
        .cluster_wide()
        .live()
        .doc("How large a segment's index may grow, for topics that do not say."),
    long("log.initial.task.delay.ms", "30000")
        .from(0)
        .low()
        .internal()
        .doc("How long after the start the housekeeping of logs begins."),
    long("log.local.retention.bytes", "-2")
        .from(-2)
        .cluster_wide()
        .doc("How many bytes stay on local disk once they are in tiered storage, for topics that do not say."),
    long("log.local.retention.ms", "-2")
        .from(-2)
        .cluster_wide()
        .doc("How long records stay on local disk once they are in tiered storage, for topics that do not say."),
    long("log.message.timestamp.after.max.ms", "3600000")
        .from(0)
        .cluster_wide()
        .live()
        .doc("How far ahead of the clock a timestamp may be, for topics that do not say."),
    long("log.message.timestamp.before.max.ms", FOREVER)
        .from(0)
        .cluster_wide()
        .live()
        .doc("How far behind the clock a timestamp may be, for topics that do not say."),
    string("log.message.timestamp.type", "CreateTime")
        .one_of(&["CreateTime", "LogAppendTime"])
        .cluster_wide()
        .live()
        .doc("Whose time records carry, for topics that do not say."),
    boolean("log.preallocate", "false")
        .cluster_wide()
        .doc("Whether segments take all their disk space when they begin, for topics that do not say."),
    long("log.retention.bytes", "-1")
        .cluster_wide()
        .high()
        .live()
        .doc("How large a partition may grow before old segments are deleted, for topics that do not say."),
    long("log.retention.check.interval.ms", "300000")
        .from(1)
        .honoured()
        .doc("How often is looked for segments to delete."),
    int("log.retention.hours", "168")
        .check(Check::RangeOr(1, i64::MAX, -1))
        .high()
        .honoured()
        .doc("How many hours records are kept, where neither minutes nor milliseconds are set."),
    unset("log.retention.minutes", ConfigType::Int)
        .check(Check::RangeOr(1, i64::MAX, -1))
        .high()
        .honoured()
        .doc("How many minutes records are kept, where milliseconds are not set."),
    unset("log.retention.ms", ConfigType::Long)
        .check(Check::RangeOr(1, i64::MAX, -1))
        .synonyms(&[same("log.retention.ms"), minutes("log.retention.minutes"), hours("log.retention.hours")])
        .cluster_wide()
        .high()
        .live()
        .doc("How long records are kept, for topics that do not say; -1 is for ever."),
    int("log.roll.hours", "168")
        .from(1)
        .high()
        .honoured()
        .doc("After how many hours the next segment begins, where milliseconds are not set."),
    int("log.roll.jitter.hours", "0")
        .from(0)
        .high()
        .doc("A random time up to this many hours is taken off the roll time, where milliseconds are not set."),
    unset("log.roll.jitter.ms", ConfigType::Long)
        .from(0)
        .synonyms(&[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")])
        .cluster_wide()
        .high()
        .doc("A random time up to this is taken off the roll time, for topics that do not say."),
    unset("log.roll.ms", ConfigType::Long)
        .from(1)
        .synonyms(&[same("log.roll.ms"), hours("log.roll.hours")])
        .cluster_wide()
        .high()
        .live()
        .doc("After how long the next segment begins, for topics that do not say."),
    int("log.segment.bytes", "1073741824")
        .from(1_048_576)
        .cluster_wide()
        .high()
        .live()
        .doc("How large a segment grows before the next one begins, for topics that do not say."),
    long("log.segment.delete.delay.ms", "60000")
        .from(0)
        .cluster_wide()
        .high()
        .doc("How long a removed segment's files stay on disk under another name, for topics that do not say."),
    int("message.max.bytes", "1048588")
        .from(0)
        .cluster_wide()
        .high()
        .live()
        .doc("The largest record batch that is taken, for topics that do not say."),
    int("min.insync.replicas", "1")
        .from(1)
        .cluster_wide()
        .high()
        .live()
        .doc("How many replicas must be in sync for acks=all, for topics that do not say."),
    int("num.partitions", "1").from(1).honoured().doc("How many partitions a topic gets when nobody says."),
    int("num.recovery.threads.per.data.dir", "2")
        .from(1)
        .cluster_wide()
        .high()
        .doc("How many threads per log directory recover logs at the start and sync them at the end."),
    int("producer.id.expiration.check.interval.ms", "600000")
        .from(1)
        .low()
        .internal()
        .doc("How often producer ids that expired are forgotten."),
    int("producer.id.expiration.ms", "86400000")
        .from(1)
        .cluster_wide()
        .low()
        .live()
        .doc("How long a partition remembers a producer that is silent."),
    boolean("unclean.leader.election.enable", "false")
        .cluster_wide()
        .high()
        .doc("Whether a replica that is not in sync may lead, for topics that do not say."),
    long("unclean.leader.election.interval.ms", "300000")
        .from(1)
        .internal()
        .doc("How often is looked for partitions that need an unclean leader."),
];
