//! How far groups are behind, asked when somebody scrapes.

use std::collections::BTreeMap;

use stream_coordinator::GroupShard;
use stream_metadata::MetadataImage;
use stream_types::{Offset, PartitionIndex};
use tokio::sync::oneshot;

use super::GroupCoordinator;
use super::owner::Event;
use super::shard::ReplyTo;
use crate::partitions::PartitionTable;
use crate::telemetry::scrape::GroupLag;

/// What the groups of some shards have committed, and the states they are in.
#[derive(Debug, Default)]
pub(crate) struct Census {
    committed: Vec<Committed>,
    /// Groups by state.
    pub(crate) states: BTreeMap<Box<str>, usize>,
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
        let committed = machine.committed_offsets().map(|(group, topic, partition, offset)| Committed {
            group: (&**group).into(),
            topic: (&**topic).into(),
            partition,
            offset,
        });
        self.committed.extend(committed);
    }

    /// The lags in partitions that this broker holds.
    pub(crate) fn lags(self, image: &MetadataImage, partitions: &PartitionTable) -> Vec<GroupLag> {
        let mut lags = Vec::with_capacity(self.committed.len());
        for Committed { group, topic, partition, offset } in self.committed {
            let held = image.topic(&topic).and_then(|topic| partitions.get(topic.id, partition));
            let Some(end) = held.and_then(|held| held.reader().map(|reader| reader.high_watermark())) else { continue };
            let lag = u64::try_from(end.get().saturating_sub(offset.get())).unwrap_or(0);
            lags.push(GroupLag { group, topic, partition: partition.get(), lag });
        }
        lags.sort_unstable_by(|a, b| (&a.group, &a.topic, a.partition).cmp(&(&b.group, &b.topic, b.partition)));
        lags
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
            for (state, count) in part.states {
                *whole.states.entry(state).or_default() += count;
            }
        }
        whole
    }
}
