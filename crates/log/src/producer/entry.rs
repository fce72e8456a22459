//! One producer's state in one log.

use stream_codec::batch::BatchHeader;
use stream_types::limits::PRODUCER_BATCHES_REMEMBERED;
use stream_types::{Offset, ProducerEpoch, Sequence, WallMillis};

/// What is remembered of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct BatchRecord {
    pub(crate) base_sequence: Sequence,
    pub(crate) last_sequence: Sequence,
    pub(crate) base_offset: Offset,
    pub(crate) last_offset: Offset,
    /// Its max timestamp, for the answer to a repeat (milliseconds).
    pub(crate) timestamp: i64,
}

/// A producer's newest epoch and its last batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) epoch: ProducerEpoch,
    /// Oldest first; only the first `batch_count` mean something.
    pub(super) batches: [BatchRecord; PRODUCER_BATCHES_REMEMBERED],
    pub(super) batch_count: usize,
    pub(crate) last_timestamp: WallMillis,
    pub(crate) coordinator_epoch: i32,
    pub(crate) transaction_first_offset: Option<Offset>,
}

impl Default for Entry {
    fn default() -> Self {
        Entry {
            epoch: ProducerEpoch::NONE,
            batches: Default::default(),
            batch_count: 0,
            last_timestamp: WallMillis(-1),
            coordinator_epoch: -1,
            transaction_first_offset: None,
        }
    }
}

impl Entry {
    pub(crate) fn batches(&self) -> &[BatchRecord] {
        &self.batches[..self.batch_count]
    }

    pub(crate) fn last_batch(&self) -> Option<&BatchRecord> {
        self.batches().last()
    }

    pub(crate) fn last_sequence(&self) -> Sequence {
        self.last_batch().map_or(Sequence::NONE, |batch| batch.last_sequence)
    }

    /// The remembered batch that `header` repeats.
    pub(crate) fn find_repeat(&self, header: &BatchHeader) -> Option<&BatchRecord> {
        if header.producer_epoch != self.epoch {
            return None;
        }
        self.batches()
            .iter()
            .find(|batch| batch.base_sequence == header.base_sequence && batch.last_sequence == header.last_sequence())
    }

    pub(crate) fn apply(&mut self, header: &BatchHeader, seen: WallMillis) {
        if header.producer_epoch != self.epoch {
            self.epoch = header.producer_epoch;
            self.batch_count = 0;
        }
        self.last_timestamp = seen;
        if header.attributes.is_control() {
            self.transaction_first_offset = None;
            return;
        }
        if header.attributes.is_transactional() && self.transaction_first_offset.is_none() {
            self.transaction_first_offset = Some(header.base_offset);
        }
        self.push(BatchRecord {
            base_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            timestamp: header.max_timestamp,
        });
    }

    pub(crate) fn push(&mut self, batch: BatchRecord) {
        if self.batch_count == PRODUCER_BATCHES_REMEMBERED {
            self.batches.rotate_left(1);
            self.batch_count -= 1;
        }
        self.batches[self.batch_count] = batch;
        self.batch_count += 1;
    }
}
