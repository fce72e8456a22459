//! What the log knows of idempotent producers (KIP-98): the last five batches of each.
//!
//! A batch is new if its first sequence follows the producer's last, or if nothing is known of the
//! producer in its epoch; it is a repeat if it is one of the five. State changes only in
//! [`Producers::apply`], which the writer calls after a write and recovery for each batch read.

mod check;
mod entry;
mod load;
mod snapshot;

use std::collections::HashMap;

use stream_codec::batch::BatchHeader;
use stream_types::{Offset, ProducerEpoch, ProducerId, Sequence, WallMillis};

pub(crate) use check::Verdict;
pub(crate) use entry::{BatchRecord, Entry};
pub(crate) use load::{list_snapshots, load};

/// A producer as DescribeProducers shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActiveProducer {
    /// The producer.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// Sequence of its last record, [`Sequence::NONE`] if it has none.
    pub last_sequence: Sequence,
    /// Timestamp of its last batch (milliseconds).
    pub last_timestamp: WallMillis,
    /// Epoch of the coordinator that wrote its last marker, -1 if none did.
    pub coordinator_epoch: i32,
    /// First offset of its open transaction.
    pub current_transaction_first_offset: Option<Offset>,
}

/// All producers of one log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Producers {
    entries: HashMap<ProducerId, Entry>,
}

impl Producers {
    pub(crate) fn active(&self) -> Vec<ActiveProducer> {
        let mut active: Vec<_> = self
            .entries
            .iter()
            .map(|(id, entry)| ActiveProducer {
                producer_id: *id,
                producer_epoch: entry.epoch,
                last_sequence: entry.last_sequence(),
                last_timestamp: entry.last_timestamp,
                coordinator_epoch: entry.coordinator_epoch,
                current_transaction_first_offset: entry.transaction_first_offset,
            })
            .collect();
        active.sort_by_key(|producer| producer.producer_id);
        active
    }

    pub(crate) fn get(&self, id: ProducerId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// Puts back what was there before a batch that could not be written.
    pub(crate) fn restore(&mut self, id: ProducerId, entry: Option<Entry>) {
        match entry {
            Some(entry) => self.entries.insert(id, entry),
            None => self.entries.remove(&id),
        };
    }

    /// Notes a batch that is in the log. `seen` is when it came, which expiry counts from.
    pub(crate) fn apply(&mut self, header: &BatchHeader, seen: WallMillis) {
        if !header.has_producer_id() {
            return;
        }
        let entry = self.entries.entry(header.producer_id).or_default();
        entry.apply(header, seen);
    }

    /// First offset of the oldest open transaction.
    pub(crate) fn first_unstable(&self) -> Option<Offset> {
        self.entries.values().filter_map(|entry| entry.transaction_first_offset).min()
    }

    /// Forgets producers that have been silent for `expiration_ms` and have no open transaction.
    pub(crate) fn expire(&mut self, now: WallMillis, expiration_ms: i64) {
        self.entries.retain(|_, entry| {
            entry.transaction_first_offset.is_some() || now.0.saturating_sub(entry.last_timestamp.0) < expiration_ms
        });
    }

    /// Whether `last_offset` is that of its producer's newest batch; compaction keeps that batch even if
    /// it holds no record any more, for the sequence number.
    pub(crate) fn is_last_batch(&self, id: ProducerId, last_offset: Offset) -> bool {
        self.get(id).and_then(|entry| entry.last_batch()).is_some_and(|batch| batch.last_offset == last_offset)
    }
}
