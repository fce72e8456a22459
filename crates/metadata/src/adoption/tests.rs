//! Logs of Kafka's quorum, made by hand.

use std::collections::BTreeMap;

use bytes::Bytes;
use stream_codec::batch::BatchBuilder;
use stream_codec::stored::control::{LeaderChangeMessage, Voter};
use stream_codec::stored::metadata::{
    AbortTransactionRecord, BeginTransactionRecord, EndTransactionRecord, PartitionRecord, RegisterBrokerRecord,
    TopicRecord, ZkMigrationStateRecord,
};
use stream_codec::{Encoder, Message};
use stream_types::{NodeId, Offset, PartitionIndex, TopicPartition, Uuid};

use super::*;
use crate::record::MetadataRecord;

const ORDERS: Uuid = Uuid([7; 16]);
const DIRECTORY: Uuid = Uuid([9; 16]);

fn batch(offset: i64, control: bool, records: &[(Option<Bytes>, Bytes)]) -> Vec<u8> {
    let mut batch = BatchBuilder::new().base_offset(Offset(offset)).control(control);
    for (key, value) in records {
        batch.push(0, key.as_deref(), Some(value), &[]);
    }
    batch.build().unwrap().to_vec()
}

fn data(offset: i64, records: &[MetadataRecord]) -> Vec<u8> {
    let framed: Vec<_> = records.iter().map(|record| (None, record.encode().unwrap())).collect();
    batch(offset, false, &framed)
}

fn control<M: Message>(offset: i64, kind: u8, message: &M) -> Vec<u8> {
    let mut body = Encoder::new();
    message.encode(&mut body, 0).unwrap();
    batch(offset, true, &[(Some(Bytes::copy_from_slice(&[0, 0, 0, kind])), body.into_bytes().unwrap())])
}

fn leader_change(offset: i64, voters: &[i32]) -> Vec<u8> {
    let voters = voters.iter().map(|id| Voter { voter_id: *id, ..Voter::default() }).collect();
    control(offset, 2, &LeaderChangeMessage { leader_id: 3, voters, ..LeaderChangeMessage::default() })
}

fn topic(name: &str, id: Uuid) -> MetadataRecord {
    TopicRecord { name: name.into(), topic_id: id }.into()
}

fn partition(replicas: &[i32], isr: &[i32], elr: Option<Vec<i32>>) -> MetadataRecord {
    let record = PartitionRecord {
        partition_id: 0,
        topic_id: ORDERS,
        replicas: replicas.to_vec(),
        isr: isr.to_vec(),
        leader: -1,
        leader_epoch: 41,
        partition_epoch: 60,
        directories: vec![DIRECTORY; replicas.len()],
        eligible_leader_replicas: elr,
        ..PartitionRecord::default()
    };
    record.into()
}

fn read(log: &[Vec<u8>]) -> KafkaMetadata {
    let mut metadata = KafkaMetadata::new("cluster");
    assert_eq!(metadata.take_segment(log.concat().into()), Ok(0));
    metadata
}

fn holdings() -> Holdings {
    let held = HeldPartition { topic_id: Some(ORDERS), directory: DIRECTORY };
    let partitions = BTreeMap::from([(TopicPartition::new("orders", PartitionIndex(0)), held)]);
    Holdings { node: NodeId(3), directories: [DIRECTORY].into(), partitions }
}

fn refusals(log: &[Vec<u8>]) -> String {
    Adoption::decide(&read(log), &holdings()).refused.join("\n")
}

#[test]
fn records_of_transactions_count_together() {
    let begin = MetadataRecord::from(BeginTransactionRecord::default());
    let metadata = read(&[
        leader_change(0, &[3]),
        data(1, &[begin.clone(), topic("orders", ORDERS)]),
        data(3, &[EndTransactionRecord::default().into(), begin.clone(), topic("aborted", Uuid([8; 16]))]),
        data(6, &[AbortTransactionRecord::default().into(), begin, topic("open", Uuid([6; 16]))]),
    ]);
    let names: Vec<_> = metadata.image().topics().iter().map(|topic| topic.name.to_string()).collect();
    assert_eq!(names, ["orders"]);
    assert_eq!(metadata.next_offset(), Offset(9));
}

