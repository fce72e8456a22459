//! What of Kafka's image becomes ours.
//!
//! The node becomes the whole cluster: it is the only replica of every partition that it holds in sync. Topic ids,
//! leader epochs, producer ids, broker epochs, configurations, ACLs, SCRAM credentials, quotas and tokens stay what they
//! are. Other nodes' registrations go, and so do levels of features that this broker does not have.

use std::collections::{BTreeMap, BTreeSet};

use stream_codec::stored::metadata::{FeatureLevelRecord, UnregisterBrokerRecord};
use stream_types::{NodeId, PartitionIndex, TopicPartition, Uuid};

use super::KafkaMetadata;
use crate::config_def::{KeyClass, classify_key, topic_key};
use crate::error::MetadataError;
use crate::features;
use crate::image::{ConfigResourceType, MetadataImage, PartitionImage, TopicImage};
use crate::record::MetadataRecord;

/// Names listed in one line.
const NAMES_MAX: usize = 5;

/// A partition's directory as it is on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldPartition {
    /// What its `partition.metadata` says.
    pub topic_id: Option<Uuid>,
    /// `directory.id` of the log directory that it is in.
    pub directory: Uuid,
}

/// What the node holds on its disks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holdings {
    /// `node.id`.
    pub node: NodeId,
    /// `directory.id` of each of its log directories.
    pub directories: BTreeSet<Uuid>,
    /// Its partitions.
    pub partitions: BTreeMap<TopicPartition, HeldPartition>,
}

/// What an adoption comes to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Adoption {
    /// The records that our metadata log begins with; of no use when something is refused.
    pub records: Vec<MetadataRecord>,
    /// Why it cannot be: one sentence each.
    pub refused: Vec<String>,
    /// What is left behind.
    pub not_carried: Vec<String>,
    /// What becomes different.
    pub changed: Vec<String>,
}

impl Adoption {
    /// Decides what is carried.
    pub fn decide(metadata: &KafkaMetadata, holdings: &Holdings) -> Adoption {
        let mut adoption = Adoption::default();
        adoption.check_cluster(metadata, holdings);
        for ((api_key, version), count) in metadata.unknown() {
            let text = format!("{count} metadata records of kind {api_key} version {version}, which is not known here");
            adoption.not_carried.push(text);
        }
        let image = metadata.image();
        adoption.features(image);
        let mut partitions = Partitions::default();
        for record in image.to_records() {
            match record {
                MetadataRecord::FeatureLevel(_)
                | MetadataRecord::RegisterController(_)
                | MetadataRecord::UnregisterBroker(_) => {}
                MetadataRecord::RegisterBroker(broker) if broker.broker_id != holdings.node.get() => {}
                MetadataRecord::Partition(mut record) => {
                    if let Some(topic) = image.topics().by_id(record.topic_id) {
                        let index = PartitionIndex(record.partition_id);
                        if let Some(partition) = topic.partition(index) {
                            record = partitions.take(topic, index, partition, holdings);
                        }
                    }
                    adoption.records.push(record.into());
                }
                other => adoption.records.push(other),
            }
        }
        let used = UnregisterBrokerRecord { broker_id: -1, broker_epoch: image.broker_epoch_highest() };
        adoption.records.push(used.into());
        partitions.report(&mut adoption);
        adoption.strays(image, holdings);
        adoption.configurations(image);
        adoption
    }

