//! How far groups are behind, asked when somebody scrapes.

use std::collections::BTreeMap;
use std::sync::Arc;

use stream_coordinator::GroupShard;
use stream_metadata::MetadataImage;
use stream_types::{Offset, PartitionIndex};
use tokio::sync::oneshot;

use super::GroupCoordinator;
use super::owner::Event;
use super::shard::ReplyTo;
use crate::partitions::{Partition, PartitionTable};

/// What the groups of some shards have committed, and the states they are in.
#[derive(Debug, Default)]
pub(crate) struct Census {
    committed: Vec<Committed>,
    /// Groups by state.
    pub(crate) states: BTreeMap<Box<str>, usize>,
    /// Members that wait for their JoinGroup answer.
    pub(crate) joining: usize,
    /// Members that wait for their SyncGroup answer.
    pub(crate) syncing: usize,
}

/// How far a group has come in a partition that this broker holds.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) group: Box<str>,
    pub(crate) partition: Arc<Partition>,
    /// The first record that the group has not committed as read.
    pub(crate) offset: Offset,
}

#[derive(Debug)]
struct Committed {
    group: Box<str>,
    topic: Box<str>,
    partition: PartitionIndex,
    offset: Offset,
}

impl Census {
    /// Adds the groups of one shard.
    pub(super) fn add(&mut self, machine: &GroupShard<ReplyTo>) {
        for group in machine.groups() {
            *self.states.entry((&*group.state).into()).or_default() += 1;
        }
        let (joining, syncing) = machine.waiting_members();
        self.joining += joining;
        self.syncing += syncing;
        let committed = machine.committed_offsets().map(|(group, topic, partition, offset)| Committed {
            group: (&**group).into(),
            topic: (&**topic).into(),
            partition,
            offset,
        });
        self.committed.extend(committed);
    }

    /// Of the partitions that this broker holds, in no order.
    pub(crate) fn progress(self, image: &MetadataImage, partitions: &PartitionTable) -> Vec<Progress> {
        let of_held = self.committed.into_iter().filter_map(|Committed { group, topic, partition, offset }| {
            let partition = partitions.get(image.topic(&topic)?.id, partition)?;
            Some(Progress { group, partition, offset })
        });
        of_held.collect()
    }
}

impl GroupCoordinator {
    /// Asks every owner, which takes it as long as copying its committed offsets does. Blocks: not for tasks.
    pub(crate) fn census(&self) -> Census {
        let asked: Vec<oneshot::Receiver<Census>> = self
            .owners
            .iter()
            .map(|owner| {
                let (to, census) = oneshot::channel();
                owner.post(Event::Census { to });
                census
            })
            .collect();
        let mut whole = Census::default();
        for census in asked {
            // An owner that ended with the broker has no groups any more.
            let Ok(part) = census.blocking_recv() else { continue };
            whole.committed.extend(part.committed);
            whole.joining += part.joining;
            whole.syncing += part.syncing;
            for (state, count) in part.states {
                *whole.states.entry(state).or_default() += count;
            }
        }
        whole
    }
}
