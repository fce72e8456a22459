//! What stays of one batch.

use std::cell::Cell;

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchBuilder, BatchError, OpenedRecords, RecordView, TimestampType};
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;
use stream_types::{Offset, WallMillis};

use super::key_map::KeyMap;

/// What decides about records, beside the map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter<'a> {
    pub(crate) keys: &'a KeyMap,
    pub(crate) log_start: Offset,
    pub(crate) now: WallMillis,
    pub(crate) delete_retention_ms: i64,
    /// Older values may be in segments or batches that stay whole: without its tombstone a key would come back. Batches
    /// come oldest first, and the first one of a transaction sets it.
    pub(crate) keeps_tombstones: &'a Cell<bool>,
}

/// What becomes of a batch.
#[derive(Debug)]
pub(crate) enum Kept {
    /// It stays as it is.
    Whole,
    /// Some records stay, or tombstones got a time to go.
    Part(Bytes),
    /// No record stays.
    Nothing,
}

impl Filter<'_> {
    pub(crate) fn apply(&self, batch: &Batch) -> Result<Kept, BatchError> {
        let header = batch.header();
        if header.attributes.is_control() || header.attributes.is_transactional() {
            self.keeps_tombstones.set(self.keeps_tombstones.get() || !header.attributes.is_control());
            return Ok(Kept::Whole);
        }
        let horizon = header.attributes.has_delete_horizon().then_some(header.base_timestamp);
        let may_drop_tombstones = !self.keeps_tombstones.get() && horizon.is_some_and(|horizon| horizon < self.now.0);
        let records = batch.opened(DECOMPRESSED_BATCH_BYTES_MAX)?;
        // One for each record: which stay. The records themselves may be too many to hold.
        let mut stays: Vec<bool> = Vec::new();
        let mut kept = 0;
        let mut has_tombstone = false;
        records.each(|record| {
            let stay = self.keeps(batch, &record, may_drop_tombstones);
            has_tombstone |= stay && record.value.is_none();
            kept += usize::from(stay);
            stays.push(stay);
            Ok(true)
        })?;
        let needs_horizon = has_tombstone && horizon.is_none();
        if kept == 0 {
            return Ok(Kept::Nothing);
        }
        if kept == header.record_count.unsigned_abs() as usize && !needs_horizon {
            return Ok(Kept::Whole);
        }
        let new_horizon = needs_horizon.then(|| self.now.0.saturating_add(self.delete_retention_ms));
        rebuild(batch, &records, &stays, horizon.or(new_horizon)).map(Kept::Part)
    }

    fn keeps(&self, batch: &Batch, record: &RecordView, may_drop_tombstones: bool) -> bool {
        let offset = batch.offset_of(record);
        let Some(key) = &record.key else { return false };
        let is_dead_tombstone = record.value.is_none() && may_drop_tombstones;
        !(self.keys.is_superseded(key, offset) || is_dead_tombstone || offset < self.log_start)
    }
}

/// `batch` with those of its records that stay and nothing else changed: offsets, sequence numbers, times.
fn rebuild(
    batch: &Batch,
    records: &OpenedRecords<'_>,
    stays: &[bool],
    horizon: Option<i64>,
) -> Result<Bytes, BatchError> {
    let header = batch.header();
    let mut builder = builder_like(batch)?.base_timestamp(header.base_timestamp).delete_horizon(horizon);
    let mut stays = stays.iter();
    records.each(|record| {
        if stays.next().copied().unwrap_or(false) {
            let timestamp = header.base_timestamp.saturating_add(record.timestamp_delta);
            let (key, value) = (record.key.as_deref(), record.value.as_deref());
            builder.push_at(record.offset_delta, timestamp, key, value, &record.headers);
        }
        Ok(true)
    })?;
    if header.attributes.timestamp_type() == TimestampType::LogAppendTime {
        builder = builder.max_timestamp(header.max_timestamp);
    }
    builder.build()
}

/// `batch` without its records: what stays so that the last offset or sequence number is not forgotten.
pub(crate) fn emptied(batch: &Batch) -> Result<Bytes, BatchError> {
    builder_like(batch)?.compression(Default::default()).build()
}

fn builder_like(batch: &Batch) -> Result<BatchBuilder, BatchError> {
    let header = batch.header();
    let builder = BatchBuilder::new()
        .base_offset(header.base_offset)
        .leader_epoch(header.partition_leader_epoch)
        .compression(header.attributes.compression()?)
        .producer(header.producer_id, header.producer_epoch, header.base_sequence)
        .transactional(header.attributes.is_transactional())
        .control(header.attributes.is_control())
        .timestamp_type(header.attributes.timestamp_type())
        .last_offset_delta(header.last_offset_delta);
    Ok(builder)
}
