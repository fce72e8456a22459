//! Broker keys of groups, offsets, transactions and share groups.

use super::super::key::{Check, ConfigKey, boolean, int, list, long, short, string};

pub(super) static KEYS: &[ConfigKey] = &[
    int("add.partitions.to.txn.retry.backoff.max.ms", "100")
        .from(0)
        .high()
        .doc("The longest that the broker itself waits before it tries again to add a partition to a transaction."),
    int("add.partitions.to.txn.retry.backoff.ms", "20")
        .from(1)
        .high()
        .doc("How long the broker first waits before it tries again to add a partition to a transaction."),
    int("group.consumer.assignment.interval.ms", "1000")
        .from(0)
        .cluster_wide()
        .doc("The shortest time between two assignments that the broker computes for a consumer group."),
    list("group.consumer.assignors", "uniform,range")
        .check(Check::NonEmpty)
        .doc("How the broker assigns partitions to consumer groups; the first is the default."),
    int("group.consumer.heartbeat.interval.ms", "5000")
        .from(1)
        .doc("How often members of consumer groups send a heartbeat."),
    int("group.consumer.max.assignment.interval.ms", "15000")
        .from(0)
        .doc("The most that a group may set as its assignment interval."),
    int("group.consumer.max.heartbeat.interval.ms", "15000")
        .from(1)
        .doc("The most that a group may set as its heartbeat interval."),
    int("group.consumer.max.session.timeout.ms", "60000")
        .from(1)
        .doc("The most that a group may set as its session timeout."),
    int("group.consumer.max.size", "2147483647").from(1).doc("How many members a consumer group can have."),
    string("group.consumer.migration.policy", "bidirectional")
        .check(Check::OneOfIgnoringCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]))
        .doc("Whether groups change between the classic and the consumer protocol while they run."),
    int("group.consumer.min.assignment.interval.ms", "0")
        .from(0)
        .doc("The least that a group may set as its assignment interval."),
    int("group.consumer.min.heartbeat.interval.ms", "5000")
        .from(1)
        .doc("The least that a group may set as its heartbeat interval."),
    int("group.consumer.min.session.timeout.ms", "45000")
        .from(1)
        .doc("The least that a group may set as its session timeout."),
    int("group.consumer.regex.refresh.interval.ms", "600000")
        .from(10_000)
        .internal()
        .doc("How often subscriptions by pattern are matched with the topics again."),
    int("group.consumer.session.timeout.ms", "45000")
        .from(1)
        .doc("After how long without a heartbeat a member of a consumer group is taken for dead."),
    int("group.coordinator.append.linger.ms", "-1")
        .from(-1)
        .doc("How long the group coordinator gathers records before it writes them; -1 is as long as it is busy."),
    int("group.coordinator.background.threads", "2")
        .from(1)
        .high()
        .doc("How many threads compute assignments and match patterns."),
    int("group.coordinator.cached.buffer.max.bytes", "1048588")
        .from(524_288)
        .cluster_wide()
        .doc("How large a write buffer the group coordinator keeps for the next time."),
    list("group.coordinator.rebalance.protocols", "classic,consumer,streams")
        .check(Check::SomeOf(&["consumer", "classic", "share", "streams"]))
        .doc("Which group protocols are on."),
    int("group.coordinator.threads", "4").from(1).high().doc("How many threads run the group coordinator."),
    int("group.initial.rebalance.delay.ms", "3000")
        .honoured()
        .doc("How long an empty group waits for more members before its first assignment."),
    int("group.max.session.timeout.ms", "1800000")
        .honoured()
        .doc("The longest session timeout that a member may ask for."),
    int("group.max.size", "2147483647").from(1).honoured().doc("How many members a group can have."),
    int("group.min.session.timeout.ms", "6000")
        .honoured()
        .doc("The shortest session timeout that a member may ask for."),
    int("group.share.assignment.interval.ms", "1000")
        .from(0)
        .cluster_wide()
        .doc("The shortest time between two assignments that the broker computes for a share group."),
    list("group.share.assignors", "simple")
        .check(Check::NonEmpty)
        .doc("How the broker assigns partitions to share groups."),
    int("group.share.delivery.count.limit", "5")
        .range(2, 10)
        .doc("How often a record is handed out before a share group gives it up."),
    int("group.share.heartbeat.interval.ms", "5000").from(1).doc("How often members of share groups send a heartbeat."),
    int("group.share.initialize.retry.interval.ms", "30000")
        .from(1)
        .low()
        .internal()
        .doc("How long to wait before setting up a share group's state is tried again."),
    int("group.share.max.assignment.interval.ms", "15000")
        .from(0)
        .doc("The most that a share group may set as its assignment interval."),
    int("group.share.max.delivery.count.limit", "10")
        .range(5, 25)
        .doc("The most that a share group may set as its delivery limit."),
    int("group.share.max.heartbeat.interval.ms", "15000")
        .from(1)
        .doc("The most that a share group may set as its heartbeat interval."),
    int("group.share.max.partition.max.record.locks", "4000")
        .range(2_000, 10_000)
        .doc("The most that a share group may set as its number of records handed out at a time."),
    int("group.share.max.record.lock.duration.ms", "60000")
        .range(30_000, 3_600_000)
        .doc("The most that a share group may set as its lock duration."),
    int("group.share.max.session.timeout.ms", "60000")
        .from(1)
        .doc("The most that a share group may set as its session timeout."),
    int("group.share.max.share.sessions", "2000").from(1).doc("How many share sessions the broker keeps."),
    int("group.share.max.size", "200").range(1, 1_000).doc("How many members a share group can have."),
    int("group.share.min.assignment.interval.ms", "0")
        .from(0)
        .doc("The least that a share group may set as its assignment interval."),
    int("group.share.min.delivery.count.limit", "2")
        .range(2, 5)
        .doc("The least that a share group may set as its delivery limit."),
    int("group.share.min.heartbeat.interval.ms", "5000")
        .from(1)
        .doc("The least that a share group may set as its heartbeat interval."),
    int("group.share.min.partition.max.record.locks", "100")
        .range(100, 2_000)
        .doc("The least that a share group may set as its number of records handed out at a time."),
    int("group.share.min.record.lock.duration.ms", "15000")
        .range(1_000, 30_000)
        .doc("The least that a share group may set as its lock duration."),
    int("group.share.min.session.timeout.ms", "45000")
        .from(1)
        .doc("The least that a share group may set as its session timeout."),
    int("group.share.partition.max.record.locks", "2000")
        .range(100, 10_000)
        .doc("How many records of one partition a share group may have handed out at a time."),
    string("group.share.persister.class.name", "org.apache.kafka.server.share.persister.DefaultStatePersister")
        .internal()
        .doc("The class that stores the state of share groups."),
    int("group.share.record.lock.duration.ms", "30000")
        .range(1_000, 3_600_000)
        .doc("How long a record is handed out before a share group may hand it to another member."),
    int("group.share.session.timeout.ms", "45000")
        .from(1)
        .doc("After how long without a heartbeat a member of a share group is taken for dead."),
    int("group.streams.assignment.interval.ms", "1000")
        .from(0)
        .cluster_wide()
        .doc("The shortest time between two assignments that the broker computes for a streams group."),
    int("group.streams.heartbeat.interval.ms", "5000")
        .from(1)
        .doc("How often members of streams groups send a heartbeat."),
    int("group.streams.initial.rebalance.delay.ms", "3000")
        .from(0)
        .doc("How long an empty streams group waits for more members before it assigns tasks."),
    int("group.streams.max.assignment.interval.ms", "15000")
        .from(0)
        .doc("The most that a streams group may set as its assignment interval."),
    int("group.streams.max.heartbeat.interval.ms", "15000")
        .from(1)
        .doc("The most that a streams group may set as its heartbeat interval."),
    int("group.streams.max.session.timeout.ms", "60000")
        .from(1)
        .doc("The most that a streams group may set as its session timeout."),
    int("group.streams.max.size", "2147483647").from(1).doc("How many members a streams group can have."),
    int("group.streams.max.standby.replicas", "2")
        .from(0)
        .doc("The most standby copies that a streams group may ask for."),
    int("group.streams.min.assignment.interval.ms", "0")
        .from(0)
        .doc("The least that a streams group may set as its assignment interval."),
    int("group.streams.min.heartbeat.interval.ms", "5000")
        .from(1)
        .doc("The least that a streams group may set as its heartbeat interval."),
    int("group.streams.min.session.timeout.ms", "45000")
        .from(1)
        .doc("The least that a streams group may set as its session timeout."),
    int("group.streams.num.standby.replicas", "0")
        .from(0)
        .doc("How many standby copies of each task's state a streams group keeps."),
    int("group.streams.session.timeout.ms", "45000")
        .from(1)
        .doc("After how long without a heartbeat a member of a streams group is taken for dead."),
    int("offset.metadata.max.bytes", "4096").high().honoured().doc("How much text may accompany a committed offset."),
    int("offsets.commit.timeout.ms", "5000")
        .from(1)
        .high()
        .doc("How long a commit waits for the replicas of the offsets topic."),
    int("offsets.load.buffer.size", "5242880")
        .from(1)
        .high()
        .doc("How much is read at a time when committed offsets are loaded."),
    long("offsets.retention.check.interval.ms", "600000")
        .from(1)
        .high()
        .honoured()
        .doc("How often expired offsets are removed."),
    int("offsets.retention.minutes", "10080")
        .from(1)
        .high()
        .honoured()
        .doc("How long the offsets of a group without members are kept."),
    int("offsets.topic.compression.codec", "0").high().doc("The codec of the offsets topic by its number; 0 is none."),
    int("offsets.topic.num.partitions", "50")
        .from(1)
        .high()
        .honoured()
        .doc("How many partitions the offsets topic has."),
    short("offsets.topic.replication.factor", "3")
        .from(1)
        .high()
        .honoured()
        .doc("How many replicas the offsets topic has.")
        .note("1 in a cluster of one."),
    int("offsets.topic.segment.bytes", "104857600")
        .from(1)
        .high()
        .honoured()
        .doc("How large segments of the offsets topic grow; small ones load faster."),
    int("share.coordinator.append.linger.ms", "-1")
        .from(-1)
        .doc("How long the share coordinator gathers records before it writes them; -1 is as long as it is busy."),
    int("share.coordinator.cached.buffer.max.bytes", "1048588")
        .from(524_288)
        .cluster_wide()
        .doc("How large a write buffer the share coordinator keeps for the next time."),
    int("share.coordinator.cold.partition.snapshot.interval.ms", "300000")
        .from(1)
        .low()
        .internal()
        .doc("How often share groups that are idle write their whole state."),
    int("share.coordinator.load.buffer.size", "5242880")
        .from(1)
        .high()
        .doc("How much is read at a time when the state of share groups is loaded."),
    int("share.coordinator.snapshot.update.records.per.snapshot", "500")
        .range(0, 500)
        .doc("How many changes a share group writes before it writes its whole state."),
    int("share.coordinator.state.topic.compression.codec", "0")
        .high()
        .doc("The codec of the share state topic by its number; 0 is none."),
    short("share.coordinator.state.topic.min.isr", "2")
        .from(1)
        .high()
        .doc("How many replicas of the share state topic must be in sync."),
    int("share.coordinator.state.topic.num.partitions", "50")
        .from(1)
        .high()
        .doc("How many partitions the share state topic has."),
    int("share.coordinator.state.topic.prune.interval.ms", "300000")
        .from(1)
        .low()
        .internal()
        .doc("How often old state of share groups is deleted."),
    short("share.coordinator.state.topic.replication.factor", "3")
        .from(1)
        .high()
        .doc("How many replicas the share state topic has."),
    int("share.coordinator.state.topic.segment.bytes", "104857600")
        .from(1)
        .high()
        .doc("How large segments of the share state topic grow."),
    int("share.coordinator.threads", "1").from(1).doc("How many threads run the share coordinator."),
    int("share.coordinator.write.timeout.ms", "5000")
        .from(1)
        .high()
        .doc("How long a write of the share coordinator waits for the replicas."),
    int("share.fetch.purgatory.purge.interval.requests", "1000")
        .doc("How many finished share fetches gather before they are cleared away."),
    int("transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000")
        .from(1)
        .low()
        .doc("How often is looked for transactions that took too long."),
    int("transaction.max.timeout.ms", "900000")
        .from(1)
        .high()
        .doc("The longest timeout that a transaction may ask for."),
    boolean("transaction.partition.verification.enable", "true")
        .cluster_wide()
        .low()
        .doc("Whether a partition asks the coordinator if a transaction is really open."),
    int("transaction.remove.expired.transaction.cleanup.interval.ms", "3600000")
        .from(1)
        .low()
        .doc("How often expired transactional ids are forgotten."),
    int("transaction.state.log.load.buffer.size", "5242880")
        .from(1)
        .high()
        .doc("How much is read at a time when the state of transactions is loaded."),
    int("transaction.state.log.min.isr", "2")
        .from(1)
        .high()
        .doc("How many replicas of the transaction state topic must be in sync."),
    int("transaction.state.log.num.partitions", "50")
        .from(1)
        .high()
        .doc("How many partitions the transaction state topic has."),
    short("transaction.state.log.replication.factor", "3")
        .from(1)
        .high()
        .doc("How many replicas the transaction state topic has."),
    int("transaction.state.log.segment.bytes", "104857600")
        .from(1)
        .high()
        .doc("How large segments of the transaction state topic grow."),
    boolean("transaction.two.phase.commit.enable", "false")
        .low()
        .doc("Whether producers may take part in transactions of another system (KIP-939)."),
    int("transactional.id.expiration.ms", "604800000")
        .from(1)
        .high()
        .doc("How long a transactional id that is not used is kept."),
];
