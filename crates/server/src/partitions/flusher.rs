//! Group commit: what was written since a log's last sync is synced together by the next one.
//!
//! A log has at most one sync under way; what is appended meanwhile gathers for the next. Different
//! logs are synced side by side by a few threads, because a device takes sixteen syncs at once in
//! hardly more time than one. Threads are started when they are first needed and then stay.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};
use stream_log::SyncWork;

use super::partition::Partition;
use crate::clock::Clock;
use crate::telemetry::metrics::Latency;

const SYNC_THREADS_MAX: usize = 8;

#[derive(Debug)]
struct Dirty {
    partition: Arc<Partition>,
    work: SyncWork,
}

#[derive(Debug, Default)]
struct Queue {
    dirty: VecDeque<Dirty>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
    stopping: bool,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    clock: Clock,
    /// How long syncs took.
    latency: Arc<Latency>,
}

/// Hands written files to the syncing threads.
#[derive(Debug)]
pub(crate) struct Flusher {
    shared: Arc<Shared>,
}

impl Flusher {
    /// Starts with one thread; `latency` is told how long each sync took.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(clock: Clock, latency: Arc<Latency>) -> io::Result<Flusher> {
        let (queue, arrived) = Default::default();
        let flusher = Flusher { shared: Arc::new(Shared { queue, arrived, clock, latency }) };
        let first = spawn(&flusher.shared, 0)?;
        flusher.shared.queue.lock().threads.push(first);
        Ok(flusher)
    }

    /// Has each work synced soon; its partition learns of it through [`Partition::synced`] or
    /// [`Partition::storage_failed`].
    pub(crate) fn submit(&self, works: impl IntoIterator<Item = (Arc<Partition>, SyncWork)>) {
        let mut queue = self.shared.queue.lock();
        for (partition, work) in works {
            queue.dirty.push_back(Dirty { partition, work });
            if queue.idle > 0 {
                self.shared.arrived.notify_one();
            }
        }
        let busy_threads = queue.threads.len() - queue.idle;
        let wanted = (busy_threads + queue.dirty.len()).min(SYNC_THREADS_MAX);
        while queue.threads.len() < wanted && !queue.stopping {
            match spawn(&self.shared, queue.threads.len()) {
                Ok(thread) => queue.threads.push(thread),
                // Those that run do the work, only later.
                Err(_) => break,
            }
        }
    }

    /// Syncs on the caller's thread, as a syncing thread would.
    pub(crate) fn sync_here(&self, partition: Arc<Partition>, work: SyncWork) {
        sync(&self.shared, Dirty { partition, work });
    }

    /// Finishes what is queued and ends the threads.
    pub(crate) fn stop(&self) {
        let threads = {
            let mut queue = self.shared.queue.lock();
            queue.stopping = true;
            std::mem::take(&mut queue.threads)
        };
        self.shared.arrived.notify_all();
        for thread in threads {
            // A panic in a flusher has aborted the process already.
            let _ = thread.join();
        }
    }
}

fn spawn(shared: &Arc<Shared>, number: usize) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    thread::Builder::new().name(format!("flusher-{number}")).stack_size(256 * 1024).spawn(move || run(&shared))
}

fn run(shared: &Shared) {
    loop {
        let dirty = {
            let mut queue = shared.queue.lock();
            loop {
                if let Some(dirty) = queue.dirty.pop_front() {
                    break dirty;
                }
                if queue.stopping {
                    return;
                }
                queue.idle += 1;
                shared.arrived.wait(&mut queue);
                queue.idle -= 1;
            }
        };
        sync(shared, dirty);
    }
}

fn sync(shared: &Shared, dirty: Dirty) {
    let Dirty { partition, work } = dirty;
    let start = shared.clock.monotonic();
    let result = work.run();
    shared.latency.observe(shared.clock.monotonic().since(start));
    match result {
        Ok(()) => {
            partition.synced(work.up_to);
            if let Some(work) = partition.next_sync(work.up_to) {
                shared.queue.lock().dirty.push_back(Dirty { partition, work });
            }
        }
        // Its topic is deleted, and its files are gone.
        Err(_) if partition.reader().is_none() => {}
        Err(error) => partition.storage_failed(&format!("sync of {} failed: {error}", partition.id)),
    }
}
