//! Retention: old segments go, oldest first, never one that reaches above the high watermark.
//!
//! - Segments wholly below the log's first offset (DeleteRecords).
//! - `retention.bytes`: as long as what is left is at least that much.
//! - `retention.ms`: while the largest timestamp of the oldest segment is older. If that is true of the
//!   active segment too, a new one is begun first.
//!
//! The wall clock decides, but when it has jumped since the last check, compared with the monotonic
//! one, nothing goes by age this time.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_types::{Now, Offset};

use crate::disk::Disk;
use crate::error::{Context, LogError};
use crate::log::Log;
use crate::name;
use crate::segment::Segment;

/// Difference between what the two clocks say has passed that counts as a jump (milliseconds).
const CLOCK_JUMP_MILLIS: u64 = 60_000;

/// Files that are no longer part of the log; they have another name and go when this runs, or when the
/// log is opened next.
#[derive(Debug)]
#[must_use = "the files stay until the removal is run"]
pub struct Removal {
    /// Segments that went.
    pub segment_count: usize,
    /// Bytes of batches in them.
    pub bytes: u64,
    disk: Arc<dyn Disk>,
    dir: Arc<Path>,
    paths: Vec<PathBuf>,
}

impl Removal {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Removes the files. May take its time, and belongs on another thread than the log's.
    pub fn run(&self) -> io::Result<()> {
        if self.paths.is_empty() {
            return Ok(());
        }
        // As long as not all have their new names for good, those that have them say what was to go.
        self.disk.sync_dir(&self.dir)?;
        for path in &self.paths {
            match self.disk.remove(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Log {
    /// Forgets silent producers and takes segments out of the log that need not be kept any longer. While a
    /// compaction is under way no segment goes.
    pub fn expire(&mut self, now: Now, high_watermark: Offset) -> Result<Removal, LogError> {
        self.check_online()?;
        self.dirty.save_epochs();
        let may_age = !self.clock_has_jumped(now);
        if may_age {
            let expiration = self.config.producer_id_expiration_ms;
            self.reader.producers.lock().expire(now.wall, expiration);
        }
        if self.is_compacting {
            return self.take_out(0);
        }
        let mut count = self.count_expired(now, high_watermark, may_age)?;
        let segment_count = self.reader.view.read().segments.len();
        if count == segment_count && self.active.segment.size() > 0 {
            self.roll_now(now.wall)?;
        } else {
            count = count.min(segment_count - 1);
        }
        self.take_out(count)
    }

    fn clock_has_jumped(&mut self, now: Now) -> bool {
        let last = self.last_expiry.replace(now);
        last.is_some_and(|last| {
            let wall = i128::from(now.wall.0) - i128::from(last.wall.0);
            let monotonic = now.monotonic.since(last.monotonic).as_millis() as i128;
            (wall - monotonic).unsigned_abs() > u128::from(CLOCK_JUMP_MILLIS)
        })
    }

    /// How many of the oldest segments may go.
    fn count_expired(&self, now: Now, high_watermark: Offset, may_age: bool) -> Result<usize, LogError> {
        let view = self.reader.view.read();
        let (segments, log_start, log_end) = (view.segments.clone(), view.log_start, view.end.offset);
        drop(view);
        let ends = segments.iter().skip(1).map(|segment| segment.base_offset).chain([log_end]);
        let mut excess = match self.config.retention_bytes.filter(|_| self.config.delete) {
            Some(limit) => segments.iter().map(|segment| segment.size()).sum::<u64>().saturating_sub(limit),
            None => 0,
        };
        let mut count = 0;
        for (segment, end) in segments.iter().zip(ends) {
            let is_active = count + 1 == segments.len();
            if end > high_watermark || (is_active && segment.size() == 0) {
                break;
            }
            let is_below_start = !is_active && end <= log_start;
            let is_excess = excess > 0 && segment.size() <= excess;
            if !(is_below_start || is_excess || (may_age && self.is_expired(segment, now)?)) {
                break;
            }
            excess = excess.saturating_sub(segment.size());
            count += 1;
        }
        Ok(count)
    }

    fn is_expired(&self, segment: &Segment, now: Now) -> Result<bool, LogError> {
        let Some(retention_ms) = self.config.retention_ms.filter(|_| self.config.delete) else {
            return Ok(false);
        };
        let max_timestamp = segment.max_timestamp().context("read", &segment.log_path())?;
        let age = now.wall.0.saturating_sub(max_timestamp.map_or(self.active.created.0, |max| max.timestamp));
        Ok(age > retention_ms)
    }

    /// Takes the `count` oldest segments out of the log; at least one stays.
    fn take_out(&mut self, count: usize) -> Result<Removal, LogError> {
        let taken: Vec<_> = {
            let mut view = self.reader.view.write();
            assert!(count < view.segments.len(), "the active segment stays");
            let taken: Vec<_> = view.segments.drain(..count).collect();
            let first = view.segments.first().map_or(view.log_start, |segment| segment.base_offset);
            view.log_start = view.log_start.max(first);
            let log_start = view.log_start;
            view.set_high_watermark_at_least(log_start);
            self.dirty.epochs_changed |= view.epochs.truncate_start(log_start);
            taken
        };
        let (disk, dir) = (Arc::clone(self.disk()), Arc::clone(self.dir()));
        let mut removal = Removal { segment_count: taken.len(), bytes: 0, disk, dir, paths: Vec::new() };
        for segment in taken {
            removal.bytes += segment.size();
            self.put_aside(&segment, &mut removal.paths)?;
        }
        Ok(removal)
    }

    /// Renames a segment's files so that they no longer look like a segment.
    fn put_aside(&mut self, segment: &Segment, paths: &mut Vec<PathBuf>) -> Result<(), LogError> {
        segment.retire();
        for suffix in name::SEGMENT_SUFFIXES.into_iter().chain([name::SNAPSHOT]) {
            let path = name::path(self.dir(), segment.base_offset, suffix);
            let aside = name::path(self.dir(), segment.base_offset, &format!("{suffix}{}", name::EXPIRED));
            match self.disk().rename(&path, &aside) {
                Ok(()) => paths.push(aside),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let error = crate::error::DiskError::new("rename", &path, error);
                    return Err(self.storage_failed(error));
                }
            }
        }
        self.dirty.name_changed();
        self.is_changed = true;
        Ok(())
    }

    /// DeleteRecords: nothing below `offset` is readable any more; its segments go at the next
    /// [`Log::expire`]. The offset has to be written to log-start-offset-checkpoint before the answer.
    pub fn advance_log_start(&mut self, offset: Offset) -> Result<Offset, LogError> {
        self.check_online()?;
        let mut view = self.reader.view.write();
        let high_watermark = view.high_watermark.offset();
        if offset > high_watermark {
            return Err(LogError::OffsetOutOfRange { offset, log_start: view.log_start, log_end: high_watermark });
        }
        if offset > view.log_start {
            view.log_start = offset;
            self.dirty.epochs_changed |= view.epochs.truncate_start(offset);
        }
        Ok(view.log_start)
    }
}
