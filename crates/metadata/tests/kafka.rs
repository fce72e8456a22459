//! Beside Apache Kafka 4.3.1: records that its controller wrote, and its own list of keys.
//!
//! The records are of one node that created `orders` (3 partitions, then 4) and `gone`, deleted `gone`, set
//! `log.retention.ms` for every broker, a client quota and a SCRAM user, and was stopped and started
//! twice. Each is preceded by its length, as in an entry of our own log.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use stream_metadata::config_def::{
    Check, ConfigKey, StaticConfig, broker_key, effective_topic_config, group_key, topic_key,
};
use stream_metadata::{ConfigResource, MetadataError, MetadataImage, MetadataRecord, decode_entry, encode_entry};
use stream_types::{LeaderEpoch, NodeId};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).expect("the fixture can be read")
}

fn kafka_records() -> Bytes {
    Bytes::from(fixture("kafka-4.3.1.records"))
}

#[test]
fn records_that_kafka_wrote_are_replayed() {
    let mut image = MetadataImage::empty("kafka");
    image.replay_entry(kafka_records()).expect("Kafka's records replay");
    assert_eq!(image.check(), Ok(()));
    assert_eq!(image.topics().len(), 1);
    let orders = image.topic("orders").expect("it was not deleted");
    assert_eq!(orders.partition_count(), 4);
    for partition in orders.partitions.values() {
        assert_eq!(partition.replicas, [NodeId(1)]);
        // Stopped and started and stopped: every partition changed hands three times.
        assert_eq!((partition.leader, partition.leader_epoch), (None, LeaderEpoch(3)));
        assert_eq!(partition.directories.len(), 1);
    }
    assert!(image.topic("gone").is_none());
    assert!(image.configs().get(&ConfigResource::topic("gone")).is_none());
    let static_config = StaticConfig::new(NodeId(1), Default::default());
    let config = effective_topic_config(&image, &static_config, "orders");
    assert_eq!((config.retention_ms, config.cleanup_policy.compact), (60_000, false));
    assert_eq!(effective_topic_config(&image, &static_config, "another").retention_ms, 7000);
    assert_eq!(image.features().get("metadata.version"), Some(&30));
    assert_eq!(image.security().quotas.len(), 1);
    assert_eq!(image.security().scram.len(), 1);
    let broker = image.broker(NodeId(1)).expect("it registered");
    assert!(broker.fenced);
    assert_eq!(broker.endpoint("PLAINTEXT").map(|endpoint| endpoint.port), Some(17501));
    assert_eq!(image.controllers().count(), 1);

    let mut rebuilt = MetadataImage::empty("kafka");
    rebuilt.replay_all(&image.to_records()).expect("a snapshot replays");
    assert_eq!(image, rebuilt);
}

#[test]
fn records_are_read_and_written_without_loss() {
    let records = decode_entry(kafka_records()).expect("Kafka's records can be read");
    assert_eq!(records.len(), 49);
    let written = encode_entry(&records).expect("they can be written");
    assert_eq!(decode_entry(written), Ok(records));
}

#[test]
fn bytes_that_are_no_records_are_an_error() {
    let whole = kafka_records();
    for length in 0..whole.len() {
        // What ends between two records is a shorter entry; everything else is an error. Neither panics.
        let _ = decode_entry(whole.slice(..length));
    }
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.to_vec();
            bytes[position] ^= 1 << bit;
            let _ = MetadataImage::empty("kafka").replay_entry(bytes.into());
        }
    }
    let unknown = MetadataRecord::decode(Bytes::from_static(&[1, 99, 0]));
    assert_eq!(unknown, Err(MetadataError::UnknownRecord { api_key: 99, version: 0 }));
    let too_new = MetadataRecord::decode(Bytes::from_static(&[1, 2, 7]));
    assert_eq!(too_new, Err(MetadataError::UnknownRecord { api_key: 2, version: 7 }));
    assert!(matches!(decode_entry(Bytes::from_static(&[200, 1])), Err(MetadataError::Malformed { .. })));
}

#[test]
fn the_table_has_every_key_of_kafka_with_its_type_default_range_and_scope() {
    let text = String::from_utf8(fixture("kafka-4.3.1-configs.tsv")).expect("it is text");
    let mut compared = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[resource, name, kind, default, allowed, mode] = fields.as_slice() else {
            panic!("not six fields: {line}");
        };
        let row: Option<&ConfigKey> = match resource {
            "topic" => topic_key(name),
            "broker" => broker_key(name),
            _ => group_key(name),
        };
        let row = row.unwrap_or_else(|| panic!("{resource} key {name} has no row"));
        assert_eq!(row.kind.name(), kind.to_lowercase(), "{name}");
        let default = (default != "null" && default != "REQUIRED").then_some(default);
        assert_eq!(row.default, default, "{name}");
        if let Some((min, max)) = range(allowed).filter(|_| kind != "DOUBLE") {
            assert_eq!(row.check, Check::Range(min, max), "{name}");
        }
        if mode != "-" {
            assert_eq!(row.scope.name(), mode, "{name}");
        }
        compared += 1;
    }
    assert_eq!(compared, 390);
}

/// `[1,...]` and `[1,...,9]` of whole numbers.
fn range(allowed: &str) -> Option<(i64, i64)> {
    let (min, max) = allowed.strip_prefix('[')?.strip_suffix(']')?.split_once(",...")?;
    let max = if max.is_empty() { Some(i64::MAX) } else { max.strip_prefix(',')?.parse().ok() };
    Some((min.parse().ok()?, max?))
}
