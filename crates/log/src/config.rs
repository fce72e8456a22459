//! What a log is told about its topic.

/// A partition's settings; complete, without defaults: those are in the configuration table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogConfig {
    /// `segment.bytes`: a segment is closed before it would become larger.
    pub segment_bytes_max: u64,
    /// `segment.ms`: a segment is closed when its first record is this old (milliseconds).
    pub segment_ms: i64,
    /// `segment.index.bytes`: a segment is closed when its offset index has this size.
    pub segment_index_bytes_max: u32,
    /// `index.interval.bytes`: bytes of records between two index entries.
    pub index_interval_bytes: u32,
    /// `cleanup.policy` contains `delete`.
    pub delete: bool,
    /// `cleanup.policy` contains `compact`.
    pub compact: bool,
    /// `retention.ms`; `None` for -1.
    pub retention_ms: Option<i64>,
    /// `retention.bytes`; `None` for -1.
    pub retention_bytes: Option<u64>,
    /// `delete.retention.ms`: how long a tombstone stays after it was first compacted.
    pub delete_retention_ms: i64,
    /// `producer.id.expiration.ms`.
    pub producer_id_expiration_ms: i64,
    /// Space that is not reserved ahead for records (bytes).
    pub disk_reserve_bytes: u64,
    /// Recent batches kept in memory for readers near the end (bytes); 0 keeps none.
    pub tail_cache_bytes_max: usize,
}
