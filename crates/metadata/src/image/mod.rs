//! The metadata image: what the records of the metadata log add up to.
//!
//! Invariants (checked by [`MetadataImage::check`]):
//! - `topics.by_id` and `topics.by_name` hold the same topics;
//! - the leader of a partition, if it has one, is one of its replicas and in its ISR;
//! - the ISR is not empty and is a subset of the replicas;
//! - a partition has as many directories as replicas;
//! - no broker's epoch is above `broker_epoch_highest`.

mod cluster;
mod configs;
mod replay;
mod security;
mod snapshot;
mod topics;

use std::collections::BTreeMap;
use std::sync::Arc;

use stream_types::{NodeId, Uuid};

pub use cluster::{BrokerRegistration, ControllerRegistration, Endpoint, SecurityProtocol, SupportedVersions};
pub use configs::{ConfigResource, ConfigResourceType, ConfigsImage};
pub use security::{QuotaEntity, SecurityImage};
pub(crate) use snapshot::{partition_record, register_broker};
pub use topics::{LeaderRecoveryState, PartitionImage, TopicImage, TopicsImage, is_internal_topic};

/// One moment of the cluster's metadata. Clones share everything that later records leave alone.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct MetadataImage {
    pub(crate) cluster_id: Arc<str>,
    pub(crate) brokers: Arc<BTreeMap<NodeId, Arc<BrokerRegistration>>>,
    pub(crate) controllers: Arc<BTreeMap<NodeId, Arc<ControllerRegistration>>>,
    pub(crate) topics: Arc<TopicsImage>,
    pub(crate) configs: Arc<ConfigsImage>,
    pub(crate) features: Arc<BTreeMap<String, i16>>,
    pub(crate) security: Arc<SecurityImage>,
    pub(crate) next_producer_id: i64,
    pub(crate) broker_epoch_highest: i64,
}

impl MetadataImage {
    /// The image before the first record of the cluster with this id.
    pub fn empty(cluster_id: &str) -> Self {
        MetadataImage { cluster_id: Arc::from(cluster_id), ..MetadataImage::default() }
    }

    /// The cluster's id, as `meta.properties` keeps it.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// The broker with this id, fenced or not.
    pub fn broker(&self, id: NodeId) -> Option<&Arc<BrokerRegistration>> {
        self.brokers.get(&id)
    }

    /// Every registered broker in the order of ids.
    pub fn brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values()
    }

    /// Every broker that clients may be sent to.
    pub fn unfenced_brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values().filter(|broker| !broker.fenced)
    }

    /// Replicas that cannot be served: their broker is gone, or the log directory that holds them has failed (KIP-112).
    pub fn offline_replicas(&self, partition: &PartitionImage) -> impl Iterator<Item = NodeId> {
        let is_online = |id: &NodeId| {
            let directory = partition.directory_of(*id).unwrap_or(Uuid::ZERO);
            let led = partition.leader == Some(*id);
            self.broker(*id).is_some_and(|broker| !broker.fenced && (led || broker.has_online_dir(directory)))
        };
        partition.replicas.iter().copied().filter(move |id| !is_online(id))
    }

    /// Every registered controller in the order of ids.
    pub fn controllers(&self) -> impl Iterator<Item = &Arc<ControllerRegistration>> {
        self.controllers.values()
    }

    /// Topics and partitions.
    pub fn topics(&self) -> &TopicsImage {
        &self.topics
    }

    /// The topic with this name.
    pub fn topic(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.topics.by_name(name)
    }

    /// Whether no topic or partition changed between the two images; may say no where nothing did.
    pub fn shares_topics_with(&self, other: &MetadataImage) -> bool {
        Arc::ptr_eq(&self.topics, &other.topics)
    }

    /// Whether no configuration changed between the two images; may say no where nothing did.
    pub fn shares_configs_with(&self, other: &MetadataImage) -> bool {
        Arc::ptr_eq(&self.configs, &other.configs)
    }

    /// Whether no ACL, credential, quota or token changed between the two images; may say no where nothing did.
    pub fn shares_security_with(&self, other: &MetadataImage) -> bool {
        Arc::ptr_eq(&self.security, &other.security)
    }

    /// Dynamic configuration of every resource.
    pub fn configs(&self) -> &ConfigsImage {
        &self.configs
    }

    /// Finalized feature levels by name, `metadata.version` among them.
    pub fn features(&self) -> &BTreeMap<String, i16> {
        &self.features
    }

    /// ACLs, SCRAM credentials, quotas and delegation tokens.
    pub fn security(&self) -> &SecurityImage {
        &self.security
    }

    /// The first producer id that no broker was given yet.
    pub fn next_producer_id(&self) -> i64 {
        self.next_producer_id
    }

    /// The largest broker epoch ever given out; the next registration gets a larger one.
    pub fn broker_epoch_highest(&self) -> i64 {
        self.broker_epoch_highest
    }

    /// Checks the invariants of this file's head; the text names the first one broken.
    pub fn check(&self) -> Result<(), String> {
        self.topics.check()?;
        for broker in self.brokers.values() {
            if broker.epoch > self.broker_epoch_highest {
                return Err(format!("broker {} has an epoch above the highest given out", broker.id));
            }
        }
        Ok(())
    }
}
