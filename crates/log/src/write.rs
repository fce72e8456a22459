//! Writing batches whose place is decided: one vectored write for a group.
//!
//! Headers are copied and patched; bodies are written from the buffer that they came in. If the disk
//! is full, what was torn is cut off again; any other failure takes the log offline.

use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Bytes;
use stream_codec::batch::{BatchHeader, HEADER_BYTES};
use stream_types::{Offset, WallMillis};

use crate::append::{Group, Placed, Undo};
use crate::disk::{DiskFile, read_up_to};
use crate::error::{AppendError, Context, DiskError, is_no_space};
use crate::index::{OffsetEntry, TimeEntry};
use crate::log::{Active, Log};
use crate::reader::Place;
use crate::segment::MaxTimestamp;
use crate::tail::Recent;

/// Smallest and largest step by which space is reserved ahead (bytes).
const ALLOCATE_BYTES_MIN: u64 = 64 * 1024;
const ALLOCATE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Of the free space above the disk reserve, the part that one step may take: many logs grow at once.
const ALLOCATE_PART: u64 = 16;
/// A batch is copied into the tail cache if its buffer is more than this many times larger.
const BUFFER_FACTOR_MAX: usize = 4;

/// A batch as it is written: a header and a body, or all in `head` if it was copied.
struct Piece {
    head: Bytes,
    body: Bytes,
}

impl Log {
    /// Writes and publishes a group, all of it or nothing.
    pub(crate) fn write_group(&mut self, group: &Group, now: WallMillis) -> Result<(), AppendError> {
        if group.batches.is_empty() {
            return Ok(());
        }
        let written = self.try_write_group(group, now);
        if written.is_err() {
            self.undo(&group.undo);
        }
        written
    }

    fn try_write_group(&mut self, group: &Group, now: WallMillis) -> Result<(), AppendError> {
        self.check_online()?;
        self.activate().map_err(|error| self.write_failed(error))?;
        let first = group.batches.first().map_or(group.next_offset, |placed| placed.header.base_offset);
        let max_timestamp = group.batches.iter().map(|placed| placed.header.max_timestamp).max();
        if self.must_roll(group.bytes, max_timestamp.unwrap_or(-1), group.next_offset, now) {
            // A gap of more than 31 bits cannot be inside a segment; every other is, so that a segment
            // that does not begin where the one before it ended is known to have lost its neighbour.
            let is_far = group.next_offset.0 - self.log_end().0 > i64::from(i32::MAX);
            let base_offset = if is_far { first } else { self.log_end() };
            self.roll(base_offset, &group.undo, now).map_err(|error| self.write_failed(error))?;
            self.activate().map_err(|error| self.write_failed(error))?;
        }
        assert!(first >= self.log_end(), "a batch is placed at or after the log's end");
        let pieces = self.pieces(&group.batches);
        self.write(&pieces, group.bytes)?;
        self.publish(group, pieces);
        Ok(())
    }

    fn undo(&self, undo: &Undo) {
        let mut producers = self.reader.producers.lock();
        for (id, entry) in undo.iter().rev() {
            producers.restore(*id, *entry);
        }
    }

