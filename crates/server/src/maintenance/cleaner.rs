//! The thread that compacts logs, one after another (`log.cleaner.*`).
//!
//! Only planning and applying are done on a log's own thread; reading and writing segments is done here. What it holds
//! in memory is the keys of one log, bounded by `log.cleaner.dedupe.buffer.size`.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use stream_log::{Compacted, CompactionError, CompactionPlan, LogError};
use stream_metadata::config_def;
use stream_types::{PartitionIndex, Uuid};

use super::maintainer::StopSignal;
use super::rounds::on_log;
use crate::broker::Broker;
use crate::partitions::Partition;

const BACKOFF_DEFAULT_MILLIS: i64 = 15_000;
const KEY_BYTES_DEFAULT: i64 = 128 * 1024 * 1024;
/// Of the memory that the broker may use, the part that keys may take.
const KEY_MEMORY_PART: u64 = 4;

/// The running cleaner.
#[derive(Debug)]
pub(super) struct Cleaner;

impl Cleaner {
    /// Starts the thread; it ends when `signal` says so and its current compaction is done.
    pub(super) fn start(broker: &Arc<Broker>, signal: &Arc<StopSignal>) -> io::Result<Cleaner> {
        let (broker, signal) = (Arc::clone(broker), Arc::clone(signal));
        let mut work = Work { broker, uncleanable: HashSet::new() };
        thread::Builder::new().name("cleaner".into()).spawn(move || {
            let mut wait = Duration::ZERO;
            while signal.goes_on_after(wait) {
                work.clean_all();
                wait = work.backoff();
            }
        })?;
        Ok(Cleaner)
    }
}

struct Work {
    broker: Arc<Broker>,
    /// Partitions with a batch that cannot be read; not tried again before a restart.
    uncleanable: HashSet<(Uuid, PartitionIndex)>,
}

/// What one look at a log led to.
#[derive(Debug)]
enum Outcome {
    NothingToDo,
    Compacted(Compacted),
}

#[derive(Debug, thiserror::Error)]
enum CleanError {
    #[error(transparent)]
    Run(#[from] CompactionError),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Work {
    fn backoff(&self) -> Duration {
        let millis = self.number("log.cleaner.backoff.ms", BACKOFF_DEFAULT_MILLIS);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    fn number(&self, key: &str, default: i64) -> i64 {
        self.broker.static_config.effective_number(&self.broker.image(), key).unwrap_or(default)
    }

    fn key_bytes_max(&self) -> usize {
        let configured = self.number("log.cleaner.dedupe.buffer.size", KEY_BYTES_DEFAULT);
        let allowed = self.broker.config.memory_bytes / KEY_MEMORY_PART;
        usize::try_from(u64::try_from(configured).unwrap_or(0).min(allowed)).unwrap_or(usize::MAX)
    }

    fn clean_all(&mut self) {
        for partition in self.broker.partitions.all() {
            let key = (partition.topic_id, partition.id.partition);
            if self.uncleanable.contains(&key) {
                continue;
            }
            match self.clean(&partition) {
                Ok(Outcome::NothingToDo) => {}
                Ok(Outcome::Compacted(done)) => tracing::info!(
                    partition = %partition.id,
                    "compacted {} segments, {} bytes, to {} segments, {} bytes",
                    done.segments_before,
                    done.bytes_before,
                    done.segments_after,
                    done.bytes_after,
                ),
                // Its topic is deleted.
                Err(_) if partition.reader().is_none() => {}
                Err(CleanError::Log(LogError::Offline { .. })) => {}
                Err(error @ CleanError::Run(CompactionError::Corrupt { .. })) => {
                    tracing::error!(partition = %partition.id, "compaction is given up until restart: {error}");
                    self.uncleanable.insert(key);
                }
                Err(CleanError::Run(CompactionError::Disk(error))) if !error.is_no_space() => {
                    partition.storage_failed(&format!("compaction of {} failed: {error}", partition.id));
                }
                Err(error) => tracing::error!(partition = %partition.id, "compaction failed: {error}"),
            }
        }
    }

    fn clean(&self, partition: &Arc<Partition>) -> Result<Outcome, CleanError> {
        let topic =
            config_def::effective_topic_config(&self.broker.image(), &self.broker.static_config, &partition.id.topic);
        if !topic.cleanup_policy.compact {
            return Ok(Outcome::NothingToDo);
        }
        let first_dirty = self.broker.log_dirs.first_dirty(&partition.id);
        let Some(Some(plan)) = on_log(partition, move |log| log.plan_compaction(first_dirty)) else {
            return Ok(Outcome::NothingToDo);
        };
        if plan.dirty_ratio() < topic.min_cleanable_dirty_ratio {
            abandon(partition);
            return Ok(Outcome::NothingToDo);
        }
        self.run(partition, &plan)
    }

    fn run(&self, partition: &Arc<Partition>, plan: &CompactionPlan) -> Result<Outcome, CleanError> {
        let replacement = match plan.run(self.broker.clock.wall(), self.key_bytes_max()) {
            Ok(replacement) => replacement,
            Err(error) => {
                abandon(partition);
                return Err(error.into());
            }
        };
        let applied = on_log(partition, move |log| log.apply_compaction(replacement));
        let Some(compacted) = applied.transpose()?.flatten() else {
            return Ok(Outcome::NothingToDo);
        };
        self.broker.log_dirs.write_first_dirty(&partition.id, compacted.first_dirty)?;
        Ok(Outcome::Compacted(compacted))
    }
}

fn abandon(partition: &Arc<Partition>) {
    partition.with_log(|_, log| {
        if let Some(log) = log {
            log.abandon_compaction();
        }
    });
}
