//! What Apache Kafka 4.3.1 wrote into `__consumer_offsets` (key and value in hex, `-` for a tombstone) while classic
//! groups formed, rebalanced, committed, lost members and were deleted.

use bytes::Bytes;
use stream_codec::stored::GroupRecord;
use stream_types::{LeaderEpoch, Offset, PartitionIndex};

use super::super::GroupShard;
use super::super::offsets::CommittedOffset;
use super::bench::{Token, config};
use crate::{CoordinatorRecord, record};

fn hex(text: &str) -> Bytes {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn records() -> Vec<CoordinatorRecord> {
    let lines = include_str!("../../../testdata/kafka-4.3.1.records").lines();
    let records = lines.map(|line| {
        let (key, value) = line.split_once(' ').unwrap();
        CoordinatorRecord { key: hex(key), value: (value != "-").then(|| hex(value)) }
    });
    records.collect()
}

/// What is replayed is written again byte for byte.
#[test]
fn records_are_those_of_kafka() {
    let mut shard: GroupShard<Token> = GroupShard::new(config().into(), LeaderEpoch(0), 1);
    let records = records();
    let mut expiring_count = 0;
    for (position, expected) in records.iter().enumerate() {
        let offset = Offset(i64::try_from(position).unwrap());
        shard.replay(offset, &expected.key, expected.value.as_ref()).unwrap();
        let written = match GroupRecord::decode(expected.key.clone(), expected.value.clone()).unwrap() {
            GroupRecord::GroupMetadata(key, Some(_)) => record::group_metadata(&key.group, &shard.stored[&key.group]),
            GroupRecord::GroupMetadata(key, None) => {
                assert!(!shard.stored.contains_key(&key.group));
                record::group_tombstone(&key.group)
            }
            GroupRecord::OffsetCommit(key, _) => {
                let partition = PartitionIndex(key.partition);
                let committed: Option<CommittedOffset> = shard.offsets.get(&key.group, &key.topic, partition).cloned();
                expiring_count +=
                    usize::from(committed.as_ref().is_some_and(|committed| committed.expire_timestamp.is_some()));
                let written = shard.offsets.propose(&key.group, &key.topic, partition, committed.clone());
                shard.offsets.replay(&key, committed);
                written
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(written, *expected, "record {position}");
    }
    assert_eq!(records.len(), 33);
    assert_eq!(expiring_count, 1);
}

/// A broker that finds the log in the middle goes on with members, generations and offsets.
#[test]
fn a_log_of_kafka_is_taken_over() {
    use stream_types::Now;

    let mut shard: GroupShard<Token> = GroupShard::new(config().into(), LeaderEpoch(0), 1);
    // All of group h but its end, and all of the others.
    for record in records().iter().enumerate().filter(|(position, _)| *position != 8).map(|(_, record)| record) {
        shard.replay(Offset(0), &record.key, record.value.as_ref()).unwrap();
    }
    assert!(shard.loaded(Now::default()).is_empty());
    let groups: Vec<String> = shard.groups().map(|group| format!("{} {}", group.group_id, group.state)).collect();
    assert_eq!(groups, ["h Stable", "p Empty", "q Empty"]);
    let group = &shard.groups["h"];
    assert_eq!(group.generation, 2);
    assert_eq!(group.members.len(), 2);
    assert_eq!(group.static_members.len(), 2);
    assert!(group.subscribed_topics.as_ref().unwrap().contains("t"));
    let assignments: Vec<&[u8]> = group.members.values().map(|member| &member.assignment[..]).collect();
    assert_eq!(assignments, [b"a", b"b"]);
}
