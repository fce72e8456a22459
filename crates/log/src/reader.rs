//! The half of a log that everybody may use: what it holds and how far it goes.
//!
//! ```text
//! log_start <= last_stable_offset <= high_watermark <= log_end
//! ```
//! The writer publishes here what it has written; a lock is held for as long as it takes to copy a
//! few words, never while a file is written or synced.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use stream_types::{LeaderEpoch, Offset, Uuid};

use crate::aborted::AbortedTransaction;
use crate::dir_health::DirHealth;
use crate::disk::Disk;
use crate::epoch::Epochs;
use crate::producer::{ActiveProducer, Producers};
use crate::read::Hint;
use crate::segment::Segment;
use crate::tail::Tail;

/// Ends of appends that are remembered until the high watermark has passed them.
const ENDS_MAX: usize = 1024;

/// An offset and where the batch that begins there stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) offset: Offset,
    /// Base offset of the segment.
    pub(crate) segment: Offset,
    /// Position in the segment (bytes).
    pub(crate) position: u64,
}

/// An offset whose place may not be known yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    Known(Place),
    Offset(Offset),
}

impl Mark {
    pub(crate) fn offset(self) -> Offset {
        match self {
            Mark::Known(place) => place.offset,
            Mark::Offset(offset) => offset,
        }
    }
}

/// Everything that changes, behind one short lock.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) log_start: Offset,
    /// Sorted by base offset; the last is the one that is written to. Never empty.
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) end: Place,
    pub(crate) high_watermark: Mark,
    /// First offset of the oldest transaction that is open.
    pub(crate) first_unstable: Option<Offset>,
    pub(crate) synced: Offset,
    /// Ends of appends above the high watermark, oldest first.
    pub(crate) ends: VecDeque<Place>,
    pub(crate) tail: Tail,
    pub(crate) epochs: Epochs,
    pub(crate) offline: Option<String>,
}

/// What to read up to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadBound {
    /// What is committed: consumers with `read_uncommitted`.
    HighWatermark,
    /// What is committed and not in an open transaction: `read_committed`.
    LastStable,
    /// Everything: followers, recovery, compaction.
    LogEnd,
}

/// Sizes for DescribeLogDirs and metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogSize {
    /// Bytes of all segments.
    pub bytes: u64,
    /// Segments.
    pub segment_count: usize,
}

/// The reader's half of a log; see [`crate::Log::reader`].
#[derive(Debug)]
pub struct LogReader {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: Arc<Path>,
    pub(crate) topic_id: Uuid,
    /// Sorted by their last offsets; the log as it was opened has them, and none come after.
    pub(crate) aborted: Vec<AbortedTransaction>,
    pub(crate) view: RwLock<View>,
    /// Changed by the writer only, for as long as a batch is compared.
    pub(crate) producers: Mutex<Producers>,
    /// Where sequential readers will go on.
    pub(crate) hints: Mutex<VecDeque<Hint>>,
    /// That of the log directory, once it is known.
    pub(crate) health: OnceLock<Arc<DirHealth>>,
}

impl View {
    /// Index of the segment that holds `offset`, or would.
    pub(crate) fn segment_index(&self, offset: Offset) -> usize {
        self.segments.partition_point(|segment| segment.base_offset <= offset).saturating_sub(1)
    }

    pub(crate) fn last_stable(&self) -> Mark {
        match self.first_unstable {
            Some(first) if first < self.high_watermark.offset() => Mark::Offset(first),
            _ => self.high_watermark,
        }
    }

    pub(crate) fn bound(&self, bound: ReadBound) -> Mark {
        match bound {
            ReadBound::HighWatermark => self.high_watermark,
            ReadBound::LastStable => self.last_stable(),
            ReadBound::LogEnd => Mark::Known(self.end),
        }
    }

