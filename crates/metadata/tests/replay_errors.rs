//! Records that do not fit what is there: an error each, and the image stays as it was.

use stream_codec::stored::metadata::{
    BrokerRegistrationChangeRecord, ConfigRecord, PartitionChangeRecord, PartitionRecord, RegisterBrokerRecord,
    RemoveTopicRecord, TopicRecord,
};
use stream_metadata::{MetadataError, MetadataImage, MetadataRecord};
use stream_types::{NodeId, PartitionIndex, Uuid};

const ORDERS: Uuid = Uuid([1; 16]);
const OTHER: Uuid = Uuid([2; 16]);

fn topic(name: &str, topic_id: Uuid) -> MetadataRecord {
    TopicRecord { name: name.into(), topic_id }.into()
}

fn partition(partition_id: i32, topic_id: Uuid) -> PartitionRecord {
    PartitionRecord {
        partition_id,
        topic_id,
        replicas: vec![1],
        isr: vec![1],
        leader: 1,
        leader_epoch: 0,
        partition_epoch: 0,
        directories: vec![Uuid::ZERO],
        ..PartitionRecord::default()
    }
}

fn before() -> MetadataImage {
    let mut image = MetadataImage::empty("c");
    let broker = RegisterBrokerRecord { broker_id: 1, broker_epoch: 5, rack: None, ..Default::default() };
    image
        .replay_all(&[broker.into(), topic("orders", ORDERS), partition(0, ORDERS).into()])
        .expect("a topic with one partition");
    image
}

#[track_caller]
fn check(record: impl Into<MetadataRecord>, expected: MetadataError) {
    let mut image = before();
    assert_eq!(image.replay(&record.into()), Err(expected));
    assert_eq!(image, before());
}

#[test]
fn a_topic_that_is_there_is_not_introduced_again() {
    let taken = |name: &str, topic_id| MetadataError::TopicNameTaken { name: name.into(), topic_id, existing: ORDERS };
    check(topic("orders", OTHER), taken("orders", OTHER));
    check(topic("bills", ORDERS), taken("bills", ORDERS));
}

#[test]
fn what_is_not_there_is_not_changed() {
    check(RemoveTopicRecord { topic_id: OTHER }, MetadataError::UnknownTopicId { topic_id: OTHER });
    check(partition(0, OTHER), MetadataError::UnknownTopicId { topic_id: OTHER });
    let change = PartitionChangeRecord { partition_id: 0, topic_id: OTHER, ..Default::default() };
    check(change, MetadataError::UnknownTopicId { topic_id: OTHER });
    let change = PartitionChangeRecord { partition_id: 3, topic_id: ORDERS, ..Default::default() };
    check(change, MetadataError::UnknownPartition { topic: "orders".into(), partition: PartitionIndex(3) });
    for (broker_id, broker_epoch) in [(1, 4), (2, 5)] {
        let change = BrokerRegistrationChangeRecord { broker_id, broker_epoch, fenced: -1, ..Default::default() };
        check(change, MetadataError::UnknownBroker { broker_id: NodeId(broker_id), epoch: broker_epoch });
    }
}

#[test]
fn fields_that_mean_nothing_are_refused() {
    let bad = |record, field, value| MetadataError::BadField { record, field, value };
    check(partition(-1, ORDERS), bad("Partition", "partition_id", -1));
    let recovering = PartitionRecord { leader_recovery_state: 9, ..partition(1, ORDERS) };
    check(recovering, bad("Partition", "leader_recovery_state", 9));
    let change = BrokerRegistrationChangeRecord { broker_id: 1, broker_epoch: 5, fenced: 2, ..Default::default() };
    check(change, bad("BrokerRegistrationChange", "fenced", 2));
    let config = ConfigRecord { resource_type: 3, resource_name: "x".into(), name: "y".into(), value: None };
    check(config, bad("Config", "resource_type", 3));
}

#[test]
fn a_partition_epoch_does_not_overflow() {
    let mut image = before();
    let last = PartitionRecord { partition_epoch: i32::MAX, leader_epoch: i32::MAX, ..partition(1, ORDERS) };
    image.replay(&last.into()).expect("the last epoch there is");
    let change = PartitionChangeRecord { partition_id: 1, topic_id: ORDERS, leader: 1, ..Default::default() };
    assert!(matches!(image.replay(&change.into()), Err(MetadataError::BadField { field: "partition_epoch", .. })));
}