    /// The image that the records add up to, checked.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn image(&self, cluster_id: &str) -> Result<MetadataImage, MetadataError> {
        let mut image = MetadataImage::empty(cluster_id);
        image.replay_all(&self.records)?;
        image.check().map_err(|reason| MetadataError::Malformed { reason })?;
        Ok(image)
    }

    /// Whether nothing is left behind.
    pub fn is_lossless(&self) -> bool {
        self.refused.is_empty() && self.not_carried.is_empty()
    }

    fn check_cluster(&mut self, metadata: &KafkaMetadata, holdings: &Holdings) {
        let node = holdings.node;
        let voters = metadata.voters();
        if !voters.is_empty() && !voters.contains(&node) {
            self.refused.push(format!(
                "node {node} does not vote in its metadata quorum ({}): what it knows may be behind; adopt a node that \
                 is broker and controller",
                list(voters.iter().map(NodeId::to_string)),
            ));
        } else if voters.len() > 1 {
            self.refused.push(format!(
                "its metadata quorum has {} voters, and one of them cannot tell what the others have committed; only a \
                 node that is the sole voter can be adopted",
                voters.len(),
            ));
        }
        if metadata.is_migrating() {
            self.refused.push("its migration from ZooKeeper is not finished; finish it with Kafka first".to_owned());
        }
        let others: Vec<String> =
            metadata.image().brokers().filter(|broker| broker.id != node).map(|broker| broker.id.to_string()).collect();
        if !others.is_empty() {
            self.changed.push(format!("node {node} is the whole cluster from now on: forgotten are {}", list(others)));
        }
        let registered = metadata.image().broker(node).map(|broker| broker.log_dirs.len()).unwrap_or_default();
        if registered > holdings.directories.len() {
            self.refused.push(format!(
                "the node has {registered} log directories and {} was given; name every one of its log.dirs",
                holdings.directories.len(),
            ));
        }
    }

    fn features(&mut self, image: &MetadataImage) {
        let levels: Vec<FeatureLevelRecord> = features::bootstrap_records()
            .into_iter()
            .filter_map(|record| match record {
                MetadataRecord::FeatureLevel(level) => Some(level),
                _ => None,
            })
            .collect();
        for (name, level) in image.features() {
            match levels.iter().find(|ours| ours.name.as_str() == name) {
                Some(ours) if ours.feature_level == *level => {}
                Some(ours) => self.changed.push(format!("feature {name} {level} becomes {}", ours.feature_level)),
                None => self.changed.push(format!("feature {name} {level} is off: this broker does not have it")),
            }
        }
        self.records.extend(levels.into_iter().map(MetadataRecord::from));
    }

    /// Directories that the metadata does not name.
    fn strays(&mut self, image: &MetadataImage, holdings: &Holdings) {
        let is_stray = |(place, held): &(&TopicPartition, &HeldPartition)| {
            let topic = image.topic(&place.topic);
            let known = topic.filter(|topic| held.topic_id.is_none_or(|id| id == topic.id));
            known.and_then(|topic| topic.partition(place.partition)).is_none()
        };
        let strays: Vec<String> =
            holdings.partitions.iter().filter(is_stray).map(|(place, _)| place.to_string()).collect();
        if !strays.is_empty() {
            self.not_carried.push(format!("directories of partitions that do not exist any more: {}", list(strays)));
        }
    }

    fn configurations(&mut self, image: &MetadataImage) {
        let mut idle = BTreeSet::new();
        for (resource, keys) in image.configs().iter() {
            for (key, value) in keys.iter() {
                let known = match resource.kind {
                    ConfigResourceType::Topic => topic_key(key).is_some(),
                    ConfigResourceType::Broker => matches!(classify_key(key), KeyClass::Honoured),
                    _ => true,
                };
                if resource.kind == ConfigResourceType::Topic && key == "remote.storage.enable" && value == "true" {
                    self.refused.push(format!(
                        "topic {} keeps records in remote storage, which this broker cannot read; disable it with Kafka first",
                        resource.name,
                    ));
                } else if !known {
                    idle.insert(key.clone());
                }
            }
        }
        if !idle.is_empty() {
            self.changed.push(format!("configuration that is kept and has no effect here: {}", list(idle)));
        }
    }
}

/// What the walk over all partitions found.
#[derive(Default)]
struct Partitions {
    /// Not on this node, or not in sync here.
    elsewhere: Vec<String>,
    /// Assigned here, without a directory.
    missing: Vec<String>,
    /// Had other replicas too.
    shrunk: usize,
    reassigning: Vec<String>,
}

impl Partitions {
    fn take(
        &mut self,
        topic: &TopicImage,
        index: PartitionIndex,
        partition: &PartitionImage,
        holdings: &Holdings,
    ) -> stream_codec::stored::metadata::PartitionRecord {
        let place = TopicPartition::new(&*topic.name, index);
        let node = holdings.node;
        // With eligible leader replicas, the last one may have left the ISR when it stopped (KIP-966).
        let in_sync = partition.isr.contains(&node)
            || (partition.isr.is_empty() && partition.eligible_leader_replicas.contains(&node));
        if !partition.replicas.contains(&node) || !in_sync {
            self.elsewhere.push(place.to_string());
        } else if partition.replicas.len() > 1 {
            self.shrunk += 1;
        }
        if partition.is_reassigning() {
            self.reassigning.push(place.to_string());
        }
        let held = holdings.partitions.get(&place).filter(|held| held.topic_id.is_none_or(|id| id == topic.id));
        if held.is_none() && partition.replicas.contains(&node) {
            self.missing.push(place.to_string());
        }
        let ours = PartitionImage {
            replicas: vec![node],
            isr: vec![node],
            leader: Some(node),
            leader_epoch: partition.leader_epoch,
            partition_epoch: partition.partition_epoch,
            leader_recovery_state: partition.leader_recovery_state,
            directories: vec![held.map_or(Uuid::ZERO, |held| held.directory)],
            ..PartitionImage::default()
        };
        let mut record = crate::image::partition_record(&ours);
        record.topic_id = topic.id;
        record.partition_id = index.get();
        record
    }

    fn report(self, adoption: &mut Adoption) {
        if !self.elsewhere.is_empty() {
            adoption.refused.push(format!(
                "{} partitions are on other nodes, or behind here: {}; move them to this node with Kafka first",
                self.elsewhere.len(),
                list(self.elsewhere),
            ));
        }
        if !self.missing.is_empty() {
            adoption.refused.push(format!(
                "{} partitions have no directory here: {}; name every one of log.dirs, or start Kafka once more",
                self.missing.len(),
                list(self.missing),
            ));
        }
        if self.shrunk > 0 {
            adoption
                .changed
                .push(format!("{} partitions have this node as their only replica from now on", self.shrunk));
        }
        if !self.reassigning.is_empty() {
            adoption.changed.push(format!("reassignments that are under way end: {}", list(self.reassigning)));
        }
    }
}

/// The first few of the names, and how many more there are.
fn list(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().collect();
    let shown = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(NAMES_MAX) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
