//! Bytes of requests that are read but not answered, broker-wide, charged as they arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use stream_types::limits;

/// The broker's account of request bytes in flight, and its slots for large frames.
#[derive(Debug)]
pub(crate) struct RequestMemory {
    used: AtomicUsize,
    bytes_max: usize,
    freed: Notify,
    large_frame_slots: Arc<Semaphore>,
    slot_waiters: AtomicUsize,
}

impl RequestMemory {
    /// An account that stops reading at `bytes_max` bytes in flight.
    pub(crate) fn new(bytes_max: usize) -> RequestMemory {
        RequestMemory {
            used: AtomicUsize::new(0),
            bytes_max,
            freed: Notify::new(),
            large_frame_slots: Arc::new(Semaphore::new(limits::LARGE_FRAME_SLOTS)),
            slot_waiters: AtomicUsize::new(0),
        }
    }

    /// Bytes in flight now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether connections must stop reading until answers have left.
    pub(crate) fn is_full(&self) -> bool {
        self.used() >= self.bytes_max
    }

    /// Notes `bytes` that have arrived.
    pub(crate) fn charge(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes that `bytes` are no longer held.
    pub(crate) fn release(&self, bytes: usize) {
        let before = self.used.fetch_sub(bytes, Ordering::Relaxed);
        assert!(before >= bytes, "more request bytes released than charged");
        if before >= self.bytes_max && before - bytes < self.bytes_max {
            self.freed.notify_waiters();
        }
    }

    /// Waits until [`RequestMemory::is_full`] is no longer true, or for a short while.
    pub(crate) async fn freed(&self) {
        let freed = self.freed.notified();
        if self.is_full() {
            // The pause bounds the harm of a wake-up lost between the check and the wait.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(100), freed).await;
        }
    }

    /// Waits for the right to receive the rest of a large frame.
    pub(crate) async fn large_frame_slot(&self) -> OwnedSemaphorePermit {
        self.slot_waiters.fetch_add(1, Ordering::Relaxed);
        let slot = Arc::clone(&self.large_frame_slots).acquire_owned().await;
        self.slot_waiters.fetch_sub(1, Ordering::Relaxed);
        slot.expect("the semaphore of large frames is never closed")
    }

    /// Takes the right to receive the rest of a large frame if one is free.
    pub(crate) fn try_large_frame_slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.large_frame_slots).try_acquire_owned().ok()
    }

    /// Whether some connection waits for a slot: holders must then make progress or lose theirs.
    pub(crate) fn slots_are_wanted(&self) -> bool {
        self.slot_waiters.load(Ordering::Relaxed) > 0
    }
}
