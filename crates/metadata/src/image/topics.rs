//! Topics by name and by id, and their partitions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use stream_types::{LeaderEpoch, NodeId, PartitionEpoch, PartitionIndex, Uuid};

/// Whether a partition's leader was elected without loss (KIP-704).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LeaderRecoveryState {
    /// Its leader was in the ISR.
    #[default]
    Recovered,
    /// Its leader was elected uncleanly and has not said yet that it recovered.
    Recovering,
}

impl LeaderRecoveryState {
    /// The number that records and requests carry.
    pub fn code(self) -> i8 {
        match self {
            LeaderRecoveryState::Recovered => 0,
            LeaderRecoveryState::Recovering => 1,
        }
    }

    /// The state with this number.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(LeaderRecoveryState::Recovered),
            1 => Some(LeaderRecoveryState::Recovering),
            _ => None,
        }
    }
}

/// Who holds one partition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PartitionImage {
    /// The brokers that hold it, the preferred leader first.
    pub replicas: Vec<NodeId>,
    /// The replicas that are in sync.
    pub isr: Vec<NodeId>,
    /// Replicas that a reassignment takes away.
    pub removing_replicas: Vec<NodeId>,
    /// Replicas that a reassignment adds.
    pub adding_replicas: Vec<NodeId>,
    /// The leader, if there is one.
    pub leader: Option<NodeId>,
    /// Grows with every election.
    pub leader_epoch: LeaderEpoch,
    /// Grows with every change.
    pub partition_epoch: PartitionEpoch,
    /// Whether the leader was elected without loss.
    pub leader_recovery_state: LeaderRecoveryState,
    /// The log directory of each replica, in the order of `replicas`; zero where not told yet.
    pub directories: Vec<Uuid>,
    /// Eligible leader replicas (KIP-966).
    pub eligible_leader_replicas: Vec<NodeId>,
    /// The last member of the ISR when nobody was left (KIP-966).
    pub last_known_elr: Vec<NodeId>,
}

impl PartitionImage {
    /// The log directory in which `broker` holds this partition, if it is a replica.
    pub fn directory_of(&self, broker: NodeId) -> Option<Uuid> {
        let position = self.replicas.iter().position(|replica| *replica == broker)?;
        self.directories.get(position).copied()
    }

    /// Whether a reassignment of this partition is under way.
    pub fn is_reassigning(&self) -> bool {
        !self.adding_replicas.is_empty() || !self.removing_replicas.is_empty()
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.replicas.is_empty() {
            return Err("has no replicas");
        }
        if self.isr.is_empty() && self.eligible_leader_replicas.is_empty() && self.last_known_elr.is_empty() {
            return Err("has neither ISR nor eligible leaders");
        }
        if !self.isr.iter().all(|member| self.replicas.contains(member)) {
            return Err("has an ISR member that is no replica");
        }
        if let Some(leader) = self.leader
            && !self.isr.contains(&leader)
        {
            return Err("has a leader outside the ISR");
        }
        if self.directories.len() != self.replicas.len() {
            return Err("has not one directory for each replica");
        }
        Ok(())
    }
}

/// One topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicImage {
    /// Its name.
    pub name: Arc<str>,
    /// Its id, never used again after it is deleted.
    pub id: Uuid,
    /// Its partitions; their numbers are 0 to one below their count.
    pub partitions: BTreeMap<PartitionIndex, Arc<PartitionImage>>,
}

impl TopicImage {
    /// The partition with this number.
    pub fn partition(&self, index: PartitionIndex) -> Option<&Arc<PartitionImage>> {
        self.partitions.get(&index)
    }

    /// How many partitions it has.
    pub fn partition_count(&self) -> usize {
        self.partitions.len()
    }

    /// The replicas of its first partition, which later partitions follow in number.
    pub fn replication_factor(&self) -> usize {
        self.partitions.values().next().map_or(0, |partition| partition.replicas.len())
    }

    /// Whether it belongs to Kafka itself: `__consumer_offsets`, `__transaction_state`,
    /// `__share_group_state`.
    pub fn is_internal(&self) -> bool {
        is_internal_topic(&self.name)
    }
}

/// Whether Kafka keeps its own state in the topic of this name.
pub fn is_internal_topic(name: &str) -> bool {
    matches!(name, "__consumer_offsets" | "__transaction_state" | "__share_group_state")
}

/// All topics.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TopicsImage {
    by_name: BTreeMap<Arc<str>, Arc<TopicImage>>,
    names: HashMap<Uuid, Arc<str>>,
    partition_count: usize,
}

impl TopicsImage {
    /// The topic with this name.
    pub fn by_name(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.by_name.get(name)
    }

    /// The topic with this id.
    pub fn by_id(&self, id: Uuid) -> Option<&Arc<TopicImage>> {
        self.by_name.get(self.names.get(&id)?)
    }

    /// Every topic in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.by_name.values()
    }

    /// The topics from this name on, in the order of names.
    pub fn iter_from<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Arc<TopicImage>> + use<'a> {
        let from: Arc<str> = Arc::from(name);
        self.by_name.range(from..).map(|(_, topic)| topic)
    }

    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is no topic.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// How many partitions all topics have together.
    pub fn partition_count(&self) -> usize {
        self.partition_count
    }

    pub(super) fn insert(&mut self, topic: TopicImage) {
        let name = topic.name.clone();
        self.partition_count += topic.partitions.len();
        let id_before = self.names.insert(topic.id, name.clone());
        let topic_before = self.by_name.insert(name, Arc::new(topic));
        assert!(id_before.is_none() && topic_before.is_none(), "the caller made sure that the topic is new");
    }

    pub(super) fn remove(&mut self, id: Uuid) -> Option<Arc<TopicImage>> {
        let name = self.names.remove(&id)?;
        let topic = self.by_name.remove(&name)?;
        self.partition_count -= topic.partitions.len();
        Some(topic)
    }

    pub(super) fn set_partition(&mut self, id: Uuid, index: PartitionIndex, partition: PartitionImage) {
        let topic = self.names.get(&id).and_then(|name| self.by_name.get_mut(name));
        let topic = topic.expect("the caller found the topic by this id");
        let before = Arc::make_mut(topic).partitions.insert(index, Arc::new(partition));
        if before.is_none() {
            self.partition_count += 1;
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.names.len() != self.by_name.len() {
            return Err("topics by id and by name differ in number".to_owned());
        }
        for topic in self.by_name.values() {
            if self.names.get(&topic.id) != Some(&topic.name) {
                return Err(format!("topic {} is not found by its id", topic.name));
            }
            for (index, partition) in &topic.partitions {
                partition.check().map_err(|broken| format!("{}-{index} {broken}", topic.name))?;
            }
        }
        Ok(())
    }
}
