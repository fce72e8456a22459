//! The group coordinator's driver: what runs the machines of `stream_coordinator` over the partitions of
//! `__consumer_offsets` that this broker leads.
//!
//! **Owners.** A shard, the groups of one partition, belongs to one of a few tasks, as a partition's log belongs to one of a
//! few threads: shard number modulo owners. An owner's bounded mailbox takes a closed set of events (`owner::Event`); it takes
//! all that gathered, lets the machines decide, and hands their records to the log, one append a shard at a time. It computes
//! and never waits: reading a log is a blocking task's, writing one is the partition's worker's.
//!
//! **One order.** A machine's records are replayed into it before it sees the next command, at the offsets that the log will
//! give them: nobody else may write to these partitions, and the offset that the log answers is compared. Until an append is
//! accepted the next one gathers. If it fails, or its offset is another, the shard is dropped and rebuilt from the log:
//! nothing is undone in place, and nobody was told of it, because of the next rule.
//!
//! **Replies** leave when the high watermark has passed all that was proposed before them, reads included; at once if it has
//! already. Heartbeats alone do not wait: what they tell is in no record. Whoever still waits when a shard is dropped is told
//! NOT_COORDINATOR, which clients answer with a new FindCoordinator.
//!
//! **Loading.** When this broker begins to lead a partition (at start: all of them) its log is replayed in the background,
//! one partition an owner at a time; commands are told COORDINATOR_LOAD_IN_PROGRESS meanwhile. An empty partition
//! is ready at once.

mod lag;
mod load;
mod mailbox;
mod offsets_topic;
mod owner;
mod shard;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use parking_lot::Mutex;
use stream_codec::Str;
use stream_coordinator::{GroupCommand, GroupConfig, GroupReply, partition_for_group};
use stream_metadata::{MetadataImage, TopicImage};
use stream_types::{ErrorCode, LeaderEpoch, NodeId, Uuid};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::partitions::{Partition, PartitionTable};
use mailbox::{Mailbox, Refusal};
use owner::{Event, Owner};

pub(crate) use lag::{Census, Progress};
pub(crate) use offsets_topic::{OFFSETS_TOPIC, ensure_offsets_topic, offsets_topic};

const OWNERS_MAX: usize = 4;

/// How to reach the coordinators of this broker's groups.
#[derive(Debug)]
pub(crate) struct GroupCoordinator {
    owners: Vec<Arc<Mailbox>>,
    /// Of `__consumer_offsets`; 0 until it exists.
    partition_count: AtomicI32,
    /// What was given to owners; only the metadata publisher changes it.
    led: Mutex<BTreeMap<i32, (Uuid, LeaderEpoch)>>,
}

/// A reply that will come.
#[derive(Debug)]
pub(crate) struct PendingReply(Result<oneshot::Receiver<Result<GroupReply, ErrorCode>>, ErrorCode>);

impl PendingReply {
    /// Waits for it.
    ///
    /// # Errors
    /// The code for the whole group: NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS or COORDINATOR_NOT_AVAILABLE.
    pub(crate) async fn wait(self) -> Result<GroupReply, ErrorCode> {
        // A shard that is dropped drops what it owes.
        self.0?.await.unwrap_or(Err(ErrorCode::NotCoordinator))
    }
}

impl GroupCoordinator {
    /// Starts at most `owner_count` owners; they have nothing to do until [`GroupCoordinator::follow`].
    pub(crate) fn start(clock: Clock, config: &ServerConfig, owner_count: usize) -> GroupCoordinator {
        let config = Arc::new(group_config(config));
        let owners = (0..owner_count.clamp(1, OWNERS_MAX)).map(|_| {
            let mailbox = Arc::new(Mailbox::default());
            tokio::spawn(Owner::new(clock, Arc::clone(&config), Arc::clone(&mailbox)).run());
            mailbox
        });
        GroupCoordinator {
            owners: owners.collect(),
            partition_count: AtomicI32::new(0),
            led: Mutex::new(BTreeMap::new()),
        }
    }

    /// Hands `command` to the owner of `group_id`. Commands of one caller are decided in the order of their calls.
    pub(crate) fn submit(&self, group_id: &str, command: GroupCommand) -> PendingReply {
        match self.partition_count.load(Ordering::Acquire) {
            0 => PendingReply(Err(ErrorCode::NotCoordinator)),
            count => self.submit_to(partition_for_group(group_id, count), command),
        }
    }