    /// Opens the active segment for writing and reads what the writer has to know of it.
    pub(crate) fn activate(&mut self) -> Result<Arc<dyn DiskFile>, DiskError> {
        if let Some(file) = &self.active.file {
            return Ok(Arc::clone(file));
        }
        let segment = Arc::clone(&self.active.segment);
        let path = segment.log_path();
        let file = segment.file().context("open", &path)?;
        let size = segment.size();
        let len = file.len().context("measure", &path)?;
        if len != size {
            let error = io::Error::new(io::ErrorKind::InvalidData, format!("{len} bytes, expected {size}"));
            return Err(DiskError::new("open", &path, error));
        }
        self.active.max_timestamp = segment.max_timestamp().context("read", &path)?;
        let last = segment.time_index.last().context("read", segment.time_index.path())?;
        self.active.indexed_timestamp = last.map_or(-1, |entry| entry.timestamp);
        let last = segment.offset_index.last().context("read", segment.offset_index.path())?;
        self.active.unindexed = size - last.map_or(0, |entry| u64::from(entry.position)).min(size);
        let mut first = [0; HEADER_BYTES];
        let filled = read_up_to(&*file, &mut first, 0).context("read", &path)?;
        let header = BatchHeader::parse(first.get(..filled).unwrap_or_default()).ok();
        self.active.first_timestamp = header.map(|header| header.max_timestamp);
        self.active.allocated = size;
        self.active.file = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Copies and patches headers, and with them the bodies of batches that are small in their buffer.
    fn pieces(&self, batches: &[Placed]) -> Vec<Piece> {
        let is_cached = self.config.tail_cache_bytes_max > 0;
        let is_copied = |placed: &Placed| is_cached && placed.size() * BUFFER_FACTOR_MAX < placed.buffer_bytes;
        let sizes = batches.iter().map(|placed| if is_copied(placed) { placed.size() } else { HEADER_BYTES });
        let mut buffer = Vec::with_capacity(sizes.clone().sum());
        for placed in batches {
            buffer.extend_from_slice(&placed.header.to_bytes());
            if is_copied(placed) {
                buffer.extend_from_slice(&placed.body);
            }
        }
        let mut buffer = Bytes::from(buffer);
        let mut pieces = Vec::with_capacity(batches.len());
        for (placed, size) in batches.iter().zip(sizes) {
            let body = if is_copied(placed) { Bytes::new() } else { placed.body.clone() };
            pieces.push(Piece { head: buffer.split_to(size), body });
        }
        pieces
    }

    fn write(&mut self, pieces: &[Piece], bytes: u64) -> Result<(), AppendError> {
        let position = self.active.segment.size();
        let path = self.active.segment.log_path();
        let file = self.activate().map_err(|error| self.write_failed(error))?;
        if self.sync_before_write {
            let synced = file.sync_data().context("sync", &path);
            synced.map_err(|error| self.sync_failed(&error))?;
            self.sync_before_write = false;
        }
        let reserved = self.reserve(&*file, position, bytes).context("allocate", &path);
        reserved.map_err(|error| self.write_failed(error))?;
        let mut slices = Vec::with_capacity(2 * pieces.len());
        for piece in pieces {
            slices.push(IoSlice::new(&piece.head));
            if !piece.body.is_empty() {
                slices.push(IoSlice::new(&piece.body));
            }
        }
        let Err(error) = file.write_vectored_at(&slices, position) else { return Ok(()) };
        if is_no_space(&error) {
            self.sync_before_write = true;
            self.active.allocated = position;
            let cut = file.set_len(position).context("cut off a torn append of", &path);
            cut.map_err(|error| {
                self.set_offline(&error.to_string());
                AppendError::Offline { reason: error.to_string() }
            })?;
        }
        Err(self.write_failed(DiskError::new("write", &path, error)))
    }

    fn sync_failed(&mut self, error: &DiskError) -> AppendError {
        let reason = error.to_string();
        self.set_offline(&reason);
        AppendError::Offline { reason }
    }

    /// Reserves space ahead in growing steps, so that lack of space shows before the write.
    fn reserve(&mut self, file: &dyn DiskFile, position: u64, bytes: u64) -> io::Result<()> {
        let end = position + bytes;
        if end <= self.active.allocated {
            return Ok(());
        }
        let free = self.disk().free_bytes(self.dir()).unwrap_or(0);
        let spare = free.saturating_sub(self.config.disk_reserve_bytes) / ALLOCATE_PART;
        let step = position.clamp(ALLOCATE_BYTES_MIN, ALLOCATE_BYTES_MAX).min(spare);
        let target = (end + step).min(self.config.segment_bytes_max.max(end));
        let from = self.active.allocated.max(position);
        match file.allocate(from, target - from) {
            Err(error) if is_no_space(&error) => {
                file.allocate(from, end - from)?;
                self.active.allocated = end;
            }
            Err(error) => return Err(error),
            Ok(()) => self.active.allocated = target,
        }
        Ok(())
    }

    /// Tells readers and indexes what was written.
    fn publish(&mut self, group: &Group, pieces: Vec<Piece>) {
        let segment = Arc::clone(&self.active.segment);
        let mut position = segment.size();
        let mut recent = Vec::with_capacity(pieces.len());
        for (placed, piece) in group.batches.iter().zip(pieces) {
            self.active.index(&placed.header, position, self.config.index_interval_bytes);
            recent.push(Recent {
                base_offset: placed.header.base_offset,
                next_offset: placed.header.next_offset(),
                segment: segment.base_offset,
                position,
                pinned: if piece.body.is_empty() { placed.size() } else { placed.buffer_bytes },
                head: piece.head,
                body: piece.body,
            });
            position += placed.size() as u64;
        }
        segment.set_size(position);
        segment.set_max_timestamp(self.active.max_timestamp);
        self.is_changed = true;
        self.active.is_idle = false;
        self.dirty.active = true;
        let is_transactional =
            group.batches.iter().any(|placed| placed.header.attributes.0 & TRANSACTIONAL_OR_CONTROL != 0);
        let first_unstable = is_transactional.then(|| self.reader.producers.lock().first_unstable());
        let evicted = {
            let mut view = self.reader.view.write();
            for placed in &group.batches {
                let epoch = placed.header.partition_leader_epoch;
                self.dirty.epochs_changed |= view.epochs.assign(epoch, placed.header.base_offset);
            }
            view.advance_end(Place { offset: group.next_offset, segment: segment.base_offset, position });
            if let Some(first_unstable) = first_unstable {
                view.first_unstable = first_unstable;
            }
            if view.tail.is_enabled() { view.tail.extend(recent.into_iter()) } else { recent }
        };
        drop(evicted);
        self.flush_indexes_if_due();
    }

    fn flush_indexes_if_due(&mut self) {
        let segment = Arc::clone(&self.active.segment);
        let mut flushed = Ok(());
        if segment.offset_index.is_flush_due() {
            flushed = segment.offset_index.flush().context("write", segment.offset_index.path());
        }
        if flushed.is_ok() && segment.time_index.is_flush_due() {
            flushed = segment.time_index.flush().context("write", segment.time_index.path());
        }
        // The batches are written. Without space the entries wait in memory.
        if let Err(error) = flushed {
            self.write_failed(error);
        }
    }
}

impl Active {
    /// Index entries for a batch at `position`, if it is time for some.
    pub(crate) fn index(&mut self, header: &BatchHeader, position: u64, interval_bytes: u32) {
        let last_offset = header.last_offset();
        if header.max_timestamp > self.max_timestamp.map_or(-1, |max| max.timestamp) {
            self.max_timestamp = Some(MaxTimestamp { timestamp: header.max_timestamp, last_offset });
        }
        self.first_timestamp.get_or_insert(header.max_timestamp);
        if self.unindexed > u64::from(interval_bytes) {
            self.segment.offset_index.push(OffsetEntry {
                relative_offset: relative(last_offset, self.segment.base_offset),
                position: position as u32,
            });
            self.unindexed = 0;
            self.index_time();
        }
        self.unindexed += header.size() as u64;
    }

    /// Adds the segment's max timestamp to its time index, if that is larger than the last entry's.
    pub(crate) fn index_time(&mut self) {
        let Some(max) = self.max_timestamp.filter(|max| max.timestamp > self.indexed_timestamp) else {
            return;
        };
        self.segment.time_index.push(TimeEntry {
            timestamp: max.timestamp,
            relative_offset: relative(max.last_offset, self.segment.base_offset),
        });
        self.indexed_timestamp = max.timestamp;
    }
}

const TRANSACTIONAL_OR_CONTROL: i16 = 0x30;

fn relative(offset: Offset, base: Offset) -> u32 {
    u32::try_from(offset.0 - base.0).expect("a segment is rolled before its offsets exceed 31 bits")
}
