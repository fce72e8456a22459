//! The half of a log that writes; it belongs to one thread.
//!
//! Invariants, beside those of [`LogReader`]: the active segment is the last and holds the log's end;
//! `synced <= log_end`; what is published in the reader has been written; after a failed sync, or a
//! failed write for another reason than space, nothing is written until the log is opened again.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use stream_types::{Now, Offset, Uuid, WallMillis};

use crate::aborted::AbortedTransaction;
use crate::config::LogConfig;
use crate::dir_health::DirHealth;
use crate::disk::{Disk, DiskFile};
use crate::epoch::Epochs;
use crate::error::{AppendError, Context, DiskError, LogError};
use crate::name;
use crate::partition_metadata;
use crate::producer::Producers;
use crate::reader::{LogReader, Mark, Place, View};
use crate::segment::{MaxTimestamp, Segment};
use crate::sync::Dirty;
use crate::tail::{Tail, TailBudget};

/// The writer's half of a log.
#[derive(Debug)]
pub struct Log {
    pub(crate) reader: Arc<LogReader>,
    pub(crate) config: LogConfig,
    pub(crate) active: Active,
    pub(crate) dirty: Dirty,
    /// A torn append was cut off and that has to be durable before the place is written again.
    pub(crate) sync_before_write: bool,
    /// Something was written since the log was opened.
    pub(crate) is_changed: bool,
    /// A compaction was planned and its result has not been applied.
    pub(crate) is_compacting: bool,
    /// When expiry was looked at last.
    pub(crate) last_expiry: Option<Now>,
}

/// What the writer knows of the segment that it appends to.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) segment: Arc<Segment>,
    /// Open from the first append on.
    pub(crate) file: Option<Arc<dyn DiskFile>>,
    /// Space is reserved up to here (bytes).
    pub(crate) allocated: u64,
    /// Bytes since the last index entry.
    pub(crate) unindexed: u64,
    pub(crate) max_timestamp: Option<MaxTimestamp>,
    /// Timestamp of the last entry of the time index.
    pub(crate) indexed_timestamp: i64,
    /// Max timestamp of the first batch: rolling by time counts from it.
    pub(crate) first_timestamp: Option<i64>,
    pub(crate) created: WallMillis,
    /// Nothing was written since the last look for idle files.
    pub(crate) is_idle: bool,
}

impl Active {
    pub(crate) fn new(segment: Arc<Segment>, created: WallMillis) -> Active {
        Active {
            segment,
            file: None,
            allocated: 0,
            unindexed: 0,
            max_timestamp: None,
            indexed_timestamp: -1,
            first_timestamp: None,
            created,
            is_idle: false,
        }
    }
}

/// What is known of a log's directory before it is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// The log directory was shut down cleanly: sizes are trusted and nothing is scanned.
    pub clean: bool,
    /// From recovery-point-offset-checkpoint: everything below was synced.
    pub recovery_point: Offset,
    /// From log-start-offset-checkpoint.
    pub log_start: Offset,
}

pub(crate) struct Parts {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: Arc<Path>,
    pub(crate) topic_id: Uuid,
    pub(crate) log_start: Offset,
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) log_end: Offset,
    /// Everything below is durable.
    pub(crate) synced: Offset,
    pub(crate) epochs: Epochs,
    pub(crate) producers: Producers,
    pub(crate) aborted: Vec<AbortedTransaction>,
}

impl Log {
    /// Creates an empty log whose first offset is 0 in `dir`. Nothing is synced: the first
    /// [`Log::take_sync`] does that.
    pub fn create(
        disk: Arc<dyn Disk>,
        dir: &Path,
        topic_id: Uuid,
        config: LogConfig,
        now: WallMillis,
    ) -> Result<Log, LogError> {
        Log::create_at(disk, dir, topic_id, config, Offset::ZERO, now)
    }

    /// As [`Log::create`], with another first offset.
    pub fn create_at(
        disk: Arc<dyn Disk>,
        dir: &Path,
        topic_id: Uuid,
        config: LogConfig,
        log_start: Offset,
        now: WallMillis,
    ) -> Result<Log, LogError> {
        disk.create_dir(dir).context("create", dir)?;
        let metadata = partition_metadata::write(&*disk, dir, topic_id)?;
        let dir: Arc<Path> = dir.into();
        let segment =
            Segment::create(&disk, &dir, log_start).context("create", &name::path(&dir, log_start, name::LOG))?;
        // Until it is written to, an idle partition holds no file open.
        segment.close_files();
        let mut log = Log::from_parts(
            Parts {
                disk,
                dir,
                topic_id,
                log_start,
                segments: vec![Arc::new(segment)],
                log_end: log_start,
                synced: log_start,
                epochs: Epochs::default(),
                producers: Producers::default(),
                aborted: Vec::new(),
            },
            config,
            now,
        );
        log.dirty.creation(metadata);
        Ok(log)
    }

