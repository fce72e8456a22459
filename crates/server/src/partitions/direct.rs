//! Appending on the connection's own thread while the disk is fast: a hop to a worker and back costs
//! more than the write itself.
//!
//! What keeps a slow disk from being felt by others (write(2) blocks when the kernel throttles):
//! - at most one connection thread is inside a write at any time, and the runtime has more threads;
//! - after a write that took longer than [`SLOW_WRITE`] everything goes to the workers for [`PAUSE`];
//! - a partition that a worker is busy with, or has batches waiting for, is left to it: batches keep
//!   their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::append::{self, Gathered};
use super::worker::{AppendRequest, WorkerContext};

/// A write that takes longer than this is the disk's doing.
const SLOW_WRITE: Duration = Duration::from_millis(4);
/// How long the workers have everything after a slow write.
const PAUSE: Duration = Duration::from_secs(10);

/// The right to append on a connection's thread.
#[derive(Debug, Default)]
pub(super) struct DirectPath {
    is_taken: AtomicBool,
    /// Milliseconds on the monotonic clock.
    paused_until: AtomicU64,
}

impl DirectPath {
    /// Appends what can be appended here and now; gives back the rest for the workers.
    pub(super) fn append(&self, context: &WorkerContext, requests: Vec<AppendRequest>) -> Vec<AppendRequest> {
        let start = context.clock.monotonic();
        let millis = |moment: stream_types::Monotonic| u64::try_from(moment.0.as_millis()).unwrap_or(u64::MAX);
        if millis(start) < self.paused_until.load(Ordering::Relaxed) || self.is_taken.swap(true, Ordering::Acquire) {
            return requests;
        }
        let mut rest = Vec::new();
        let mut works = Vec::new();
        let mut gathered = Gathered::new();
        append::gather(&mut gathered, requests);
        for (partition, requests) in gathered {
            let lock = if rest.is_empty() { partition.log.try_lock() } else { None };
            // Looked at under the lock: a worker takes batches from the queue only to append them.
            match lock.filter(|_| !partition.has_queued()) {
                Some(mut log) => {
                    let work = append::append_to(context, &partition, log.as_mut(), requests);
                    drop(log);
                    works.extend(work.map(|work| (Arc::clone(&partition), work)));
                    if context.clock.monotonic().since(start) > SLOW_WRITE {
                        self.paused_until.store(millis(start.plus(PAUSE)), Ordering::Relaxed);
                    }
                }
                None => rest.extend(requests),
            }
        }
        self.is_taken.store(false, Ordering::Release);
        context.flusher.submit(works);
        rest
    }
}
