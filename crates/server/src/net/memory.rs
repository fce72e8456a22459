//! Bytes of requests that are read but not answered, broker-wide, charged as they arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use stream_types::limits;

/// The broker's account of request bytes in flight, and the turns of large frames that do not fit.
///
/// Frames that are half received are counted apart: they are bounded by [`limits::UNFINISHED_FRAME_BYTES_MAX`],
/// above which only a few may go on, and they never keep anybody from sending a small request.
#[derive(Debug)]
pub(crate) struct RequestMemory {
    used: AtomicUsize,
    /// Those of `used` that belong to large frames of which the rest has not arrived.
    unfinished: AtomicUsize,
    bytes_max: usize,
    freed: Notify,
    large_frame_slots: Arc<Semaphore>,
}

impl RequestMemory {
    /// An account that stops reading at `bytes_max` bytes in flight.
    pub(crate) fn new(bytes_max: usize) -> RequestMemory {
        RequestMemory {
            used: AtomicUsize::new(0),
            unfinished: AtomicUsize::new(0),
            bytes_max,
            freed: Notify::new(),
            large_frame_slots: Arc::new(Semaphore::new(limits::LARGE_FRAME_SLOTS)),
        }
    }

    /// Bytes in flight now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether connections must stop reading until answers have left.
    pub(crate) fn is_full(&self) -> bool {
        self.used().saturating_sub(self.unfinished.load(Ordering::Relaxed)) >= self.bytes_max
    }

    /// Whether so much of large frames is half received that only those with a slot may go on.
    pub(crate) fn is_crowded(&self) -> bool {
        self.unfinished.load(Ordering::Relaxed) >= limits::UNFINISHED_FRAME_BYTES_MAX
    }

    /// A connection's large unfinished frame has grown from `before` to `now` bytes (0: there is none).
    pub(crate) fn unfinished_changed(&self, before: usize, now: usize) {
        if now >= before {
            self.unfinished.fetch_add(now - before, Ordering::Relaxed);
        } else {
            let held = self.unfinished.fetch_sub(before - now, Ordering::Relaxed);
            assert!(held >= before - now, "more bytes of unfinished frames given back than taken");
        }
    }

    /// Notes `bytes` that have arrived.
    pub(crate) fn charge(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes that `bytes` are no longer held.
    pub(crate) fn release(&self, bytes: usize) {
        let was_full = self.is_full();
        let before = self.used.fetch_sub(bytes, Ordering::Relaxed);
        assert!(before >= bytes, "more request bytes released than charged");
        if was_full && !self.is_full() {
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
        Arc::clone(&self.large_frame_slots)
            .acquire_owned()
            .await
            .expect("the semaphore of large frames is never closed")
    }

    /// Takes the right to receive the rest of a large frame if one is free.
    pub(crate) fn try_large_frame_slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.large_frame_slots).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_frames_crowd_each_other_and_nobody_else() {
        let memory = RequestMemory::new(1000);
        memory.charge(limits::UNFINISHED_FRAME_BYTES_MAX);
        memory.unfinished_changed(0, limits::UNFINISHED_FRAME_BYTES_MAX);
        assert!(memory.is_crowded());
        assert!(!memory.is_full());
        memory.unfinished_changed(limits::UNFINISHED_FRAME_BYTES_MAX, 0);
        assert!(memory.is_full(), "a frame that is whole counts until it is answered");
        memory.release(limits::UNFINISHED_FRAME_BYTES_MAX);
        assert!(!memory.is_full() && !memory.is_crowded());
        assert_eq!(memory.used(), 0);
    }
}
