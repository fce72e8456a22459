//! Closing the active segment and beginning a new one.

use std::sync::Arc;

use stream_types::{Offset, WallMillis};

use crate::append::Undo;
use crate::disk::DiskFile;
use crate::error::{Context, DiskError, LogError};
use crate::index::Entry as _;
use crate::index::{OffsetEntry, TimeEntry};
use crate::log::{Active, Log};
use crate::name;
use crate::reader::Place;
use crate::segment::Segment;

impl Log {
    /// Whether the active segment has to be closed before `bytes` more bytes, up to `next_offset`, are
    /// written to it.
    pub(crate) fn must_roll(&self, bytes: u64, max_timestamp: i64, next_offset: Offset, now: WallMillis) -> bool {
        let segment = &self.active.segment;
        if next_offset.0 - 1 - segment.base_offset.0 > i64::from(i32::MAX) {
            return true;
        }
        if segment.size() == 0 {
            return false;
        }
        let limit = self.config.segment_bytes_max.min(i32::MAX as u64);
        segment.size() + bytes > limit || self.is_too_old(max_timestamp, now) || self.is_index_full()
    }

    /// `segment.ms` counts from the first batch's timestamp to that of what comes, if both are known.
    fn is_too_old(&self, max_timestamp: i64, now: WallMillis) -> bool {
        let age = match self.active.first_timestamp {
            Some(first) if first >= 0 && max_timestamp >= 0 => max_timestamp.saturating_sub(first),
            _ => now.0.saturating_sub(self.active.created.0),
        };
        age > self.config.segment_ms
    }

    fn is_index_full(&self) -> bool {
        let bytes_max = self.config.segment_index_bytes_max as usize;
        let segment = &self.active.segment;
        let is_full = |len: std::io::Result<usize>, bytes: usize| {
            len.is_ok_and(|len| (len + 1) * bytes > bytes_max.max(2 * bytes))
        };
        is_full(segment.offset_index.len(), OffsetEntry::BYTES) || is_full(segment.time_index.len(), TimeEntry::BYTES)
    }

    /// Rolls an active segment that has records older than `segment.ms`, so that it can be compacted
    /// or deleted though nobody writes to it. Whether it did.
    pub fn roll_if_due(&mut self, now: WallMillis) -> Result<bool, LogError> {
        self.check_online()?;
        if self.active.segment.size() == 0 {
            return Ok(false);
        }
        self.activate().map_err(|error| self.storage_failed(error))?;
        let is_due = self.is_too_old(now.0, now);
        if is_due {
            self.roll_now(now)?;
        }
        Ok(is_due)
    }

    /// Rolls the active segment, unless it is empty.
    pub fn roll_now(&mut self, now: WallMillis) -> Result<(), LogError> {
        self.check_online()?;
        if self.active.segment.size() > 0 {
            self.roll(self.log_end(), &Undo::new(), now).map_err(|error| self.storage_failed(error))?;
        }
        Ok(())
    }

    pub(crate) fn storage_failed(&mut self, error: DiskError) -> LogError {
        if !error.is_no_space() {
            self.set_offline(&error.to_string());
        }
        LogError::Disk(error)
    }

    /// Begins a new segment at `base_offset`. `undo` is what batches that are not written yet have
    /// changed of their producers: the snapshot leaves it out. An error leaves the old segment active.
    pub(crate) fn roll(&mut self, base_offset: Offset, undo: &Undo, now: WallMillis) -> Result<(), DiskError> {
        assert!(base_offset >= self.log_end(), "a segment begins at or after the log's end");
        assert!(base_offset > self.active.segment.base_offset, "no two segments begin at one offset");
        self.sync_names()?;
        let finished = self.finish_active()?;
        let snapshot = self.write_snapshot(base_offset, undo)?;
        let dir = Arc::clone(self.dir());
        let path = name::path(&dir, base_offset, name::LOG);
        let segment = Arc::new(Segment::create(self.disk(), &dir, base_offset).context("create", &path)?);
        {
            let mut view = self.reader.view.write();
            view.segments.push(Arc::clone(&segment));
            view.end = Place { offset: base_offset, segment: base_offset, position: 0 };
        }
        self.dirty.save_epochs();
        self.dirty.files.extend(finished);
        self.dirty.files.push(snapshot);
        self.dirty.name_changed();
        self.dirty.active = false;
        self.is_changed = true;
        self.active = Active::new(segment, now);
        Ok(())
    }

    /// Makes the names of the segments that there are durable, if they are not: a segment must not
    /// survive a crash that the one before it does not.
    fn sync_names(&mut self) -> Result<(), DiskError> {
        if self.dirty.is_dir_synced {
            return Ok(());
        }
        let dir = Arc::clone(self.dir());
        self.disk().sync_dir(&dir).context("sync", &dir)?;
        if let Some(parent) = dir.parent() {
            self.disk().sync_dir(parent).context("sync", parent)?;
        }
        self.dirty.is_dir_synced = true;
        Ok(())
    }

    /// Completes the active segment's indexes and gives back space reserved beyond its end. Returns the
    /// files that have to be synced.
    pub(crate) fn finish_active(&mut self) -> Result<Vec<Arc<dyn DiskFile>>, DiskError> {
        let file = self.activate()?;
        self.active.index_time();
        let segment = Arc::clone(&self.active.segment);
        let offset_index = segment.offset_index.finish().context("write", segment.offset_index.path())?;
        let time_index = segment.time_index.finish().context("write", segment.time_index.path())?;
        file.set_len(segment.size()).context("trim", &segment.log_path())?;
        self.active.allocated = segment.size();
        Ok(vec![file, offset_index, time_index])
    }

    /// Writes the producers' state before `offset`.
    pub(crate) fn write_snapshot(&self, offset: Offset, undo: &Undo) -> Result<Arc<dyn DiskFile>, DiskError> {
        let path = name::path(self.dir(), offset, name::SNAPSHOT);
        let content = if undo.is_empty() {
            self.reader.producers.lock().to_snapshot()
        } else {
            let mut producers = self.reader.producers.lock().clone();
            for (id, entry) in undo.iter().rev() {
                producers.restore(*id, *entry);
            }
            producers.to_snapshot()
        };
        let file = self.disk().create(&path).context("create", &path)?;
        file.write_at(&content, 0).context("write", &path)?;
        Ok(file)
    }
}
