//! The group coordinator of one partition, driven as the broker's shard owner does.
//!
//! Records are replayed at the offsets that they will get, before the log has them; replies wait until the high
//! watermark has passed everything proposed before them. Heartbeats do not wait: no record holds what they tell.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stream_codec::batch::BatchBuilder;
use stream_coordinator::{CoordinatorRecord, GroupCommand, GroupConfig, GroupReply, GroupShard, Step};
use stream_log::{CheckedBatch, ReadBound};
use stream_types::{LeaderEpoch, Monotonic, Now, Offset};

use super::partition::{Partition, read_all};
use super::{Down, Released};
use crate::planted::Planted;

#[derive(Debug)]
struct Parked {
    after: Offset,
    token: u64,
    reply: GroupReply,
}

/// A shard that answers commands.
#[derive(Debug)]
pub(crate) struct Shard {
    machine: GroupShard<u64>,
    next_offset: Offset,
    queue: VecDeque<CoordinatorRecord>,
    parked: VecDeque<Parked>,
    planted: Option<Planted>,
}

impl Shard {
    /// Replays what the partition holds, all of which is committed.
    pub(crate) fn load(
        partition: &Partition,
        epoch: LeaderEpoch,
        seed: u64,
        planted: Option<Planted>,
        now: Now,
    ) -> Result<Shard, Down> {
        let reader = partition.reader();
        let mut machine = GroupShard::new(Arc::new(config()), epoch, seed);
        let found = read_all(&reader, reader.log_start(), ReadBound::LogEnd).map_err(Down)?;
        for record in found {
            let Some(key) = &record.key else { continue };
            machine.replay(record.offset, key, record.value.as_ref()).map_err(|error| Down(error.to_string()))?;
        }
        let mut shard =
            Shard { machine, next_offset: reader.log_end(), queue: VecDeque::new(), parked: VecDeque::new(), planted };
        let step = shard.machine.loaded(now);
        shard.take(step);
        Ok(shard)
    }

    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.machine.next_deadline()
    }

    pub(crate) fn handle(&mut self, now: Now, command: GroupCommand, token: u64) {
        let step = self.machine.handle(now, command, token);
        self.take(step);
    }

    pub(crate) fn tick(&mut self, now: Now) {
        let step = self.machine.tick(now);
        self.take(step);
    }

    /// Whether there are records to append.
    pub(crate) fn has_records(&self) -> bool {
        !self.queue.is_empty()
    }

    fn take(&mut self, step: Step<u64>) {
        for record in step.records {
            self.machine
                .replay(self.next_offset, &record.key, record.value.as_ref())
                .expect("a machine can read the record it has just made");
            self.next_offset = self.next_offset.plus(1);
            self.queue.push_back(record);
        }
        for (token, reply) in step.replies {
            let is_free = matches!(reply, GroupReply::Heartbeat(_)) || self.planted == Some(Planted::ReplyBeforeCommit);
            let after = if is_free { Offset::ZERO } else { self.next_offset };
            self.parked.push_back(Parked { after, token, reply });
        }
    }

    /// One batch of what is to be appended, and the offset that it must get.
    pub(crate) fn take_batch(&mut self, now: Now) -> Option<(Offset, CheckedBatch)> {
        if self.queue.is_empty() {
            return None;
        }
        let base_offset = self.next_offset.plus(-(self.queue.len() as i64));
        let mut builder = BatchBuilder::new();
        for record in self.queue.drain(..) {
            let value: Option<&Bytes> = record.value.as_ref();
            builder.push(now.wall.0, Some(&record.key), value.map(|value| &**value), &[]);
        }
        let batch = builder.build().expect("the coordinator's records make a batch");
        Some((base_offset, CheckedBatch::trusted(batch).expect("it was just built")))
    }

    /// Replies that may leave now that everything below `committed` is committed.
    pub(crate) fn release(&mut self, committed: Offset) -> Vec<Released> {
        let mut released = Vec::new();
        let mut kept = VecDeque::new();
        for parked in self.parked.drain(..) {
            if parked.after <= committed {
                released.push(Released::Group { token: parked.token, reply: parked.reply });
            } else {
                kept.push_back(parked);
            }
        }
        self.parked = kept;
        released
    }
}

fn config() -> GroupConfig {
    GroupConfig {
        session_timeout_min: Duration::from_millis(500),
        session_timeout_max: Duration::from_secs(60),
        initial_rebalance_delay: Duration::from_millis(100),
        size_max: 100,
        offset_metadata_bytes_max: 4096,
        offsets_retention: Duration::from_secs(7 * 24 * 3600),
        offsets_retention_check_interval: Duration::from_secs(600),
    }
}
