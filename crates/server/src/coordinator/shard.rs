//! One led partition of `__consumer_offsets`: its machine, its place in the log, and the replies that wait.
//!
//! ```text
//!  log start          committed        appended          next_offset
//!  |---- committed ----|---- written ----|---- queue --------|
//!                                     in_flight: a piece of the queue that the log has not placed yet
//! ```
//! `committed ≤ next_offset`; every record below `next_offset` is replayed; the offsets between are this shard's alone,
//! because nobody else may append to its partition.

use std::collections::VecDeque;
use std::sync::Arc;

use stream_codec::batch::BatchBuilder;
use stream_coordinator::{CoordinatorRecord, GroupCommand, GroupConfig, GroupReply, GroupShard, Step};
use stream_log::CheckedBatch;
use stream_types::{ErrorCode, Monotonic, Now, Offset};
use tokio::sync::oneshot;

use super::mailbox::Mailbox;
use super::owner::Event;
use crate::partitions::{Acks, AppendListener, AppendOutcome, AppendReply, AppendRequest, Partition, WorkerEvent};

/// Where a reply goes. Dropped without one, it says NOT_COORDINATOR.
pub(super) type ReplyTo = oneshot::Sender<Result<GroupReply, ErrorCode>>;

/// Records of one append, about (bytes); what is above goes with the next one.
const APPEND_BYTES_MAX: usize = 512 * 1024;

/// Which shard, and which of its lives since this broker started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShardLife {
    /// The partition's number.
    pub(super) shard: i32,
    /// Counts loads, so that news of an earlier life is known as old.
    pub(super) life: u64,
}

#[derive(Debug)]
struct ParkedReply {
    /// Everything below has to be committed first.
    after: Offset,
    to: ReplyTo,
    reply: GroupReply,
}

/// A shard that answers commands.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) id: ShardLife,
    machine: GroupShard<ReplyTo>,
    partition: Arc<Partition>,
    committed: Offset,
    next_offset: Offset,
    /// Proposed and replayed, not yet handed to the log.
    queue: VecDeque<CoordinatorRecord>,
    /// Base offset of the append that the log has not placed yet.
    in_flight: Option<Offset>,
    parked: VecDeque<ParkedReply>,
}

/// The shard cannot go on: what it believes is not what the log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

impl Shard {
    /// A shard whose machine has replayed the log up to its end, all of it committed.
    pub(super) fn new(id: ShardLife, machine: GroupShard<ReplyTo>, partition: Arc<Partition>, end: Offset) -> Shard {
        Shard {
            id,
            machine,
            partition,
            committed: end,
            next_offset: end,
            queue: VecDeque::new(),
            in_flight: None,
            parked: VecDeque::new(),
        }
    }

    /// The machine, to read from it.
    pub(super) fn machine(&self) -> &GroupShard<ReplyTo> {
        &self.machine
    }

    /// The partition.
    pub(super) fn partition(&self) -> &Arc<Partition> {
        &self.partition
    }

    /// When the machine wants to be woken.
    pub(super) fn next_deadline(&self) -> Option<Monotonic> {
        self.machine.next_deadline()
    }

    /// Commands may come from now on.
    pub(super) fn loaded(&mut self, now: Now) {
        let step = self.machine.loaded(now);
        self.take(step);
    }

    /// Has the machine decide a command.
    pub(super) fn handle(&mut self, now: Now, command: GroupCommand, to: ReplyTo) {
        let step = self.machine.handle(now, command, to);
        self.take(step);
    }

    /// Has the machine do what is due.
    pub(super) fn tick(&mut self, now: Now) {
        let step = self.machine.tick(now);
        self.take(step);
    }

    /// Forgets everybody who waits for other members, which answers them with NOT_COORDINATOR. What is on its way to
    /// the log stays.
    pub(super) fn send_away(&mut self, config: Arc<GroupConfig>) {
        self.machine = GroupShard::new(config, self.partition.leader_epoch(), 0);
    }