#[test]
fn a_snapshot_counts_whole_and_the_log_goes_on_after_it() {
    let mut unfinished = KafkaMetadata::new("cluster");
    let snapshot = data(0, &[topic("orders", ORDERS)]);
    assert_eq!(unfinished.take_snapshot(snapshot.clone().into(), Offset(5)), Err(AdoptionError::NoFooter));
    let footer = control(1, 4, &stream_codec::stored::control::SnapshotFooterRecord::default());
    let mut metadata = KafkaMetadata::new("cluster");
    metadata.take_snapshot([snapshot, footer].concat().into(), Offset(5)).unwrap();
    // What the snapshot holds is passed over, a record of a topic that exists would be an error.
    let log = [data(4, &[topic("orders", ORDERS)]), data(5, &[partition(&[3], &[3], None)])].concat();
    assert_eq!(metadata.take_segment(log.into()), Ok(0));
    let gap = metadata.take_segment(data(9, &[topic("late", Uuid([1; 16]))]).into());
    assert_eq!(gap, Err(AdoptionError::Gap { expected: Offset(6), found: Offset(9) }));
}

#[test]
fn a_torn_end_is_told() {
    let whole = data(0, &[topic("orders", ORDERS)]);
    let next = data(1, &[topic("torn", Uuid([1; 16]))]);
    for cut in [1, 30, next.len() - 1] {
        let mut metadata = KafkaMetadata::new("cluster");
        assert_eq!(metadata.take_segment([&whole[..], &next[..cut]].concat().into()), Ok(cut));
        assert_eq!(metadata.image().topics().len(), 1);
    }
}

#[test]
fn unknown_kinds_are_left_behind_and_unknown_versions_refused() {
    let unknown = Bytes::from_static(&[1, 99, 0, 0]);
    let metadata = read(&[batch(0, false, &[(None, unknown.clone()), (None, unknown)])]);
    let adoption = Adoption::decide(&metadata, &holdings());
    assert!(!adoption.is_lossless());
    assert!(adoption.not_carried[0].starts_with("2 metadata records of kind 99 version 0"), "{adoption:?}");
    let mut metadata = KafkaMetadata::new("cluster");
    let newer = batch(0, false, &[(None, Bytes::from_static(&[1, 2, 9, 0]))]);
    assert!(matches!(metadata.take_segment(newer.into()), Err(AdoptionError::Record { offset: Offset(0), .. })));
}

#[test]
fn the_node_becomes_the_only_replica_and_epochs_stay() {
    let others = RegisterBrokerRecord { broker_id: 4, broker_epoch: 900, ..RegisterBrokerRecord::default() };
    let metadata = read(&[
        leader_change(0, &[3]),
        data(1, &[others.into(), topic("orders", ORDERS), partition(&[3, 4], &[], Some(vec![3]))]),
    ]);
    let adoption = Adoption::decide(&metadata, &holdings());
    assert_eq!(adoption.refused, Vec::<String>::new());
    let image = adoption.image("cluster").unwrap();
    let ours = image.topics().by_id(ORDERS).unwrap().partition(PartitionIndex(0)).unwrap();
    assert_eq!((&ours.replicas[..], &ours.isr[..], ours.leader), (&[NodeId(3)][..], &[NodeId(3)][..], Some(NodeId(3))));
    assert_eq!((ours.leader_epoch.get(), ours.directories[0]), (41, DIRECTORY));
    assert_eq!((image.broker_epoch_highest(), image.brokers().count()), (900, 0));
}

#[test]
fn what_one_node_cannot_know_or_have_is_refused() {
    let begin =
        |voters: &[i32], partition| vec![leader_change(0, voters), data(1, &[topic("orders", ORDERS), partition])];
    let here = || partition(&[3], &[3], None);
    assert_eq!(refusals(&begin(&[3], here())), "");
    assert!(refusals(&begin(&[3, 4, 5], here())).contains("its metadata quorum has 3 voters"));
    assert!(refusals(&begin(&[8], here())).contains("node 3 does not vote in its metadata quorum (8)"));
    for elsewhere in [partition(&[4], &[4], None), partition(&[3, 4], &[4], None)] {
        assert!(
            refusals(&begin(&[3], elsewhere)).contains("1 partitions are on other nodes, or behind here: orders-0")
        );
    }
    let mut migrating = begin(&[3], here());
    migrating.push(data(3, &[ZkMigrationStateRecord { zk_migration_state: 1 }.into()]));
    assert!(refusals(&migrating).contains("its migration from ZooKeeper is not finished"));
    let mut nothing = holdings();
    nothing.partitions.clear();
    let missing = Adoption::decide(&read(&begin(&[3], here())), &nothing);
    assert!(missing.refused[0].contains("1 partitions have no directory here: orders-0"), "{missing:?}");
}
