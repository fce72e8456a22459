//! Which segments a compaction reads.

use std::path::Path;
use std::sync::Arc;

use stream_types::Offset;

use crate::disk::Disk;
use crate::log::Log;
use crate::producer::Producers;
use crate::segment::Segment;

/// Closed segments that a compaction reads, and up to where.
#[derive(Debug)]
pub struct CompactionPlan {
    /// Bytes of segments that were compacted before.
    pub clean_bytes: u64,
    /// Bytes of segments that were not.
    pub dirty_bytes: u64,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: Arc<Path>,
    /// Oldest first, without gaps in the list.
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) first_dirty: Offset,
    /// Base offset of the segment after the last.
    pub(crate) end: Offset,
    pub(crate) log_start: Offset,
    pub(crate) producers: Producers,
    pub(crate) segment_bytes_max: u64,
    pub(crate) index_interval_bytes: u32,
    pub(crate) delete_retention_ms: i64,
}

impl CompactionPlan {
    /// The part of the log that was not compacted, between 0 and 1: `min.cleanable.dirty.ratio` is about it.
    pub fn dirty_ratio(&self) -> f64 {
        self.dirty_bytes as f64 / (self.clean_bytes + self.dirty_bytes).max(1) as f64
    }
}

impl Log {
    /// Plans a compaction of a log that was compacted up to `first_dirty` (cleaner-offset-checkpoint; the log's
    /// start if never). `None` if no closed segment, committed and synced, has come since, or if a compaction is
    /// under way. Until [`Log::apply_compaction`] or [`Log::abandon_compaction`] retention waits.
    pub fn plan_compaction(&mut self, first_dirty: Offset) -> Option<CompactionPlan> {
        let view = self.reader.view.read();
        if self.reader.offline_in(&view).is_some() || self.is_compacting {
            return None;
        }
        let limit = view.last_stable().offset().min(view.synced).min(self.active.segment.base_offset);
        let ends = view.segments.iter().skip(1).map(|segment| segment.base_offset);
        let pairs = view.segments.iter().zip(ends).take_while(|(_, end)| *end <= limit);
        let (segments, ends): (Vec<_>, Vec<_>) = pairs.map(|(segment, end)| (Arc::clone(segment), end)).unzip();
        let end = *ends.last()?;
        let first_dirty = first_dirty.max(view.log_start);
        if first_dirty >= end {
            return None;
        }
        let log_start = view.log_start;
        drop(view);
        self.is_compacting = true;
        let size = |wants_dirty: bool| -> u64 {
            let pairs = segments.iter().zip(&ends);
            pairs.filter(|(_, end)| (**end > first_dirty) == wants_dirty).map(|(segment, _)| segment.size()).sum()
        };
        Some(CompactionPlan {
            clean_bytes: size(false),
            dirty_bytes: size(true),
            disk: Arc::clone(self.disk()),
            dir: Arc::clone(self.dir()),
            first_dirty,
            end,
            log_start,
            producers: self.reader.producers.lock().clone(),
            segment_bytes_max: self.config.segment_bytes_max,
            index_interval_bytes: self.config.index_interval_bytes,
            delete_retention_ms: self.config.delete_retention_ms,
            segments,
        })
    }

    /// Says that a planned compaction has failed or is not wanted.
    pub fn abandon_compaction(&mut self) {
        self.is_compacting = false;
    }
}
