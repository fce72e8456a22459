//! The table is whole, and says the same as its readers.

use std::collections::BTreeMap;

use stream_codec::stored::metadata::ConfigRecord;
use stream_types::NodeId;

use super::*;
use crate::image::{ConfigResource, ConfigResourceType, MetadataImage};

fn tables() -> [&'static [ConfigKey]; 4] {
    [topic_keys(), broker_keys(), group_keys(), client_metrics_keys()]
}

fn config(values: &[(&str, &str)]) -> StaticConfig {
    StaticConfig::new(NodeId(1), values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

fn image(stored: &[(ConfigResource, &str, &str)]) -> MetadataImage {
    let mut image = MetadataImage::empty("c");
    for (resource, name, value) in stored {
        let record = ConfigRecord {
            resource_type: resource.kind.code(),
            resource_name: resource.name.as_str().into(),
            name: (*name).into(),
            value: Some((*value).into()),
        };
        image.replay(&record.into()).expect("a configuration can be stored");
    }
    image
}

#[test]
fn rows_are_sorted_documented_and_pass_their_own_check() {
    for table in tables() {
        assert!(table.is_sorted_by(|a, b| a.name < b.name));
        for key in table {
            assert!(key.doc.ends_with('.') && key.doc.len() > 10, "{} has no sentence", key.name);
            if let Some(default) = key.default {
                assert_eq!(validate_value(key, default), Ok(()), "the default of {}", key.name);
            }
            for synonym in key.synonyms {
                assert!(
                    broker_key(synonym.name).is_some(),
                    "{} names {}, which is no broker key",
                    key.name,
                    synonym.name
                );
            }
        }
    }
}

#[test]
fn every_topic_key_of_kafka_is_there() {
    // Apache Kafka 4.3.1, without its internal key.
    let visible = topic_keys().iter().filter(|key| !key.internal).count();
    assert_eq!(visible, 33);
    assert_eq!(describe_topic(&MetadataImage::empty("c"), &config(&[]), "t").len(), 33);
    assert_eq!(group_keys().len(), 17);
}

#[test]
fn a_topic_key_and_its_broker_key_have_one_default() {
    for key in topic_keys().iter().filter(|key| !key.synonyms.is_empty()) {
        let inherited = describe_topic(&MetadataImage::empty("c"), &config(&[]), "t")
            .into_iter()
            .find(|entry| entry.name == key.name)
            .and_then(|entry| entry.value);
        assert_eq!(inherited.as_deref(), key.default, "{}", key.name);
    }
}

#[test]
fn values_are_checked_by_type_and_range() {
    let cases = [
        ("retention.ms", "-1", true),
        ("retention.ms", " 5 ", true),
        ("retention.ms", "-2", false),
        ("retention.ms", "9223372036854775808", false),
        ("retention.ms", "1e3", false),
        ("segment.bytes", "1048576", true),
        ("segment.bytes", "2147483648", false),
        ("compression.gzip.level", "-1", true),
        ("compression.gzip.level", "0", false),
        ("preallocate", "TRUE", true),
        ("preallocate", "yes", false),
        ("min.cleanable.dirty.ratio", "0.25", true),
        ("min.cleanable.dirty.ratio", "1.5", false),
        ("min.cleanable.dirty.ratio", "NaN", false),
        ("cleanup.policy", "compact, delete", true),
        ("cleanup.policy", "", true),
        ("cleanup.policy", "compact,shrink", false),
        ("compression.type", "lz4", true),
        ("compression.type", "LZ4", false),
        ("leader.replication.throttled.replicas", "0:1,2:3", true),
        ("leader.replication.throttled.replicas", "*", true),
        ("leader.replication.throttled.replicas", "0-1", false),
    ];
    for (name, value, good) in cases {
        let key = topic_key(name).expect("a topic key");
        assert_eq!(validate_value(key, value).is_ok(), good, "{name}={value}");
    }
    let long = "x".repeat(40_000);
    assert!(validate_value(broker_key("super.users").expect("a broker key"), &long).is_err());
}

#[test]
fn a_refused_password_is_not_told() {
    let key = ConfigKey { check: Check::NonEmpty, ..*broker_key("ssl.key.password").expect("a broker key") };
    assert!(validate_value(&key, "").is_err());
    let key = ConfigKey { check: Check::OneOf(&["a"]), ..key };
    let refused = validate_value(&key, "hunter2").expect_err("not among the allowed texts");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn the_log_gets_typed_values_from_every_layer() {
    let topic = ConfigResource::topic("t");
    let empty = effective_topic_config(&MetadataImage::empty("c"), &config(&[]), "t");
    assert_eq!((empty.retention_ms, empty.segment_ms, empty.segment_bytes), (604_800_000, 604_800_000, 1 << 30));
    assert_eq!(empty.cleanup_policy, CleanupPolicy { delete: true, compact: false });
    assert_eq!((empty.flush_ms, empty.flush_messages), (i64::MAX, i64::MAX));

    let layered = config(&[("log.retention.minutes", "2"), ("log.retention.hours", "9"), ("log.roll.hours", "1")]);
    let stored = image(&[
        (topic.clone(), "cleanup.policy", "compact"),
        (topic, "message.timestamp.type", "LogAppendTime"),
        (ConfigResource::default_broker(), "message.max.bytes", "7000"),
        (ConfigResource::broker(NodeId(2)), "message.max.bytes", "9000"),
    ]);
    let values = effective_topic_config(&stored, &layered, "t");
    assert_eq!((values.retention_ms, values.segment_ms, values.max_message_bytes), (120_000, 3_600_000, 7000));
    assert_eq!(values.cleanup_policy, CleanupPolicy { delete: false, compact: true });
    assert_eq!(values.message_timestamp_type, TimestampType::LogAppendTime);
    // A negative number means no limit in hours too.
    let forever = effective_topic_config(&stored, &config(&[("log.retention.hours", "-1")]), "t");
    assert_eq!(forever.retention_ms, -1);
}

#[test]
fn an_adopted_value_that_is_not_allowed_is_passed_over() {
    let topic = ConfigResource::topic("t");
    let stored = image(&[(topic.clone(), "segment.bytes", "14"), (topic, "no.longer.known", "1")]);
    let values = effective_topic_config(&stored, &config(&[("log.segment.bytes", "2000000")]), "t");
    assert_eq!(values.segment_bytes, 2_000_000);
}

#[test]
fn a_broker_is_described_with_sources_and_without_secrets() {
    let given = config(&[
        ("log.retention.hours", "5"),
        ("ssl.keystore.password", "hunter2"),
        ("listener.name.client.ssl.keystore.location", "/k"),
        ("made.up", "hunter3"),
        ("hanzo.flush.policy", "always"),
    ]);
    let stored = image(&[
        (ConfigResource::broker(NodeId(1)), "message.max.bytes", "9000"),
        (ConfigResource::default_broker(), "message.max.bytes", "8000"),
    ]);
    let entries: BTreeMap<String, ConfigEntry> =
        describe_broker(&stored, &given).into_iter().map(|entry| (entry.name.clone(), entry)).collect();
    let entry = |name: &str| entries.get(name).unwrap_or_else(|| panic!("{name} is not described"));

    let bytes = entry("message.max.bytes");
    assert_eq!((bytes.value.as_deref(), bytes.source), (Some("9000"), ConfigSource::DynamicBroker));
    assert_eq!(bytes.synonyms.len(), 3);
    assert!(!bytes.read_only);
    assert_eq!(entry("log.retention.hours").value.as_deref(), Some("5"));
    assert!(entry("log.retention.hours").read_only);
    assert_eq!(entry("log.retention.ms").value, None);
    assert_eq!(entry("ssl.keystore.password").value, None);
    assert!(entry("ssl.keystore.password").sensitive);
    assert_eq!(entry("listener.name.client.ssl.keystore.location").value.as_deref(), Some("/k"));
    assert_eq!(entry("hanzo.flush.policy").value.as_deref(), Some("always"));
    assert!(entry("made.up").sensitive);
    assert!(!format!("{entries:?}").contains("hunter"));
    // Every key of the broker is there, but not Kafka's internal ones.
    assert!(entries.contains_key("offsets.topic.num.partitions"));
    assert!(!entries.contains_key("server.max.startup.time.ms"));
    assert_eq!(describe_default_broker(&stored).len(), 1);
}

#[test]
fn a_group_inherits_from_the_broker() {
    let stored = image(&[(ConfigResource::group("g"), "consumer.heartbeat.interval.ms", "7")]);
    let entries = describe_group(&stored, &config(&[("group.consumer.session.timeout.ms", "46000")]), "g");
    let value = |name: &str| entries.iter().find(|entry| entry.name == name).map(|e| (e.value.as_deref(), e.source));
    assert_eq!(value("consumer.heartbeat.interval.ms"), Some((Some("7"), ConfigSource::Group)));
    assert_eq!(value("consumer.session.timeout.ms"), Some((Some("46000"), ConfigSource::StaticBroker)));
    assert_eq!(value("share.isolation.level"), Some((Some("read_uncommitted"), ConfigSource::Default)));
    assert!(describe_client_metrics(&stored, "nothing").is_empty());
}

#[test]
fn keys_of_the_server_are_told_apart() {
    assert_eq!(classify_key("num.partitions"), KeyClass::Honoured);
    assert_eq!(classify_key("num.io.threads"), KeyClass::NotNeeded);
    assert_eq!(classify_key("zookeeper.connect"), KeyClass::ZooKeeper);
    assert_eq!(classify_key("inter.broker.protocol.version"), KeyClass::ZooKeeper);
    assert_eq!(classify_key("hanzo.flush.policy"), KeyClass::Hanzo);
    assert_eq!(classify_key("log.retention.hour"), KeyClass::Unknown(Some("log.retention.hours")));
    assert_eq!(classify_key("hanzo.flush.polizy"), KeyClass::Unknown(Some("hanzo.flush.policy")));
    assert_eq!(classify_key("completely.different.thing"), KeyClass::Unknown(None));
    assert_eq!(classify_key("listener.name.client.ssl.client.auth"), KeyClass::Honoured);
    assert_eq!(classify_key("listener.name.client.ssl.provider"), KeyClass::NotNeeded);
    let sasl = "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config";
    assert_eq!(broker_key(sasl).map(|key| key.name), Some("sasl.jaas.config"));
    assert_eq!(nearest_key(ConfigResourceType::Topic, "retention"), Some("retention.ms"));
    assert_eq!(nearest_key(ConfigResourceType::Topic, &"a".repeat(100_000)), None);
}

#[test]
fn what_takes_no_effect_while_the_broker_runs_is_read_only() {
    let refused = |name, value| matches!(check_broker_change("1", name, value), Err(BrokerRefusal::Request(_)));
    let entries = describe_broker(&MetadataImage::empty("c"), &config(&[]));
    for key in broker_keys() {
        assert!(!key.live || key.scope != Scope::ReadOnly, "{} is live, but Kafka does not change it", key.name);
        if let Some(entry) = entries.iter().find(|entry| entry.name == key.name) {
            assert_eq!(entry.read_only, !key.live, "{}", key.name);
        }
    }
    assert!(refused("num.io.threads", "4"), "Kafka changes it while it runs, this broker has no such threads");
    assert!(refused("listener.name.external.ssl.keystore.location", "/k"));
    assert!(!refused("log.retention.ms", "1000"));
    let locked_out = check_broker_change("", "max.connections.per.ip", " 0");
    assert!(matches!(locked_out, Err(BrokerRefusal::Config(_))), "nobody could take it back");
    assert!(check_broker_change("", "max.connections.per.ip", "1").is_ok());
    // What every topic inherits and this broker heeds has to reach the topics.
    for key in topic_keys().iter().filter(|key| key.honoured) {
        let inherited = key.synonyms.first().and_then(|synonym| broker_key(synonym.name));
        assert!(inherited.is_none_or(|key| key.live), "{} is inherited but not live", key.name);
    }
}
