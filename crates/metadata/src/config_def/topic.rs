//! Keys of a topic.

use super::key::{Check, ConfigKey, ConfigType, boolean, double, hours, int, list, long, minutes, same, string, unset};

const FOREVER: &str = "9223372036854775807";

pub(super) static KEYS: &[ConfigKey] = &[
    list("cleanup.policy", "delete")
        .list_of(&["compact", "delete"])
        .synonyms(&[same("log.cleanup.policy")])
        .honoured()
        .doc("What happens to old records: delete whole segments, compact to the newest record of each key, or both."),
    int("compression.gzip.level", "-1")
        .check(Check::RangeOr(1, 9, -1))
        .synonyms(&[same("compression.gzip.level")])
        .honoured()
        .doc("How hard gzip tries when the broker compresses: 1 is fastest, 9 is smallest, -1 is gzip's own choice."),
    int("compression.lz4.level", "9")
        .range(1, 17)
        .synonyms(&[same("compression.lz4.level")])
        .honoured()
        .doc("How hard lz4 tries when the broker compresses."),
    string("compression.type", "producer")
        .one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"])
        .synonyms(&[same("compression.type")])
        .honoured()
        .doc("The codec in which batches are stored; `producer` keeps what the producer chose."),
    int("compression.zstd.level", "3")
        .range(-131_072, 22)
        .synonyms(&[same("compression.zstd.level")])
        .honoured()
        .doc("How hard zstd tries when the broker compresses."),
    long("delete.retention.ms", "86400000")
        .from(0)
        .synonyms(&[same("log.cleaner.delete.retention.ms")])
        .honoured()
        .doc("How long compaction keeps a tombstone, so that a reader of the whole log sees each deletion."),
    long("file.delete.delay.ms", "60000")
        .from(0)
        .synonyms(&[same("log.segment.delete.delay.ms")])
        .doc("How long a removed segment's files stay on disk under another name."),
    long("flush.messages", FOREVER)
        .from(1)
        .synonyms(&[same("log.flush.interval.messages")])
        .doc("After how many records a sync is forced; the flush policy of the broker syncs without it."),
    long("flush.ms", FOREVER)
        .from(0)
        .synonyms(&[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")])
        .doc("After how long a sync is forced; the flush policy of the broker syncs without it."),
    list("follower.replication.throttled.replicas", "")
        .check(Check::ThrottledReplicas)
        .doc("The replicas whose fetching is slowed down while partitions move, as partition:broker, or * for all."),
    int("index.interval.bytes", "4096")
        .from(0)
        .synonyms(&[same("log.index.interval.bytes")])
        .honoured()
        .doc("How many bytes of records lie between two entries of the offset index."),
    unset("internal.segment.bytes", ConfigType::Int)
        .internal()
        .doc("A segment size below the public minimum, for tests."),
    list("leader.replication.throttled.replicas", "")
        .check(Check::ThrottledReplicas)
        .doc("The replicas whose leaders send slower while partitions move, as partition:broker, or * for all."),
    long("local.retention.bytes", "-2")
        .from(-2)
        .synonyms(&[same("log.local.retention.bytes")])
        .doc("How many bytes stay on local disk once they are in tiered storage; -2 means retention.bytes."),
    long("local.retention.ms", "-2")
        .from(-2)
        .synonyms(&[same("log.local.retention.ms")])
        .doc("How long records stay on local disk once they are in tiered storage; -2 means retention.ms."),
    long("max.compaction.lag.ms", FOREVER)
        .from(1)
        .synonyms(&[same("log.cleaner.max.compaction.lag.ms")])
        .doc("The longest that a record may wait for compaction."),
    int("max.message.bytes", "1048588")
        .from(0)
        .synonyms(&[same("message.max.bytes")])
        .honoured()
        .doc("The largest record batch that is taken, in bytes after compression."),
    long("message.timestamp.after.max.ms", "3600000")
        .from(0)
        .synonyms(&[same("log.message.timestamp.after.max.ms")])
        .honoured()
        .doc("How far ahead of the broker's clock a record's timestamp may be; not checked with LogAppendTime."),
    long("message.timestamp.before.max.ms", FOREVER)
        .from(0)
        .synonyms(&[same("log.message.timestamp.before.max.ms")])
        .honoured()
        .doc("How far behind the broker's clock a record's timestamp may be; not checked with LogAppendTime."),
    string("message.timestamp.type", "CreateTime")
        .one_of(&["CreateTime", "LogAppendTime"])
        .synonyms(&[same("log.message.timestamp.type")])
        .honoured()
        .doc("Whether a record carries the time its producer made it or the time the broker stored it."),
    double("min.cleanable.dirty.ratio", "0.5")
        .check(Check::Between(0.0, 1.0))
        .synonyms(&[same("log.cleaner.min.cleanable.ratio")])
        .honoured()
        .doc("The share of a log that must be new since the last compaction before it is compacted again."),
    long("min.compaction.lag.ms", "0")
        .from(0)
        .synonyms(&[same("log.cleaner.min.compaction.lag.ms")])
        .doc("The shortest time that a record stays uncompacted."),
    int("min.insync.replicas", "1")
        .from(1)
        .synonyms(&[same("min.insync.replicas")])
        .honoured()
        .doc("How many replicas must be in sync for a produce request with acks=all to be taken."),
    boolean("preallocate", "false")
        .synonyms(&[same("log.preallocate")])
        .doc("Whether a segment takes all its disk space when it begins; segments here grow in preallocated steps."),
    boolean("remote.log.copy.disable", "false")
        .doc("Whether a topic with tiered storage stops copying to it and only reads from it."),
    boolean("remote.log.delete.on.disable", "false")
        .doc("Whether turning tiered storage off for a topic deletes what it has there."),
    boolean("remote.storage.enable", "false")
        .doc("Whether the topic's closed segments move to tiered storage.")
        .note("True is refused: there is no tiered storage."),
    long("retention.bytes", "-1")
        .synonyms(&[same("log.retention.bytes")])
        .honoured()
        .doc("How large a partition may grow before its oldest segments are deleted; -1 is no limit."),
    long("retention.ms", "604800000")
        .from(-1)
        .synonyms(&[same("log.retention.ms"), minutes("log.retention.minutes"), hours("log.retention.hours")])
        .honoured()
        .doc("How long records are kept before their segment is deleted; -1 is for ever."),
    int("segment.bytes", "1073741824")
        .from(1_048_576)
        .synonyms(&[same("log.segment.bytes")])
        .honoured()
        .doc("How large a segment file grows before the next one begins."),
    int("segment.index.bytes", "10485760")
        .from(4)
        .synonyms(&[same("log.index.size.max.bytes")])
        .honoured()
        .doc("How large a segment's index may grow before the next segment begins."),
    long("segment.jitter.ms", "0")
        .from(0)
        .synonyms(&[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")])
        .doc("A random time up to this is taken off segment.ms, so that segments do not all roll at once."),
    long("segment.ms", "604800000")
        .from(1)
        .synonyms(&[same("log.roll.ms"), hours("log.roll.hours")])
        .honoured()
        .doc("After how long the next segment begins, even if the last one is not full."),
    boolean("unclean.leader.election.enable", "false")
        .synonyms(&[same("unclean.leader.election.enable")])
        .doc("Whether a replica that is not in sync may become leader when no other is left, and lose records."),
];
