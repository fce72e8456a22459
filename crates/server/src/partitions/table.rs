//! Which partitions this broker holds, by topic id.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use stream_types::{PartitionIndex, Uuid};

use super::partition::Partition;

/// The partitions of one topic, by number; `None` where another broker holds it.
pub(crate) type TopicPartitions = Arc<[Option<Arc<Partition>>]>;

/// Read by every request, replaced by the metadata publisher only.
#[derive(Debug, Default)]
pub(crate) struct PartitionTable {
    topics: ArcSwap<HashMap<Uuid, TopicPartitions>>,
}

impl PartitionTable {
    /// The partition, if this broker holds it.
    pub(crate) fn get(&self, topic_id: Uuid, partition: PartitionIndex) -> Option<Arc<Partition>> {
        let topics = self.topics.load();
        let index = usize::try_from(partition.get()).ok()?;
        topics.get(&topic_id)?.get(index)?.clone()
    }

    /// Every partition held, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<Partition>> {
        let topics = self.topics.load();
        topics.values().flat_map(|partitions| partitions.iter().flatten().cloned()).collect()
    }

    /// Applies one change; called by the metadata publisher only.
    pub(crate) fn update(&self, change: impl FnOnce(&mut HashMap<Uuid, TopicPartitions>)) {
        let mut topics = HashMap::clone(&self.topics.load());
        change(&mut topics);
        self.topics.store(Arc::new(topics));
    }
}
