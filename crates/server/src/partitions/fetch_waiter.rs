//! A Fetch that waits for more bytes, registered with each partition it reads.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Wakes one waiting Fetch.
#[derive(Debug, Default)]
pub(crate) struct FetchWaiter {
    notify: Notify,
}

impl FetchWaiter {
    /// Waits until some registered partition has news.
    pub(crate) async fn woken(&self) {
        self.notify.notified().await;
    }

    /// Says that a partition has news.
    pub(crate) fn wake(&self) {
        self.notify.notify_one();
    }
}

/// The Fetches that wait for one partition.
#[derive(Debug, Default)]
pub(crate) struct FetchWaiters {
    waiting: Mutex<Vec<Arc<FetchWaiter>>>,
}

impl FetchWaiters {
    /// Registers `waiter` until it is woken or removed.
    pub(crate) fn add(&self, waiter: &Arc<FetchWaiter>) {
        self.waiting.lock().push(Arc::clone(waiter));
    }

    /// Forgets `waiter`: its Fetch was answered.
    pub(crate) fn remove(&self, waiter: &Arc<FetchWaiter>) {
        self.waiting.lock().retain(|other| !Arc::ptr_eq(other, waiter));
    }

    /// Wakes every waiting Fetch; those that want more register again.
    pub(crate) fn wake_all(&self) {
        let woken = std::mem::take(&mut *self.waiting.lock());
        for waiter in woken {
            waiter.wake();
        }
    }
}
