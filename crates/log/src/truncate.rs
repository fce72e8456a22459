//! Cutting off the end of a log: a follower does that when its leader's log is another one.

use std::sync::Arc;

use stream_types::{Offset, WallMillis};

use crate::error::{Context, LogError};
use crate::log::{Active, Log};
use crate::name;
use crate::open::remove_segment;
use crate::producer;
use crate::reader::{Mark, Place};
use crate::scan::{Scanner, Step, WALK_CHUNK_BYTES};
use crate::segment::Segment;

impl Log {
    /// Removes all batches that reach `offset` or beyond, durably; returns the log's end, which is `offset`
    /// or, if that was inside a batch, where that batch began. The recovery point checkpoint must not
    /// be above `offset` when this is called.
    pub fn truncate_to(&mut self, offset: Offset, now: WallMillis) -> Result<Offset, LogError> {
        self.check_online()?;
        let end = self.log_end();
        if offset >= end {
            return Ok(end);
        }
        let first = self.reader.view.read().segments.first().map(|segment| segment.base_offset);
        if first.is_some_and(|first| offset < first) {
            self.truncate_fully(offset, now)?;
            return Ok(offset);
        }
        let end = self.cut(offset, now).map_err(|error| self.fail(error))?;
        Ok(end)
    }

    /// Removes everything; the next batch gets `offset`.
    pub fn truncate_fully(&mut self, offset: Offset, now: WallMillis) -> Result<(), LogError> {
        self.check_online()?;
        self.restart(offset, now).map_err(|error| self.fail(error))
    }

    fn fail(&mut self, error: LogError) -> LogError {
        self.set_offline(&error.to_string());
        error
    }

    fn restart(&mut self, offset: Offset, now: WallMillis) -> Result<(), LogError> {
        self.remove_segments(0)?;
        let path = name::path(self.dir(), offset, name::LOG);
        let segment = Segment::create(self.disk(), &self.reader.dir, offset).context("create", &path)?;
        let segment = Arc::new(segment);
        self.disk().sync_dir(self.dir()).context("sync", self.dir())?;
        self.active = Active::new(Arc::clone(&segment), now);
        self.reader.view.write().segments.push(segment);
        self.reader.view.write().log_start = offset;
        self.settle(offset, now)
    }

    fn cut(&mut self, offset: Offset, now: WallMillis) -> Result<Offset, LogError> {
        let (index, segment) = {
            let view = self.reader.view.read();
            let index = view.segment_index(offset);
            (index, view.segments.get(index).cloned())
        };
        let segment = segment.expect("a log has at least one segment");
        let path = segment.log_path();
        let located = segment.locate(offset, segment.size()).context("read", &path)?;
        let (position, end) = match located {
            Some(located) => (located.position, located.header.base_offset.min(offset)),
            None => (segment.size(), offset),
        };
        self.remove_segments(index + 1)?;
        let file = segment.file().context("open", &path)?;
        file.set_len(position).context("cut", &path)?;
        file.sync_data().context("sync", &path)?;
        segment.set_size(position);
        self.active = self.walk_again(&segment, now)?;
        let mut view = self.reader.view.write();
        view.segments.pop();
        view.segments.push(Arc::clone(&self.active.segment));
        drop(view);
        segment.retire();
        self.settle(end, now)?;
        Ok(end)
    }

    /// Removes segments from the last down to the one at `index`.
    fn remove_segments(&mut self, index: usize) -> Result<(), LogError> {
        loop {
            let segment = {
                let mut view = self.reader.view.write();
                if view.segments.len() <= index {
                    break;
                }
                view.tail.clear();
                view.segments.pop()
            };
            let Some(segment) = segment else { break };
            segment.retire();
            remove_segment(&**self.disk(), self.dir(), segment.base_offset)?;
        }
        self.disk().sync_dir(self.dir()).context("sync", self.dir())?;
        Ok(())
    }

    /// Indexes a segment that was cut anew.
    fn walk_again(&self, segment: &Segment, now: WallMillis) -> Result<Active, LogError> {
        let path = segment.log_path();
        let anew = Segment::without_indexes(self.disk(), &self.reader.dir, segment.base_offset, segment.size());
        let file = anew.file().context("open", &path)?;
        let mut active = Active::new(Arc::new(anew), now);
        let mut scanner = Scanner::new(Arc::clone(&file), 0, segment.size(), WALK_CHUNK_BYTES);
        while let Step::Batch(header) = scanner.step().context("read", &path)? {
            active.index(&header, scanner.position(), self.config.index_interval_bytes);
            scanner.skip(&header);
        }
        active.segment.set_max_timestamp(active.max_timestamp);
        active.allocated = segment.size();
        active.file = Some(file);
        Ok(active)
    }

    /// Removes what a compaction has written of batches that may be gone.
    fn remove_swaps(&mut self) -> Result<(), LogError> {
        let dir = self.dir();
        for entry in self.disk().list(dir).context("list", dir)? {
            if entry.name.ends_with(name::SWAP) {
                let path = dir.join(entry.name);
                self.disk().remove(&path).context("remove", &path)?;
            }
        }
        Ok(())
    }

    /// Makes all else agree with the log's new end.
    fn settle(&mut self, end: Offset, now: WallMillis) -> Result<(), LogError> {
        let dir = Arc::clone(&self.reader.dir);
        self.remove_swaps()?;
        let mut snapshots = producer::list_snapshots(&**self.disk(), &dir)?;
        while let Some(snapshot) = snapshots.pop_if(|snapshot| *snapshot > end) {
            let path = name::path(&dir, snapshot, name::SNAPSHOT);
            self.disk().remove(&path).context("remove", &path)?;
        }
        let segments = self.reader.view.read().segments.clone();
        let producers = producer::load(&**self.disk(), &dir, &segments, &snapshots, end, now)?;
        let first_unstable = producers.first_unstable();
        *self.reader.producers.lock() = producers;
        let epochs = {
            let mut view = self.reader.view.write();
            view.tail.clear();
            view.ends.clear();
            view.end =
                Place { offset: end, segment: self.active.segment.base_offset, position: self.active.segment.size() };
            view.log_start = view.log_start.min(end);
            view.synced = view.synced.min(end);
            let high_watermark = view.high_watermark.offset().clamp(view.log_start, end);
            view.high_watermark = Mark::Offset(high_watermark);
            view.first_unstable = first_unstable;
            view.epochs.truncate_end(end);
            view.epochs.to_text()
        };
        self.reader.forget_hints();
        let path = dir.join(name::EPOCH_CHECKPOINT);
        self.disk().replace(&path, epochs.as_bytes()).context("replace", &path)?;
        self.is_changed = true;
        self.dirty.files.clear();
        self.dirty.active = true;
        Ok(())
    }
}
