//! Batches that are being filled or wait to be sent.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use stream_codec::batch::BatchBuilder;
use stream_types::{ProducerEpoch, ProducerId, Sequence};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Delivery, OnDelivery, ProducerOptions, ProducerRecord};
use crate::client::Client;
use crate::clock::wall_millis;
use crate::error::ClientError;

/// Bytes of a record beside key, value and headers, at most.
const RECORD_OVERHEAD_BYTES: usize = 30;
/// Bytes of a header beside its key and value, at most.
const HEADER_OVERHEAD_BYTES: usize = 10;

/// What the producer and its sender share.
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) options: ProducerOptions,
    identity: (ProducerId, ProducerEpoch),
    on_delivery: OnDelivery,
    state: Mutex<State>,
    /// Something may be ready to be sent.
    pub(super) wake: Notify,
    /// Something was answered.
    answered: Notify,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    partitions: HashMap<(Arc<str>, i32), Waiting>,
    buffered_bytes: usize,
    outstanding: usize,
    flushing: bool,
    failed: Option<ClientError>,
}

#[derive(Default)]
struct Waiting {
    batches: VecDeque<Building>,
    next_sequence: i32,
    in_flight: usize,
    /// A broker that knows nothing of a producer takes any sequence number for its first: until one batch is stored
    /// no other may overtake it.
    is_established: bool,
}

struct Building {
    builder: BatchBuilder,
    started: Instant,
    bytes: usize,
    is_full: bool,
    sent_at: Vec<Instant>,
}

/// A batch that can be sent.
#[derive(Clone, Debug)]
pub(super) struct ReadyBatch {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) batch: Bytes,
    records: i32,
    bytes: usize,
    sent_at: Vec<Instant>,
}

impl Shared {
    pub(super) fn new(
        client: Client,
        options: ProducerOptions,
        identity: (ProducerId, ProducerEpoch),
        on_delivery: OnDelivery,
    ) -> Shared {
        Shared {
            client,
            options,
            identity,
            on_delivery,
            state: Mutex::new(State::default()),
            wake: Notify::new(),
            answered: Notify::new(),
        }
    }

    /// Adds a record; tells whether it filled its batch.
    pub(super) fn append(&self, topic: &Arc<str>, partition: i32, record: &ProducerRecord) -> bool {
        let headers: usize = record.headers.iter().map(|header| header.key.len() + length(&header.value)).sum();
        let size = length(&record.key) + length(&record.value) + headers;
        let now = Instant::now();
        let mut state = self.state.lock();
        let waiting = state.partitions.entry((Arc::clone(topic), partition)).or_default();
        let mut filled = false;
        if let Some(open) = waiting.batches.back_mut()
            && !open.is_full
            && open.builder.size() + size + RECORD_OVERHEAD_BYTES + HEADER_OVERHEAD_BYTES * record.headers.len()
                > self.options.batch_bytes
        {
            open.is_full = true;
            filled = true;
        }
        let is_new = waiting.batches.back().is_none_or(|open| open.is_full);
        if is_new {
            let builder = BatchBuilder::new().compression(self.options.compression);
            waiting.batches.push_back(Building {
                builder,
                started: now,
                bytes: 0,
                is_full: false,
                sent_at: Vec::new(),
            });
        }
        if let Some(open) = waiting.batches.back_mut() {
            open.builder.push(wall_millis(), record.key.as_deref(), record.value.as_deref(), &record.headers);
            open.bytes += size;
            if self.options.record_times {
                open.sent_at.push(now);
            }
        }
        state.outstanding += usize::from(is_new);
        state.buffered_bytes += size;
        drop(state);
        if is_new || filled {
            self.wake.notify_one();
        }
        filled
    }

    pub(super) fn buffered_bytes(&self) -> usize {
        self.state.lock().buffered_bytes
    }

    pub(super) fn failed(&self) -> Option<ClientError> {
        self.state.lock().failed.clone()
    }

    pub(super) async fn wait_for_room(&self) -> Result<(), ClientError> {
        loop {
            let answered = self.answered.notified();
            {
                let state = self.state.lock();
                if let Some(error) = &state.failed {
                    return Err(error.clone());
                }
                if state.buffered_bytes <= self.options.buffer_bytes {
                    return Ok(());
                }
            }
            answered.await;
        }
    }

    pub(super) async fn flush(&self) -> Result<(), ClientError> {
        loop {
            let answered = self.answered.notified();
            {
                let mut state = self.state.lock();
                state.flushing = state.outstanding > 0;
                if state.outstanding == 0 {
                    return state.failed.clone().map_or(Ok(()), Err);
                }
            }
            self.wake.notify_one();
            answered.await;
        }
    }

    /// Partitions whose first batch is due, and when the next one will be.
    pub(super) fn due(&self) -> (Vec<(Arc<str>, i32)>, Option<Instant>) {
        let now = Instant::now();
        let mut due = Vec::new();
        let mut next: Option<Instant> = None;
        let state = self.state.lock();
        for (partition, waiting) in &state.partitions {
            let Some(first) = waiting.batches.front() else { continue };
            if waiting.in_flight > 0 && !waiting.is_established {
                continue;
            }
            let due_at = first.started + self.options.linger;
            if first.is_full || state.flushing || due_at <= now || waiting.batches.len() > 1 {
                due.push(partition.clone());
            } else {
                next = Some(next.map_or(due_at, |next| next.min(due_at)));
            }
        }
        (due, next)
    }

    /// Closes a partition's first batch and gives it its sequence number.
    pub(super) fn take(&self, partition: &(Arc<str>, i32)) -> Option<ReadyBatch> {
        let (building, sequence) = {
            let mut state = self.state.lock();
            let waiting = state.partitions.get_mut(partition)?;
            let building = waiting.batches.pop_front()?;
            waiting.in_flight += 1;
            let sequence = Sequence(waiting.next_sequence);
            waiting.next_sequence = sequence.plus(building.builder.record_count()).0;
            (building, sequence)
        };
        let records = building.builder.record_count();
        let builder = match self.options.idempotent {
            true => building.builder.producer(self.identity.0, self.identity.1, sequence),
            false => building.builder,
        };
        let (topic, partition) = partition.clone();
        let mut ready = ReadyBatch {
            topic,
            partition,
            batch: Bytes::new(),
            records,
            bytes: building.bytes,
            sent_at: building.sent_at,
        };
        match builder.build() {
            Ok(batch) => {
                ready.batch = batch;
                Some(ready)
            }
            Err(error) => {
                let what = format!("partition {}-{}", ready.topic, ready.partition);
                self.finish(ready, Err(ClientError::Records { what, reason: error.to_string() }));
                None
            }
        }
    }

    /// Tells what became of a batch.
    pub(super) fn finish(&self, batch: ReadyBatch, result: Result<i64, ClientError>) {
        {
            let mut state = self.state.lock();
            state.outstanding -= 1;
            state.buffered_bytes -= batch.bytes;
            if let Some(waiting) = state.partitions.get_mut(&(Arc::clone(&batch.topic), batch.partition)) {
                waiting.in_flight -= 1;
                waiting.is_established |= result.is_ok();
            }
            if let Err(error) = &result {
                state.failed.get_or_insert_with(|| error.clone());
            }
        }
        (self.on_delivery)(Delivery {
            topic: batch.topic,
            partition: batch.partition,
            result,
            records: batch.records,
            bytes: batch.bytes,
            sent_at: batch.sent_at,
        });
        self.answered.notify_waiters();
    }
}

fn length(field: &Option<Bytes>) -> usize {
    field.as_ref().map_or(0, Bytes::len)
}
