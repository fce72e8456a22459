//! Old segments go: by age, by size, and below what DeleteRecords has left.

use std::sync::Arc;
use std::time::Duration;

use stream_log::{Log, LogError, Removal};
use stream_types::{Now, Offset};

use super::rounds::on_each_log;
use crate::broker::Broker;
use crate::partitions::Partition;

/// What differs by more than this between the two clocks is a jump of the wall clock.
const CLOCK_JUMP: Duration = Duration::from_secs(60);

/// Whether the wall clock has jumped between the two moments.
pub(super) fn has_jumped(last: Now, now: Now) -> bool {
    let wall = i128::from(now.wall.0) - i128::from(last.wall.0);
    let monotonic = now.monotonic.since(last.monotonic).as_millis() as i128;
    (wall - monotonic).unsigned_abs() > CLOCK_JUMP.as_millis()
}

/// Rolls aged segments and removes what need not be kept; whether a log begins later than before. Waits for the logs' own
/// threads and for the disk.
pub(crate) fn expire(broker: &Broker, partitions: &[Arc<Partition>]) -> bool {
    let clock = broker.clock;
    let mut moved = false;
    let work = move |partition: &Arc<Partition>, log: &mut Log| {
        let reader = log.reader();
        let before = reader.log_start();
        let expired = expire_log(log, clock.now(), reader.high_watermark());
        let after = reader.log_start();
        if after > before {
            // Who waits below it has to be told.
            partition.fetch_waiters.wake_all();
        }
        expired.map(|removal| (removal, (after > before).then_some(after)))
    };
    on_each_log(partitions, work, |partition, expired| match expired {
        Ok((removal, start)) => {
            moved |= start.is_some();
            remove(partition, &removal);
        }
        // It was said when it happened.
        Err(LogError::Offline { .. }) => {}
        Err(error) => tracing::error!(partition = %partition.id, "retention failed: {error}"),
    });
    moved
}

fn expire_log(log: &mut Log, now: Now, high_watermark: Offset) -> Result<Removal, LogError> {
    match log.roll_if_due(now.wall) {
        // Without space for a new segment, old ones can go all the same.
        Err(LogError::Disk(error)) if error.is_no_space() => {}
        rolled => {
            rolled?;
        }
    }
    log.expire(now, high_watermark)
}

fn remove(partition: &Partition, removal: &Removal) {
    if removal.segment_count > 0 {
        let log_start = partition.reader().map_or(Offset::ZERO, |reader| reader.log_start());
        tracing::info!(
            partition = %partition.id,
            "deleted {} segments, {} bytes; the log starts at {log_start}",
            removal.segment_count,
            removal.bytes,
        );
    }
    if let Err(error) = removal.run() {
        tracing::error!(partition = %partition.id, "cannot remove the files of deleted segments: {error}");
    }
}

#[cfg(test)]
mod tests {
    use stream_types::{Monotonic, WallMillis};

    use super::*;

    #[test]
    fn a_jump_is_told_from_time_that_passes() {
        let at = |monotonic: u64, wall: i64| Now {
            monotonic: Monotonic(Duration::from_secs(monotonic)),
            wall: WallMillis(wall * 1000),
        };
        assert!(!has_jumped(at(0, 1_000), at(300, 1_300)));
        assert!(!has_jumped(at(0, 1_000), at(300, 1_359)));
        assert!(has_jumped(at(0, 1_000), at(300, 1_361)));
        assert!(has_jumped(at(0, 1_000), at(300, 900)));
        assert!(has_jumped(at(0, 0), at(1, i64::MAX / 1000)));
    }
}
