//! A topic's configuration as the log needs it: typed, complete.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::resolve::{StaticConfig, layers};
use super::validate::{is_usable, list_items, whole_number};
use super::{ConfigKey, topic_key};
use crate::image::{ConfigResource, MetadataImage};

/// `cleanup.policy`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CleanupPolicy {
    /// Old segments are deleted by time and size.
    pub delete: bool,
    /// Closed segments are compacted to the newest record of each key.
    pub compact: bool,
}

/// `compression.type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompressionType {
    /// What the producer chose.
    Producer,
    /// None.
    Uncompressed,
    /// gzip.
    Gzip,
    /// snappy.
    Snappy,
    /// lz4.
    Lz4,
    /// zstd.
    Zstd,
}

/// `message.timestamp.type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimestampType {
    /// The producer's time.
    CreateTime,
    /// The broker's time.
    LogAppendTime,
}

/// Every key of a topic with its effective value. Times are milliseconds; -1 and `i64::MAX` mean no
/// limit where Kafka says so.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub struct TopicConfig {
    pub cleanup_policy: CleanupPolicy,
    pub compression_type: CompressionType,
    pub compression_gzip_level: i32,
    pub compression_lz4_level: i32,
    pub compression_zstd_level: i32,
    pub delete_retention_ms: i64,
    pub file_delete_delay_ms: i64,
    pub flush_messages: i64,
    pub flush_ms: i64,
    pub index_interval_bytes: i32,
    pub max_compaction_lag_ms: i64,
    pub max_message_bytes: i32,
    pub message_timestamp_after_max_ms: i64,
    pub message_timestamp_before_max_ms: i64,
    pub message_timestamp_type: TimestampType,
    pub min_cleanable_dirty_ratio: f64,
    pub min_compaction_lag_ms: i64,
    pub min_insync_replicas: i32,
    pub preallocate: bool,
    pub retention_bytes: i64,
    pub retention_ms: i64,
    pub segment_bytes: i32,
    pub segment_index_bytes: i32,
    pub segment_jitter_ms: i64,
    pub segment_ms: i64,
    pub unclean_leader_election_enable: bool,
}

/// The configuration of a topic on this broker: the topic's own values, then the broker's layers, then
/// the defaults. A topic that does not exist has what it would have without values of its own.
pub fn effective_topic_config(image: &MetadataImage, config: &StaticConfig, topic: &str) -> TopicConfig {
    let none = BTreeMap::new();
    let own = image.configs().get(&ConfigResource::topic(topic)).map_or(&none, |own| own);
    let values = Values { image, config, own };
    let cleanup = values.text("cleanup.policy");
    TopicConfig {
        cleanup_policy: CleanupPolicy {
            delete: list_items(&cleanup).contains(&"delete"),
            compact: list_items(&cleanup).contains(&"compact"),
        },
        compression_type: match values.text("compression.type").as_ref() {
            "uncompressed" => CompressionType::Uncompressed,
            "gzip" => CompressionType::Gzip,
            "snappy" => CompressionType::Snappy,
            "lz4" => CompressionType::Lz4,
            "zstd" => CompressionType::Zstd,
            _ => CompressionType::Producer,
        },
        compression_gzip_level: values.int("compression.gzip.level"),
        compression_lz4_level: values.int("compression.lz4.level"),
        compression_zstd_level: values.int("compression.zstd.level"),
        delete_retention_ms: values.long("delete.retention.ms"),
        file_delete_delay_ms: values.long("file.delete.delay.ms"),
        flush_messages: values.long("flush.messages"),
        flush_ms: values.long("flush.ms"),
        index_interval_bytes: values.int("index.interval.bytes"),
        max_compaction_lag_ms: values.long("max.compaction.lag.ms"),
        max_message_bytes: values.int("max.message.bytes"),
        message_timestamp_after_max_ms: values.long("message.timestamp.after.max.ms"),
        message_timestamp_before_max_ms: values.long("message.timestamp.before.max.ms"),
        message_timestamp_type: match values.text("message.timestamp.type").as_ref() {
            "LogAppendTime" => TimestampType::LogAppendTime,
            _ => TimestampType::CreateTime,
        },
        min_cleanable_dirty_ratio: values.text("min.cleanable.dirty.ratio").parse().unwrap_or(0.5),
        min_compaction_lag_ms: values.long("min.compaction.lag.ms"),
        min_insync_replicas: values.int("min.insync.replicas"),
        preallocate: values.bool("preallocate"),
        retention_bytes: values.long("retention.bytes"),
        retention_ms: values.long("retention.ms"),
        segment_bytes: values.int("segment.bytes"),
        segment_index_bytes: values.int("segment.index.bytes"),
        segment_jitter_ms: values.long("segment.jitter.ms"),
        segment_ms: values.long("segment.ms"),
        unclean_leader_election_enable: values.bool("unclean.leader.election.enable"),
    }
}

struct Values<'a> {
    image: &'a MetadataImage,
    config: &'a StaticConfig,
    own: &'a BTreeMap<String, String>,
}

impl<'a> Values<'a> {
    fn text(&self, name: &str) -> Cow<'a, str> {
        let value = topic_key(name).and_then(|key| topic_value(self.image, self.config, self.own, key));
        match value {
            Some(Cow::Borrowed(value)) => Cow::Borrowed(value.trim()),
            Some(computed) => computed,
            None => Cow::Borrowed(""),
        }
    }

    fn long(&self, name: &str) -> i64 {
        whole_number(&self.text(name)).unwrap_or_default()
    }

    fn int(&self, name: &str) -> i32 {
        let number = self.long(name);
        i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
    }

    fn bool(&self, name: &str) -> bool {
        self.text(name).eq_ignore_ascii_case("true")
    }
}

/// The effective value of one topic key. Values that do not pass the key's check (adopted from a
/// cluster with other rules) are passed over.
pub(super) fn topic_value<'a>(
    image: &'a MetadataImage,
    config: &'a StaticConfig,
    own: &'a BTreeMap<String, String>,
    key: &'static ConfigKey,
) -> Option<Cow<'a, str>> {
    if let Some(value) = own.get(key.name)
        && is_usable(key, value)
    {
        return Some(Cow::Borrowed(value));
    }
    layers(image, config, key.name, key.synonyms)
        .map(|found| found.in_unit())
        .find(|value| is_usable(key, value))
        .or_else(|| key.default.map(Cow::Borrowed))
}
