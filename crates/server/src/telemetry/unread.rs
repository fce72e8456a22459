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
const COLD_READS_MAX: usize = 256;

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
    pub(super) fn look_up(self: &Arc<Self>, mut wanted: Vec<Unread>) -> Vec<Option<i64>> {
        let positions: Vec<Position> = wanted.iter().map(Unread::position).collect();
        let (times, cold) = self.look_up_with(&positions, |index| without_waiting(|| wanted[index].read()));
        // From the end, so that the indexes before stay right.
        self.read_later(cold.into_iter().rev().map(|index| wanted.swap_remove(index)).collect());
        times
    }

    /// The timestamps, and the indexes of those that are to be read from a disk. `read` looks a position up without
    /// waiting; `None` if it would have to wait.
    fn look_up_with(
        &self,
        positions: &[Position],
        mut read: impl FnMut(usize) -> Option<Option<i64>>,
    ) -> (Vec<Option<i64>>, Vec<usize>) {
        let mut known = self.known.lock();
        let mut still_known = HashMap::with_capacity(positions.len());
        let mut times = Vec::with_capacity(positions.len());
        let (mut look_ups, mut cold) = (0, Vec::new());
        for (index, position) in positions.iter().enumerate() {
            let mut time = still_known.get(position).or_else(|| known.get(position)).copied();
            if time.is_none() && look_ups < LOOK_UPS_MAX {
                look_ups += 1;
                time = read(index);
                if time.is_none() && cold.len() < COLD_READS_MAX {
                    cold.push(index);
                }
            }
            if let Some(time) = time {
                still_known.insert(*position, time);
            }
            times.push(time.flatten());
        }
        *known = still_known;
        (times, cold)
    }

    fn read_later(self: &Arc<Self>, cold: Vec<Unread>) {
        if cold.is_empty() || self.reading.swap(true, Ordering::AcqRel) {
            return;
        }
        let times = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            for unread in cold {
                // The segment remembers its largest timestamp, which its time to live is counted from.
                let _ = unread.reader.kept(unread.offset);
                if let Some(time) = unread.read() {
                    times.known.lock().insert(unread.position(), time);
                }
            }
            times.reading.store(false, Ordering::Release);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(offsets: std::ops::Range<i64>) -> Vec<Position> {
        offsets.map(|offset| (Uuid::ZERO, PartitionIndex(0), Offset(offset))).collect()
    }

    /// The timestamps, how many positions were looked up, and how many are cold, where only even offsets are in memory.
    fn look_up(times: &UnreadTimes, offsets: std::ops::Range<i64>) -> (Vec<Option<i64>>, usize, usize) {
        let (wanted, mut look_ups) = (positions(offsets), 0);
        let (found, cold) = times.look_up_with(&wanted, |index| {
            look_ups += 1;
            let offset = wanted[index].2.get();
            (offset % 2 == 0).then_some(Some(offset * 10))
        });
        (found, look_ups, cold.len())
    }

    #[test]
    fn who_stands_still_is_looked_up_once() {
        let times = UnreadTimes::default();
        assert_eq!(look_up(&times, 0..4), (vec![Some(0), None, Some(20), None], 4, 2));
        assert_eq!(look_up(&times, 0..4).1, 2, "what was cold is tried again");
        for position in positions(0..4) {
            times.known.lock().insert(position, Some(position.2.get()));
        }
        assert_eq!(look_up(&times, 0..4), (vec![Some(0), Some(1), Some(2), Some(3)], 0, 0));
        assert_eq!(look_up(&times, 4..6).1, 2);
        assert_eq!(times.known.lock().len(), 1, "nobody stands at the others any more");
    }

    #[test]
    fn a_scrape_looks_up_and_reads_so_much_and_no_more() {
        let times = UnreadTimes::default();
        let (many, count) = (LOOK_UPS_MAX as i64 * 2, LOOK_UPS_MAX / 2);
        let (found, look_ups, cold) = look_up(&times, 0..many);
        let known = found.iter().flatten().count();
        assert_eq!((known, look_ups, cold), (count, LOOK_UPS_MAX, COLD_READS_MAX));
        assert_eq!(look_up(&times, 0..many).1, LOOK_UPS_MAX, "the rest has its turn");
    }
}
