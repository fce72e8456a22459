//! Group commit: one flusher syncs in rounds what was written since the last round.
//!
//! While a round is under way, appends go on and gather for the next one: a log has at most one
//! sync under way, and what was written meanwhile is the next. Within a round the
//! files are synced concurrently, because a device takes sixteen syncs side by side in hardly
//! more time than one.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};
use stream_log::SyncWork;

use super::partition::Partition;

const SYNC_THREADS_MAX: usize = 8;

#[derive(Debug)]
struct Dirty {
    partition: Arc<Partition>,
    work: SyncWork,
}

#[derive(Debug, Default)]
struct Queue {
    dirty: Vec<Dirty>,
    stopping: bool,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
}

/// Hands written files to the syncing threads.
#[derive(Debug)]
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Flusher {
    /// Starts the flusher of one log directory.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start() -> io::Result<Flusher> {
        let shared = Arc::new(Shared::default());
        let in_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("flusher".into()).spawn(move || run(&in_thread))?;
        Ok(Flusher { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Has each work synced in the next round; its partition learns of it through
    /// [`Partition::synced`] or [`Partition::storage_failed`].
    pub(crate) fn submit(&self, works: impl Iterator<Item = (Arc<Partition>, SyncWork)>) {
        let mut queue = self.shared.queue.lock();
        let was_empty = queue.dirty.is_empty();
        queue.dirty.extend(works.map(|(partition, work)| Dirty { partition, work }));
        if was_empty && !queue.dirty.is_empty() {
            self.shared.arrived.notify_one();
        }
    }

    /// Finishes what is queued and ends the thread.
    pub(crate) fn stop(&self) {
        self.shared.queue.lock().stopping = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // A panic in the flusher has aborted the process already.
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared) {
    loop {
        let round = {
            let mut queue = shared.queue.lock();
            while queue.dirty.is_empty() {
                if queue.stopping {
                    return;
                }
                shared.arrived.wait(&mut queue);
            }
            std::mem::take(&mut queue.dirty)
        };
        sync_round(shared, round);
    }
}

fn sync_round(shared: &Shared, round: Vec<Dirty>) {
    let threads = round.len().min(SYNC_THREADS_MAX);
    if threads == 1 {
        round.into_iter().for_each(|dirty| sync_one(shared, dirty));
        return;
    }
    let queue = Mutex::new(round);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let dirty = queue.lock().pop();
                    let Some(dirty) = dirty else { return };
                    sync_one(shared, dirty);
                }
            });
        }
    });
}

fn sync_one(shared: &Shared, dirty: Dirty) {
    let Dirty { partition, work } = dirty;
    match work.run() {
        Ok(()) => {
            partition.synced(work.up_to);
            if let Some(work) = partition.next_sync(work.up_to) {
                shared.queue.lock().dirty.push(Dirty { partition, work });
            }
        }
        Err(error) => {
            tracing::error!(partition = %partition.id, "sync failed, the partition is offline until restart: {error}");
            partition.storage_failed(&error.to_string());
        }
    }
}