    pub(crate) fn from_parts(parts: Parts, config: LogConfig, now: WallMillis) -> Log {
        let active = parts.segments.last().map(Arc::clone).expect("a log has at least one segment");
        let end = Place { offset: parts.log_end, segment: active.base_offset, position: active.size() };
        let first_unstable = parts.producers.first_unstable();
        let view = View {
            log_start: parts.log_start,
            segments: parts.segments,
            end,
            high_watermark: Mark::Offset(parts.log_start),
            first_unstable,
            synced: parts.synced,
            ends: VecDeque::new(),
            tail: Tail::new(config.tail_cache_bytes_max),
            epochs: parts.epochs,
            offline: None,
        };
        let reader = Arc::new(LogReader {
            disk: parts.disk,
            dir: parts.dir,
            topic_id: parts.topic_id,
            aborted: parts.aborted,
            view: RwLock::new(view),
            producers: Mutex::new(parts.producers),
            hints: Mutex::new(VecDeque::new()),
            health: OnceLock::new(),
        });
        Log {
            reader,
            config,
            active: Active::new(active, now),
            dirty: Dirty::default(),
            sync_before_write: false,
            is_changed: false,
            is_compacting: false,
            last_expiry: None,
        }
    }

    /// The half for everybody else.
    pub fn reader(&self) -> Arc<LogReader> {
        Arc::clone(&self.reader)
    }

    /// The settings in force.
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// Changes the settings; segments that are open keep their size until they are rolled.
    pub fn set_config(&mut self, config: LogConfig) {
        if config.tail_cache_bytes_max != self.config.tail_cache_bytes_max {
            self.reader.view.write().tail.set_limits(config.tail_cache_bytes_max, None);
        }
        self.config = config;
    }

    /// Makes the tail cache share a budget with those of other logs.
    pub fn share_tail_budget(&mut self, budget: Arc<TailBudget>) {
        self.reader.view.write().tail.set_limits(self.config.tail_cache_bytes_max, Some(budget));
    }

    pub(crate) fn log_end(&self) -> Offset {
        self.reader.view.read().end.offset
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.reader.disk
    }

    pub(crate) fn dir(&self) -> &Arc<Path> {
        &self.reader.dir
    }

    pub(crate) fn check_online(&self) -> Result<(), LogError> {
        match self.reader.offline() {
            Some(reason) => Err(LogError::Offline { reason }),
            None => Ok(()),
        }
    }

    /// Makes the log share the health of its directory with the other logs there. A failure that it has seen before counts.
    pub fn share_health(&mut self, health: Arc<DirHealth>) {
        let health = self.reader.health.get_or_init(|| health);
        if let Some(reason) = &self.reader.view.read().offline {
            health.fail(reason);
        }
    }

    /// Takes the log offline, and with it its directory: every operation from now on is refused with `reason`.
    pub fn set_offline(&mut self, reason: &str) {
        self.set_alone_offline(reason);
        if let Some(health) = self.reader.health.get() {
            health.fail(reason);
        }
    }

    /// Takes only this log offline: what is wrong is known to be no other's trouble.
    pub(crate) fn set_alone_offline(&mut self, reason: &str) {
        let mut view = self.reader.view.write();
        if view.offline.is_none() {
            view.offline = Some(reason.to_owned());
            view.tail.clear();
        }
    }

    /// Turns an error of the disk into what becomes of the log: no space is survived, all else is
    /// not.
    pub(crate) fn write_failed(&mut self, error: DiskError) -> AppendError {
        if error.is_no_space() {
            return AppendError::NoSpace(error);
        }
        let reason = error.to_string();
        self.set_offline(&reason);
        AppendError::Offline { reason }
    }
}

impl From<LogError> for AppendError {
    fn from(error: LogError) -> AppendError {
        match error {
            LogError::Disk(error) if error.is_no_space() => AppendError::NoSpace(error),
            other => AppendError::Offline { reason: other.to_string() },
        }
    }
}
