//! What several tests of the log need.
#![allow(dead_code, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchBuilder, TimestampType};
use stream_codec::compression::Compression;
use stream_log::disk::Disk;
use stream_log::{AppendOrigin, Appended, CheckRules, CheckedBatch, Log, LogConfig, LogReader, ReadBound, Recovery};
use stream_types::{LeaderEpoch, Monotonic, Now, Offset, ProducerEpoch, ProducerId, Sequence, Uuid, WallMillis};

pub const TOPIC_ID: Uuid = Uuid([7; 16]);
pub const EPOCH: LeaderEpoch = LeaderEpoch(3);

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A directory for one test, removed at its end.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("stream-log-it-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("temporary directory");
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn config() -> LogConfig {
    LogConfig {
        segment_bytes_max: 1 << 30,
        segment_ms: 7 * 24 * 3600 * 1000,
        segment_index_bytes_max: 10 << 20,
        index_interval_bytes: 4096,
        delete: true,
        compact: false,
        retention_ms: Some(7 * 24 * 3600 * 1000),
        retention_bytes: None,
        delete_retention_ms: 24 * 3600 * 1000,
        producer_id_expiration_ms: 24 * 3600 * 1000,
        disk_reserve_bytes: 0,
        tail_cache_bytes_max: 1 << 20,
    }
}

pub fn rules() -> CheckRules {
    CheckRules {
        message_bytes_max: 1_048_588,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: 3_600_000,
        keys_required: false,
        compression: None,
        compression_level: None,
    }
}

pub fn now(wall: i64) -> Now {
    Now { monotonic: Monotonic::default(), wall: WallMillis(wall) }
}

/// `count` records with values `text-0`, `text-1`, ... at timestamps `timestamp`, `timestamp + 1`, ...
pub fn records(text: &str, count: i32, timestamp: i64) -> Bytes {
    records_with(text, count, timestamp, Compression::None)
}

pub fn records_with(text: &str, count: i32, timestamp: i64, compression: Compression) -> Bytes {
    let mut builder = BatchBuilder::new().compression(compression);
    for index in 0..count {
        let value = format!("{text}-{index}");
        let key = format!("k{index}");
        builder.push(timestamp + i64::from(index), Some(key.as_bytes()), Some(value.as_bytes()), &[]);
    }
    builder.build().expect("builds")
}

pub fn produced(id: i64, epoch: i16, sequence: i32, count: i32) -> Bytes {
    let mut builder = BatchBuilder::new().producer(ProducerId(id), ProducerEpoch(epoch), Sequence(sequence));
    for index in 0..count {
        builder.push(1000, None, Some(format!("{sequence}-{index}").as_bytes()), &[]);
    }
    builder.build().expect("builds")
}

pub fn checked(bytes: Bytes) -> CheckedBatch {
    CheckedBatch::check(bytes, &rules(), WallMillis(0)).expect("valid batch")
}

pub fn append(log: &mut Log, bytes: Bytes) -> Appended {
    log.append_one(now(0), EPOCH, checked(bytes), AppendOrigin::Client).expect("appended")
}

pub fn create(disk: &Arc<dyn Disk>, dir: &Path, config: LogConfig) -> Log {
    Log::create(Arc::clone(disk), dir, TOPIC_ID, config, WallMillis(0)).expect("created")
}

pub fn recovery(clean: bool, recovery_point: i64) -> Recovery {
    Recovery { clean, recovery_point: Offset(recovery_point), log_start: Offset(0) }
}

pub fn open(disk: &Arc<dyn Disk>, dir: &Path, config: LogConfig, recovery: Recovery) -> Log {
    Log::open(Arc::clone(disk), dir, TOPIC_ID, config, recovery, WallMillis(0)).expect("opened")
}

/// Reads everything from `from`, `max_bytes` at a time, as a client would, and checks every batch.
pub fn read_all(reader: &LogReader, from: Offset, max_bytes: usize, bound: ReadBound) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut offset = from;
    loop {
        let read = reader.read_batches(offset, max_bytes, bound).expect("readable");
        if read.is_empty() {
            return batches;
        }
        for batch in read {
            let batch = Batch::parse_checked(batch.bytes()).expect("intact");
            assert!(batch.header().last_offset() >= offset, "batches go forward");
            offset = batch.header().next_offset();
            batches.push(batch);
        }
    }
}

/// Values of all records from `from` with their offsets.
pub fn values(reader: &LogReader, from: i64) -> Vec<(i64, String)> {
    let mut values = Vec::new();
    for batch in read_all(reader, Offset(from), 1 << 20, ReadBound::LogEnd) {
        for record in batch.records(1 << 24).expect("opens") {
            let record = record.expect("valid");
            let value = record.value.clone().unwrap_or_default();
            values.push((batch.offset_of(&record).0, String::from_utf8_lossy(&value).into_owned()));
        }
    }
    values
}
