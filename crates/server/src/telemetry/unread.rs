//! When the oldest record was written that a group has not read: remembered by position, so that a group that stands still
//! costs nothing.
//!
//! A position that is new is looked up in the page cache at most: what the group just read next to it is there. What is not
//! there is read by a thread of its own after the scrape, and known to the next one. A scrape never waits for a disk.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use stream_log::LogReader;
use stream_log::disk::file::without_waiting;
use stream_types::{Offset, PartitionIndex, Uuid};

use crate::partitions::Partition;

/// Positions that one scrape looks up; with more, the rest is unknown until later scrapes.
const LOOK_UPS_MAX: usize = 10_000;
/// Positions that are read from a disk after one scrape.
const COLD_READS_MAX: usize = 64;

type Position = (Uuid, PartitionIndex, Offset);

/// The timestamps (milliseconds) at the positions of the last scrape; `None` where there is none.
#[derive(Debug, Default)]
pub(super) struct UnreadTimes {
    known: Mutex<HashMap<Position, Option<i64>>>,
    /// A thread reads what was cold.
    reading: AtomicBool,
}

/// A record whose timestamp is asked for.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) partition: Arc<Partition>,
    pub(super) reader: Arc<LogReader>,
    pub(super) offset: Offset,
}

impl Unread {
    fn position(&self) -> Position {
        (self.partition.topic_id, self.partition.id.partition, self.offset)
    }

    /// `None`: the disk would have to be waited for.
    fn read(&self) -> Option<Option<i64>> {
        match self.reader.batch_timestamp(self.offset) {
            Ok(timestamp) => Some(timestamp),
            Err(error) if error.would_wait() => None,
            // Readers are told what is wrong.
            Err(_) => Some(None),
        }
    }
}

impl UnreadTimes {
    /// The timestamps of `wanted`, in its order; `None` where there is none or it is not known yet. Positions that are not
    /// wanted any more are forgotten.
    pub(super) fn look_up(self: &Arc<Self>, wanted: Vec<Unread>) -> Vec<Option<i64>> {
        let mut known = self.known.lock();
        let mut still_known = HashMap::with_capacity(wanted.len());
        let mut times = Vec::with_capacity(wanted.len());
        let (mut look_ups, mut cold) = (0, Vec::new());
        for unread in wanted {
            let position = unread.position();
            let mut time = still_known.get(&position).or_else(|| known.get(&position)).copied();
            if time.is_none() && look_ups < LOOK_UPS_MAX {
                look_ups += 1;
                time = without_waiting(|| unread.read());
                if time.is_none() && cold.len() < COLD_READS_MAX {
                    cold.push(unread);
                }
            }
            if let Some(time) = time {
                still_known.insert(position, time);
            }
            times.push(time.flatten());
        }
        *known = still_known;
        drop(known);
        self.read_later(cold);
        times
    }

    fn read_later(self: &Arc<Self>, cold: Vec<Unread>) {
        if cold.is_empty() || self.reading.swap(true, Ordering::AcqRel) {
            return;
        }
        let times = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            for unread in cold {
                if let Some(time) = unread.read() {
                    times.known.lock().insert(unread.position(), time);
                }
            }
            times.reading.store(false, Ordering::Release);
        });
    }
}