    /// Whether nothing waits for the log.
    pub(super) fn is_settled(&self) -> bool {
        self.parked.is_empty() && self.queue.is_empty() && self.in_flight.is_none()
    }

    /// Makes a step's records part of the state, and sends or parks its replies.
    fn take(&mut self, step: Step<ReplyTo>) {
        for record in step.records {
            self.machine
                .replay(self.next_offset, &record.key, record.value.as_ref())
                .expect("a machine can read the record it has just made");
            self.next_offset = self.next_offset.plus(1);
            self.queue.push_back(record);
        }
        for (to, reply) in step.replies {
            // A heartbeat tells of sessions and rebalances, which no record holds: a slow disk must not let members
            // believe that their coordinator is gone.
            if self.next_offset <= self.committed || matches!(reply, GroupReply::Heartbeat(_)) {
                send(to, reply);
            } else {
                self.parked.push_back(ParkedReply { after: self.next_offset, to, reply });
            }
        }
    }

    /// Hands the next piece of the queue to the log, unless one is under way: whether it is accepted decides over all
    /// that follows.
    pub(super) fn append(&mut self, now: Now, mailbox: &Arc<Mailbox>) -> Result<(), Broken> {
        if self.in_flight.is_some() || self.queue.is_empty() {
            return Ok(());
        }
        let base_offset = self.next_offset.plus(-(self.queue.len() as i64));
        let mut builder = BatchBuilder::new();
        while let Some(record) = self.queue.pop_front() {
            builder.push(now.wall.0, Some(&record.key), record.value.as_deref(), &[]);
            if builder.size() >= APPEND_BYTES_MAX {
                break;
            }
        }
        let end = base_offset.plus(i64::from(builder.record_count()));
        let batch = builder.build().and_then(CheckedBatch::trusted).map_err(|error| {
            tracing::error!(partition = %self.partition.id, "the coordinator's records make no batch: {error}");
            Broken
        })?;
        let listener = ShardAppend { id: self.id, end, mailbox: Arc::clone(mailbox) };
        let request = AppendRequest {
            partition: Arc::clone(&self.partition),
            batch,
            acks: Acks::All,
            reply: AppendReply::Coordinator(Arc::new(listener)),
        };
        self.in_flight = Some(base_offset);
        self.partition.worker.send(WorkerEvent::Append(vec![request])).map_err(|_| Broken)
    }

    /// The log placed the append that was under way.
    pub(super) fn appended(&mut self, base_offset: Offset) -> Result<(), Broken> {
        if self.in_flight.take() == Some(base_offset) {
            return Ok(());
        }
        tracing::error!(
            partition = %self.partition.id, %base_offset,
            "the coordinator's records are not where they were expected: somebody else wrote to its partition"
        );
        Err(Broken)
    }

    /// Everything below `end` is committed.
    pub(super) fn committed(&mut self, end: Offset) {
        assert!(end <= self.next_offset, "only what this shard proposed can be committed");
        self.committed = self.committed.max(end);
        while let Some(parked) = self.parked.pop_front_if(|parked| parked.after <= self.committed) {
            send(parked.to, parked.reply);
        }
    }
}

fn send(to: ReplyTo, reply: GroupReply) {
    // The client may be gone; what is stored stays stored.
    let _ = to.send(Ok(reply));
}

/// Tells the owner how an append of its shard went.
#[derive(Debug)]
struct ShardAppend {
    id: ShardLife,
    end: Offset,
    mailbox: Arc<Mailbox>,
}

impl AppendListener for ShardAppend {
    fn appended(&self, base_offset: Offset) {
        self.mailbox.post(Event::Appended { id: self.id, base_offset });
    }

    fn completed(&self, outcome: AppendOutcome) {
        self.mailbox.post(match outcome.error {
            ErrorCode::None => Event::Committed { id: self.id, end: self.end },
            error => Event::AppendFailed { id: self.id, error },
        });
    }
}
