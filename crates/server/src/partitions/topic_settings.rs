//! A topic's effective configuration as its log and the check of its batches want it.

use stream_codec::batch::TimestampType;
use stream_codec::compression::Compression;
use stream_log::{CheckRules, LogConfig};
use stream_metadata::MetadataImage;
use stream_metadata::config_def::{self, CompressionType, StaticConfig, TopicConfig};
use stream_types::limits;

use crate::config::ServerConfig;

/// What one topic's partitions go by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TopicSettings {
    /// For the log.
    pub(crate) log: LogConfig,
    /// For batches from producers.
    pub(crate) rules: CheckRules,
}

impl TopicSettings {
    /// The settings of `topic` in this image.
    pub(crate) fn of(config: &ServerConfig, static_config: &StaticConfig, image: &MetadataImage, topic: &str) -> Self {
        let topic = config_def::effective_topic_config(image, static_config, topic);
        let expiration = static_config.effective_number(image, "producer.id.expiration.ms");
        let expiration_ms = expiration.unwrap_or(config.log.producer_id_expiration.as_millis() as i64);
        TopicSettings { log: log_config(expiration_ms, config.disk_reserve_bytes, &topic), rules: check_rules(&topic) }
    }
}

fn log_config(producer_id_expiration_ms: i64, disk_reserve_bytes: u64, topic: &TopicConfig) -> LogConfig {
    LogConfig {
        segment_bytes_max: u64::try_from(topic.segment_bytes).unwrap_or(u64::MAX),
        segment_ms: topic.segment_ms,
        segment_index_bytes_max: u32::try_from(topic.segment_index_bytes).unwrap_or(u32::MAX),
        index_interval_bytes: u32::try_from(topic.index_interval_bytes).unwrap_or(0),
        delete: topic.cleanup_policy.delete,
        compact: topic.cleanup_policy.compact,
        retention_ms: (topic.retention_ms >= 0).then_some(topic.retention_ms),
        retention_bytes: u64::try_from(topic.retention_bytes).ok(),
        delete_retention_ms: topic.delete_retention_ms,
        producer_id_expiration_ms,
        disk_reserve_bytes,
        tail_cache_bytes_max: limits::TAIL_CACHE_BYTES_PER_PARTITION_MAX,
    }
}

fn check_rules(topic: &TopicConfig) -> CheckRules {
    let (compression, compression_level) = match topic.compression_type {
        CompressionType::Producer => (None, None),
        CompressionType::Uncompressed => (Some(Compression::None), None),
        CompressionType::Gzip => (Some(Compression::Gzip), Some(topic.compression_gzip_level)),
        CompressionType::Snappy => (Some(Compression::Snappy), None),
        CompressionType::Lz4 => (Some(Compression::Lz4), Some(topic.compression_lz4_level)),
        CompressionType::Zstd => (Some(Compression::Zstd), Some(topic.compression_zstd_level)),
    };
    CheckRules {
        message_bytes_max: usize::try_from(topic.max_message_bytes).unwrap_or(0),
        timestamp_type: match topic.message_timestamp_type {
            config_def::TimestampType::CreateTime => TimestampType::CreateTime,
            config_def::TimestampType::LogAppendTime => TimestampType::LogAppendTime,
        },
        timestamp_before_max_ms: topic.message_timestamp_before_max_ms,
        timestamp_after_max_ms: topic.message_timestamp_after_max_ms,
        keys_required: topic.cleanup_policy.compact,
        compression,
        compression_level,
    }
}