    /// Hands `command` to every shard of this broker.
    pub(crate) fn submit_to_all(&self, command: &GroupCommand) -> Vec<PendingReply> {
        let shards: Vec<i32> = self.led.lock().keys().copied().collect();
        shards.into_iter().map(|shard| self.submit_to(shard, command.clone())).collect()
    }

    fn submit_to(&self, shard: i32, command: GroupCommand) -> PendingReply {
        let (to, reply) = oneshot::channel();
        let event = Event::Command { shard, command: Box::new(command), to };
        PendingReply(match self.owner(shard).offer(event) {
            Ok(()) => Ok(reply),
            Err(Refusal::Full) => Err(ErrorCode::CoordinatorNotAvailable),
            Err(Refusal::Closed) => Err(ErrorCode::NotCoordinator),
        })
    }

    fn owner(&self, shard: i32) -> &Arc<Mailbox> {
        &self.owners[usize::try_from(shard).unwrap_or(0) % self.owners.len()]
    }

    /// Takes over what changed between two images: partitions that this broker leads or leads no more, and deleted
    /// topics. The partitions of `after` are in the table already. Called by the metadata publisher only.
    pub(crate) fn follow(
        &self,
        node_id: NodeId,
        partitions: &PartitionTable,
        before: &MetadataImage,
        after: &MetadataImage,
    ) {
        if before.shares_topics_with(after) {
            return;
        }
        self.follow_leadership(node_id, partitions, after.topic(OFFSETS_TOPIC).map(|topic| &**topic));
        let gone = before.topics().iter().filter(|topic| after.topics().by_id(topic.id).is_none());
        let topics: Vec<Str> = gone.map(|topic| Str::from(&*topic.name)).collect();
        if !topics.is_empty() {
            for owner in &self.owners {
                owner.post(Event::TopicsDeleted { topics: topics.clone() });
            }
        }
    }

    fn follow_leadership(&self, node_id: NodeId, partitions: &PartitionTable, topic: Option<&TopicImage>) {
        let mut led = self.led.lock();
        let before = std::mem::take(&mut *led);
        for (topic, index, image) in
            topic.iter().flat_map(|topic| topic.partitions.iter().map(move |(i, p)| (topic, i, p)))
        {
            if image.leader != Some(node_id) {
                continue;
            }
            let (shard, epoch) = (index.get(), image.leader_epoch);
            led.insert(shard, (topic.id, epoch));
            // Elected again: if there are other replicas, one of them may have led in between.
            let goes_on = before
                .get(&shard)
                .is_some_and(|(id, known)| *id == topic.id && (*known == epoch || image.replicas.len() == 1));
            if !goes_on && let Some(partition) = partitions.get(topic.id, *index) {
                self.owner(shard).post(Event::Load { shard, partition, epoch });
            }
        }
        for shard in before.into_keys().filter(|shard| !led.contains_key(shard)) {
            self.owner(shard).post(Event::Unload { shard });
        }
        drop(led);
        let count = topic.map_or(0, |topic| i32::try_from(topic.partition_count()).unwrap_or(i32::MAX));
        self.partition_count.store(count, Ordering::Release);
    }

    /// The directory of these partitions has failed: whoever asks one of their groups is told NOT_COORDINATOR, now and later.
    pub(crate) fn lose(&self, partitions: &[Arc<Partition>]) {
        for partition in partitions.iter().filter(|partition| partition.id.topic == OFFSETS_TOPIC) {
            let shard = partition.id.partition.get();
            self.owner(shard).post(Event::Lost { shard });
        }
    }

    /// Sends members that wait for others away and answers what is on its way to the disk; no command is taken any more.
    pub(crate) fn stop(&self) {
        for owner in &self.owners {
            owner.post(Event::Stop);
        }
    }
}

fn group_config(config: &ServerConfig) -> GroupConfig {
    GroupConfig {
        session_timeout_min: config.groups.session_timeout_min,
        session_timeout_max: config.groups.session_timeout_max,
        initial_rebalance_delay: config.groups.initial_rebalance_delay,
        size_max: config.groups.size_max,
        offset_metadata_bytes_max: config.offsets.metadata_bytes_max,
        offsets_retention: config.offsets.retention,
        offsets_retention_check_interval: config.offsets.retention_check_interval,
    }
}
