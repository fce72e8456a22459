//! Keys of a group (KIP-848, KIP-932, KIP-1071).

use super::key::{Check, ConfigKey, boolean, int, same, string};

pub(super) static KEYS: &[ConfigKey] = &[
    int("consumer.assignment.interval.ms", "1000")
        .from(0)
        .synonyms(&[same("group.consumer.assignment.interval.ms")])
        .doc("The shortest time between two assignments that the broker computes for the group."),
    int("consumer.heartbeat.interval.ms", "5000")
        .from(1)
        .synonyms(&[same("group.consumer.heartbeat.interval.ms")])
        .doc("How often members of the group send a heartbeat."),
    int("consumer.session.timeout.ms", "45000")
        .from(1)
        .synonyms(&[same("group.consumer.session.timeout.ms")])
        .doc("After how long without a heartbeat a member of the group is taken for dead."),
    int("share.assignment.interval.ms", "1000")
        .from(0)
        .synonyms(&[same("group.share.assignment.interval.ms")])
        .doc("The shortest time between two assignments that the broker computes for the share group."),
    string("share.auto.offset.reset", "latest")
        .check(Check::OffsetReset)
        .doc("Where a share group begins in a partition it has not read: latest, earliest, or a time ago."),
    int("share.delivery.count.limit", "5")
        .from(2)
        .synonyms(&[same("group.share.delivery.count.limit")])
        .doc("How often a record is handed out before the share group gives it up."),
    int("share.heartbeat.interval.ms", "5000")
        .from(1)
        .synonyms(&[same("group.share.heartbeat.interval.ms")])
        .doc("How often members of the share group send a heartbeat."),
    string("share.isolation.level", "read_uncommitted")
        .one_of(&["read_committed", "read_uncommitted"])
        .doc("Whether the share group sees records of transactions that are not committed."),
    int("share.partition.max.record.locks", "2000")
        .from(100)
        .synonyms(&[same("group.share.partition.max.record.locks")])
        .doc("How many records of one partition the share group may have handed out at a time."),
    int("share.record.lock.duration.ms", "30000")
        .from(1000)
        .synonyms(&[same("group.share.record.lock.duration.ms")])
        .doc("How long a record is handed out before the share group may hand it to another member."),
    boolean("share.renew.acknowledge.enable", "true")
        .doc("Whether members of the share group may ask for more time with a record."),
    int("share.session.timeout.ms", "45000")
        .from(1)
        .synonyms(&[same("group.share.session.timeout.ms")])
        .doc("After how long without a heartbeat a member of the share group is taken for dead."),
    int("streams.assignment.interval.ms", "1000")
        .from(0)
        .synonyms(&[same("group.streams.assignment.interval.ms")])
        .doc("The shortest time between two assignments that the broker computes for the streams group."),
    int("streams.heartbeat.interval.ms", "5000")
        .from(1)
        .synonyms(&[same("group.streams.heartbeat.interval.ms")])
        .doc("How often members of the streams group send a heartbeat."),
    int("streams.initial.rebalance.delay.ms", "3000")
        .from(0)
        .synonyms(&[same("group.streams.initial.rebalance.delay.ms")])
        .doc("How long an empty streams group waits for more members before it assigns tasks."),
    int("streams.num.standby.replicas", "0")
        .from(0)
        .synonyms(&[same("group.streams.num.standby.replicas")])
        .doc("How many standby copies of each task's state the streams group keeps."),
    int("streams.session.timeout.ms", "45000")
        .from(1)
        .synonyms(&[same("group.streams.session.timeout.ms")])
        .doc("After how long without a heartbeat a member of the streams group is taken for dead."),
];
