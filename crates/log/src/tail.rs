//! Recent batches in memory, for readers near the end of the log.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use stream_types::Offset;

/// Bytes that the tail caches of many logs may hold together.
#[derive(Debug)]
pub struct TailBudget {
    used: AtomicUsize,
    bytes_max: usize,
}

impl TailBudget {
    /// A budget of `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Arc<TailBudget> {
        Arc::new(TailBudget { used: AtomicUsize::new(0), bytes_max })
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn is_exceeded(&self) -> bool {
        self.used() > self.bytes_max
    }
}

/// A batch in two pieces: a header (or the whole batch, if it was small) and a body.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    pub(crate) base_offset: Offset,
    pub(crate) next_offset: Offset,
    /// Base offset of the segment that has the batch.
    pub(crate) segment: Offset,
    /// Where in the segment it begins (bytes).
    pub(crate) position: u64,
    pub(crate) head: Bytes,
    pub(crate) body: Bytes,
    /// Memory that the pieces keep from being freed (bytes).
    pub(crate) pinned: usize,
}

impl Recent {
    pub(crate) fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    pub(crate) fn piece_count(&self) -> usize {
        1 + usize::from(!self.body.is_empty())
    }
}

/// A contiguous run of the newest batches, at most so many bytes of them.
#[derive(Debug)]
pub(crate) struct Tail {
    batches: VecDeque<Recent>,
    pinned: usize,
    bytes_max: usize,
    budget: Option<Arc<TailBudget>>,
}

impl Tail {
    pub(crate) fn new(bytes_max: usize) -> Tail {
        Tail { batches: VecDeque::new(), pinned: 0, bytes_max, budget: None }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.bytes_max > 0
    }

    /// Changes the limits; what is over them goes with the next batch.
    pub(crate) fn set_limits(&mut self, bytes_max: usize, budget: Option<Arc<TailBudget>>) {
        self.clear();
        self.bytes_max = bytes_max;
        if budget.is_some() {
            self.budget = budget;
        }
    }

    /// Adds batches that follow the last; returns what had to go, to be freed without a lock held.
    pub(crate) fn extend(&mut self, batches: impl Iterator<Item = Recent>) -> Vec<Recent> {
        for batch in batches {
            self.charge(batch.pinned);
            self.batches.push_back(batch);
        }
        let mut evicted = Vec::new();
        while self.pinned > self.bytes_max || self.is_over_budget() {
            let Some(batch) = self.batches.pop_front() else { break };
            self.release(batch.pinned);
            evicted.push(batch);
        }
        evicted
    }

    pub(crate) fn clear(&mut self) {
        self.release(self.pinned);
        self.batches = VecDeque::new();
    }

    /// Drops batches of segments before the one that begins at `segment`.
    pub(crate) fn forget_before(&mut self, segment: Offset) {
        while let Some(batch) = self.batches.pop_front_if(|batch| batch.segment < segment) {
            self.release(batch.pinned);
        }
    }

    /// The batches from the one that holds `offset` on; `None` if that one is not here.
    pub(crate) fn from(&self, offset: Offset) -> Option<impl Iterator<Item = &Recent> + Clone> {
        if offset < self.batches.front()?.base_offset {
            return None;
        }
        let first = self.batches.partition_point(|batch| batch.next_offset <= offset);
        (first < self.batches.len()).then(|| self.batches.range(first..))
    }

    fn is_over_budget(&self) -> bool {
        self.pinned > 0 && self.budget.as_ref().is_some_and(|budget| budget.is_exceeded())
    }

    fn charge(&mut self, bytes: usize) {
        self.pinned += bytes;
        if let Some(budget) = &self.budget {
            budget.used.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    fn release(&mut self, bytes: usize) {
        self.pinned -= bytes;
        if let Some(budget) = &self.budget {
            budget.used.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.clear();
    }
}
