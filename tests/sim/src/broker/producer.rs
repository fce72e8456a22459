//! An idempotent producer with several batches in flight, which sends everything again that is not answered.

use std::collections::VecDeque;

use bytes::Bytes;
use stream_codec::batch::BatchBuilder;
use stream_types::{ProducerEpoch, ProducerId, Sequence};

use super::Refusal;
use super::link::Link;
use crate::random::Random;

/// Batches in flight, as clients have them at most.
const IN_FLIGHT_MAX: usize = 5;
/// Silence after which everything is sent again (milliseconds).
const TIMEOUT_MILLIS: u64 = 800;

/// A batch that is not acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) sequence: i32,
    pub(crate) values: Vec<Bytes>,
    is_sent: bool,
}

impl Batch {
    pub(crate) fn new(sequence: i32, values: Vec<Bytes>) -> Batch {
        Batch { sequence, values, is_sent: false }
    }
}

/// An idempotent producer of one partition.
#[derive(Debug)]
pub(crate) struct Producer {
    pub(crate) id: i64,
    pub(crate) partition: usize,
    pub(crate) link: Link,
    in_flight: VecDeque<Batch>,
    next_sequence: i32,
    heard: u64,
}

impl Producer {
    pub(crate) fn new(id: i64, partition: usize) -> Producer {
        Producer { id, partition, link: Link::default(), in_flight: VecDeque::new(), next_sequence: 0, heard: 0 }
    }

    /// Makes new batches while `more`, and says what to send now.
    pub(crate) fn wake(&mut self, random: &mut Random, now: u64, more: bool) -> Vec<Batch> {
        if self.in_flight.iter().any(|batch| batch.is_sent) && now > self.heard + TIMEOUT_MILLIS {
            self.send_again(random, now, true);
        }
        if more && self.in_flight.len() < IN_FLIGHT_MAX {
            let count = random.between(1, 4) as i32;
            let value = |index| Bytes::from(format!("p{}-{}", self.id, self.next_sequence + index));
            let values = (0..count).map(value).collect();
            self.in_flight.push_back(Batch::new(self.next_sequence, values));
            self.next_sequence += count;
        }
        let waiting = self.in_flight.iter_mut().filter(|batch| !batch.is_sent);
        let sent: Vec<Batch> = waiting
            .map(|batch| {
                batch.is_sent = true;
                batch.clone()
            })
            .collect();
        if !sent.is_empty() {
            self.heard = now;
        }
        sent
    }

    /// Gives up the connection: all that is not answered is sent again on the next, in order.
    pub(crate) fn send_again(&mut self, random: &mut Random, now: u64, late: bool) {
        self.link.reset(random, now, late);
        for batch in &mut self.in_flight {
            batch.is_sent = false;
        }
    }

    /// A reply arrived.
    pub(crate) fn answered(&mut self, random: &mut Random, now: u64, sequence: i32, result: Result<(), Refusal>) {
        self.heard = now;
        match result {
            Ok(()) => self.in_flight.retain(|batch| batch.sequence != sequence),
            Err(Refusal::OutOfOrder) => self.send_again(random, now, true),
        }
    }

    /// Whether everything is acknowledged.
    pub(crate) fn is_done(&self) -> bool {
        self.in_flight.is_empty()
    }
}

/// The batch as it is on the wire.
pub(crate) fn encode(id: i64, batch: &Batch) -> Bytes {
    let mut builder = BatchBuilder::new().producer(ProducerId(id), ProducerEpoch(0), Sequence(batch.sequence));
    let key = format!("p{id}");
    for value in &batch.values {
        builder.push(1000, Some(key.as_bytes()), Some(value), &[]);
    }
    builder.build().expect("a few small records make a batch")
}