    /// Notes that the log ends at `place` now.
    pub(crate) fn advance_end(&mut self, place: Place) {
        self.end = place;
        if self.ends.len() >= ENDS_MAX {
            let mut keep = false;
            self.ends.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.ends.push_back(place);
    }

    /// Forgets what stands where in all but the active segment, because segments were replaced.
    pub(crate) fn forget_places(&mut self) {
        let active = self.end.segment;
        if matches!(self.high_watermark, Mark::Known(place) if place.segment != active) {
            self.high_watermark = Mark::Offset(self.high_watermark.offset());
        }
        self.ends.retain(|place| place.segment == active);
        self.tail.forget_before(active);
    }

    pub(crate) fn set_high_watermark_at_least(&mut self, offset: Offset) {
        if offset > self.high_watermark.offset() {
            self.set_high_watermark(offset);
        }
    }

    pub(crate) fn set_high_watermark(&mut self, offset: Offset) -> Offset {
        let offset = offset.clamp(self.log_start.min(self.end.offset), self.end.offset);
        while self.ends.front().is_some_and(|place| place.offset < offset) {
            self.ends.pop_front();
        }
        self.high_watermark = match self.ends.front() {
            Some(place) if place.offset == offset => Mark::Known(*place),
            _ if offset == self.end.offset => Mark::Known(self.end),
            _ if offset == self.high_watermark.offset() => self.high_watermark,
            _ => Mark::Offset(offset),
        };
        offset
    }
}

impl LogReader {
    /// The partition's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The id of the partition's topic.
    pub fn topic_id(&self) -> Uuid {
        self.topic_id
    }

    /// The first offset that may be read.
    pub fn log_start(&self) -> Offset {
        self.view.read().log_start
    }

    /// The offset that the next record will have.
    pub fn log_end(&self) -> Offset {
        self.view.read().end.offset
    }

    /// The offset up to which the log is committed.
    pub fn high_watermark(&self) -> Offset {
        self.view.read().high_watermark.offset()
    }

    /// The offset up to which no transaction is open, at most the high watermark.
    pub fn last_stable_offset(&self) -> Offset {
        self.view.read().last_stable().offset()
    }

    /// Transactions that were aborted and have records from `offset` on, as far as `read_committed` reads.
    pub fn aborted_from(&self, offset: Offset) -> Vec<AbortedTransaction> {
        let end = self.last_stable_offset();
        let begin = self.aborted.partition_point(|transaction| transaction.last_offset < offset);
        let later = self.aborted.iter().skip(begin);
        later.filter(|transaction| transaction.first_offset < end).copied().collect()
    }

    /// The offset up to which everything is durable: what the recovery point checkpoint says.
    pub fn synced_offset(&self) -> Offset {
        self.view.read().synced
    }

    /// Moves the high watermark, within log start and log end; returns where it is now.
    pub fn set_high_watermark(&self, offset: Offset) -> Offset {
        self.view.write().set_high_watermark(offset)
    }

    /// The newest leader epoch that wrote to the log.
    pub fn latest_epoch(&self) -> Option<LeaderEpoch> {
        self.view.read().epochs.latest()
    }

    /// The leader epoch that wrote `offset`.
    pub fn epoch_of(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.view.read().epochs.epoch_of(offset)
    }

    /// OffsetForLeaderEpoch (KIP-101): the largest epoch that is at most `epoch`, and the offset after
    /// its last record; `None` where Kafka answers (-1, -1).
    pub fn epoch_end_offset(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        let view = self.view.read();
        view.epochs.end_of(epoch, view.end.offset)
    }

    /// Size of the log.
    pub fn size(&self) -> LogSize {
        let view = self.view.read();
        LogSize { bytes: view.segments.iter().map(|segment| segment.size()).sum(), segment_count: view.segments.len() }
    }

    /// DescribeProducers: the producers whose state is kept.
    pub fn active_producers(&self) -> Vec<ActiveProducer> {
        self.producers.lock().active()
    }

    /// Why nothing works any more, if so.
    pub fn offline(&self) -> Option<String> {
        self.offline_in(&self.view.read())
    }

    /// A sync of this log failed, on another thread than the log's own: its directory is offline. Without one, it is the
    /// writer that has to be told ([`crate::Log::set_offline`]).
    pub fn fail_dir(&self, reason: &str) {
        if let Some(health) = self.health.get() {
            health.fail(reason);
        }
    }

    /// As [`LogReader::offline`], under the caller's lock: the log has failed, or another of its directory.
    pub(crate) fn offline_in(&self, view: &View) -> Option<String> {
        let of_dir = || self.health.get().and_then(|health| health.failure()).map(str::to_owned);
        view.offline.clone().or_else(of_dir)
    }

    /// The paths of the segments' files, oldest first.
    pub fn segment_paths(&self) -> Vec<PathBuf> {
        self.view.read().segments.iter().map(|segment| segment.log_path()).collect()
    }
}
