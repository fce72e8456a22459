//! What each record does to the image. Live execution, recovery and snapshots all come through here.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use stream_types::{LeaderEpoch, NodeId, PartitionEpoch, PartitionIndex, Uuid};

use super::security::{QuotaEntity, quota_entity};
use super::{
    BrokerRegistration, ConfigResource, ConfigResourceType, ControllerRegistration, Endpoint, LeaderRecoveryState,
    MetadataImage, PartitionImage, SecurityProtocol, SupportedVersions, TopicImage,
};
use crate::error::MetadataError;
use crate::record::{MetadataRecord, decode_entry};
use stream_codec::stored::metadata::{
    BrokerRegistrationChangeRecord, ClientQuotaRecord, ConfigRecord, PartitionChangeRecord, PartitionRecord,
    RegisterBrokerRecord, RegisterControllerRecord, RemoveTopicRecord, TopicRecord, UnregisterBrokerRecord,
};

/// `leader` of a PartitionChangeRecord that leaves the leader alone.
const NO_LEADER_CHANGE: i32 = -2;
/// `leader_recovery_state` of a PartitionChangeRecord that leaves it alone.
const NO_RECOVERY_CHANGE: i8 = -1;

impl MetadataImage {
    /// Applies every record of one Raft entry.
    pub fn replay_entry(&mut self, entry: Bytes) -> Result<(), MetadataError> {
        self.replay_all(&decode_entry(entry)?)
    }

    /// Applies records in order. After an error the image is to be dropped.
    pub fn replay_all(&mut self, records: &[MetadataRecord]) -> Result<(), MetadataError> {
        records.iter().try_for_each(|record| self.replay(record))
    }

    /// Applies one record. An error leaves the image as it was.
    pub fn replay(&mut self, record: &MetadataRecord) -> Result<(), MetadataError> {
        match record {
            MetadataRecord::RegisterBroker(record) => self.replay_register_broker(record)?,
            MetadataRecord::UnregisterBroker(record) => self.replay_unregister_broker(record),
            MetadataRecord::BrokerRegistrationChange(record) => self.replay_broker_change(record)?,
            MetadataRecord::FenceBroker(record) => self.change_broker(record.id, record.epoch, |b| b.fenced = true)?,
            MetadataRecord::UnfenceBroker(record) => {
                self.change_broker(record.id, record.epoch, |b| b.fenced = false)?;
            }
            MetadataRecord::RegisterController(record) => self.replay_register_controller(record)?,
            MetadataRecord::Topic(record) => self.replay_topic(record)?,
            MetadataRecord::Partition(record) => self.replay_partition(record)?,
            MetadataRecord::PartitionChange(record) => self.replay_partition_change(record)?,
            MetadataRecord::RemoveTopic(record) => self.replay_remove_topic(record)?,
            MetadataRecord::ClearElr(record) => self.replay_clear_elr(&record.topic_name),
            MetadataRecord::Config(record) => self.replay_config(record)?,
            MetadataRecord::FeatureLevel(record) => {
                let features = Arc::make_mut(&mut self.features);
                if record.feature_level == 0 {
                    features.remove(record.name.as_str());
                } else {
                    features.insert(record.name.to_string(), record.feature_level);
                }
            }
            MetadataRecord::ProducerIds(record) => self.next_producer_id = record.next_producer_id,
            MetadataRecord::AccessControlEntry(_)
            | MetadataRecord::RemoveAccessControlEntry(_)
            | MetadataRecord::DeclaredAcls(_)
            | MetadataRecord::UserScramCredential(_)
            | MetadataRecord::RemoveUserScramCredential(_)
            | MetadataRecord::ClientQuota(_)
            | MetadataRecord::DelegationToken(_)
            | MetadataRecord::RemoveDelegationToken(_) => self.replay_security(record),
            // Adoption resolves Kafka's transactions before it replays; ours are one entry each.
            MetadataRecord::NoOp(_)
            | MetadataRecord::ZkMigrationState(_)
            | MetadataRecord::BeginTransaction(_)
            | MetadataRecord::EndTransaction(_)
            | MetadataRecord::AbortTransaction(_) => {}
        }
        Ok(())
    }

    fn replay_register_broker(&mut self, record: &RegisterBrokerRecord) -> Result<(), MetadataError> {
        let mut endpoints = Vec::new();
        for endpoint in &record.end_points {
            let protocol = security_protocol("RegisterBroker", endpoint.security_protocol)?;
            endpoints.push(Endpoint {
                name: endpoint.name.to_string(),
                host: endpoint.host.to_string(),
                port: endpoint.port,
                security_protocol: protocol,
            });
        }
        let id = NodeId(record.broker_id);
        let registration = BrokerRegistration {
            id,
            incarnation_id: record.incarnation_id,
            epoch: record.broker_epoch,
            endpoints,
            features: record
                .features
                .iter()
                .map(|f| (f.name.to_string(), supported(f.min_supported_version, f.max_supported_version)))
                .collect(),
            rack: record.rack.as_ref().map(ToString::to_string),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            log_dirs: record.log_dirs.clone(),
            cordoned_log_dirs: record.cordoned_log_dirs.clone().unwrap_or_default(),
        };
        self.broker_epoch_highest = self.broker_epoch_highest.max(registration.epoch);
        Arc::make_mut(&mut self.brokers).insert(id, Arc::new(registration));
        Ok(())
    }

    /// A broker that is not there stays away; its epoch is remembered, which is what a snapshot
    /// writes this record for.
    fn replay_unregister_broker(&mut self, record: &UnregisterBrokerRecord) {
        self.broker_epoch_highest = self.broker_epoch_highest.max(record.broker_epoch);
        let id = NodeId(record.broker_id);
        if self.brokers.contains_key(&id) {
            Arc::make_mut(&mut self.brokers).remove(&id);
        }
    }

    fn replay_broker_change(&mut self, record: &BrokerRegistrationChangeRecord) -> Result<(), MetadataError> {
        let fenced = change("fenced", record.fenced)?;
        let in_controlled_shutdown = change("in_controlled_shutdown", record.in_controlled_shutdown)?;
        self.change_broker(record.broker_id, record.broker_epoch, |broker| {
            broker.fenced = fenced.unwrap_or(broker.fenced);
            broker.in_controlled_shutdown = in_controlled_shutdown.unwrap_or(broker.in_controlled_shutdown);
            if !record.log_dirs.is_empty() {
                broker.log_dirs.clone_from(&record.log_dirs);
            }
            if let Some(cordoned) = &record.cordoned_log_dirs {
                broker.cordoned_log_dirs.clone_from(cordoned);
            }
        })
    }

    fn change_broker(
        &mut self,
        id: i32,
        epoch: i64,
        change: impl FnOnce(&mut BrokerRegistration),
    ) -> Result<(), MetadataError> {
        let unknown = MetadataError::UnknownBroker { broker_id: NodeId(id), epoch };
        if self.broker(NodeId(id)).is_none_or(|broker| broker.epoch != epoch) {
            return Err(unknown);
        }
        let broker = Arc::make_mut(&mut self.brokers).get_mut(&NodeId(id)).ok_or(unknown)?;
        change(Arc::make_mut(broker));
        Ok(())
    }

    fn replay_register_controller(&mut self, record: &RegisterControllerRecord) -> Result<(), MetadataError> {
        let mut endpoints = Vec::new();
        for endpoint in &record.end_points {
            let protocol = security_protocol("RegisterController", endpoint.security_protocol)?;
            endpoints.push(Endpoint {
                name: endpoint.name.to_string(),
                host: endpoint.host.to_string(),
                port: endpoint.port,
                security_protocol: protocol,
            });
        }
        let registration = ControllerRegistration {
            id: NodeId(record.controller_id),
            incarnation_id: record.incarnation_id,
            endpoints,
            features: record
                .features
                .iter()
                .map(|f| (f.name.to_string(), supported(f.min_supported_version, f.max_supported_version)))
                .collect(),
        };
        Arc::make_mut(&mut self.controllers).insert(registration.id, Arc::new(registration));
        Ok(())
    }

    fn replay_topic(&mut self, record: &TopicRecord) -> Result<(), MetadataError> {
        let name = record.name.as_str();
        let existing = self.topics.by_name(name).or_else(|| self.topics.by_id(record.topic_id));
        if let Some(existing) = existing {
            return Err(MetadataError::TopicNameTaken {
                name: name.to_owned(),
                topic_id: record.topic_id,
                existing: existing.id,
            });
        }
        let topic = TopicImage { name: Arc::from(name), id: record.topic_id, partitions: Default::default() };
        Arc::make_mut(&mut self.topics).insert(topic);
        Ok(())
    }

    fn replay_partition(&mut self, record: &PartitionRecord) -> Result<(), MetadataError> {
        let mut directories = record.directories.clone();
        // Version 0 carries no directories: they are not told yet.
        directories.resize(record.replicas.len(), Uuid::ZERO);
        let partition = PartitionImage {
            replicas: nodes(&record.replicas),
            isr: nodes(&record.isr),
            removing_replicas: nodes(&record.removing_replicas),
            adding_replicas: nodes(&record.adding_replicas),
            leader: leader(record.leader),
            leader_epoch: LeaderEpoch(record.leader_epoch),
            partition_epoch: PartitionEpoch(record.partition_epoch),
            leader_recovery_state: recovery_state("Partition", record.leader_recovery_state)?,
            directories,
            eligible_leader_replicas: nodes(record.eligible_leader_replicas.as_deref().unwrap_or_default()),
            last_known_elr: nodes(record.last_known_elr.as_deref().unwrap_or_default()),
        };
        let index = PartitionIndex(record.partition_id);
        if record.partition_id < 0 {
            let value = record.partition_id.into();
            return Err(MetadataError::BadField { record: "Partition", field: "partition_id", value });
        }
        if self.topics.by_id(record.topic_id).is_none() {
            return Err(MetadataError::UnknownTopicId { topic_id: record.topic_id });
        }
        Arc::make_mut(&mut self.topics).set_partition(record.topic_id, index, partition);
        Ok(())
    }

    fn replay_partition_change(&mut self, record: &PartitionChangeRecord) -> Result<(), MetadataError> {
        let topic_id = record.topic_id;
        let topic = self.topics.by_id(topic_id).ok_or(MetadataError::UnknownTopicId { topic_id })?;
        let index = PartitionIndex(record.partition_id);
        let before = topic
            .partition(index)
            .ok_or_else(|| MetadataError::UnknownPartition { topic: topic.name.to_string(), partition: index })?;
        let after = merged(before, record)?;
        assert!(after.partition_epoch > before.partition_epoch, "a change advances the partition epoch");
        Arc::make_mut(&mut self.topics).set_partition(topic_id, index, after);
        Ok(())
    }

    fn replay_remove_topic(&mut self, record: &RemoveTopicRecord) -> Result<(), MetadataError> {
        let topic_id = record.topic_id;
        let unknown = MetadataError::UnknownTopicId { topic_id };
        if self.topics.by_id(topic_id).is_none() {
            return Err(unknown);
        }
        let topic = Arc::make_mut(&mut self.topics).remove(topic_id).ok_or(unknown)?;
        let resource = ConfigResource::topic(&topic.name);
        if self.configs.get(&resource).is_some() {
            Arc::make_mut(&mut self.configs).remove(&resource);
        }
        Ok(())
    }

    /// An empty name means every topic.
    fn replay_clear_elr(&mut self, topic_name: &str) {
        let mut cleared = Vec::new();
        for topic in self.topics.iter().filter(|topic| topic_name.is_empty() || &*topic.name == topic_name) {
            for (index, partition) in &topic.partitions {
                if !partition.eligible_leader_replicas.is_empty() || !partition.last_known_elr.is_empty() {
                    let mut after = PartitionImage::clone(partition);
                    after.eligible_leader_replicas.clear();
                    after.last_known_elr.clear();
                    cleared.push((topic.id, *index, after));
                }
            }
        }
        for (id, index, partition) in cleared {
            Arc::make_mut(&mut self.topics).set_partition(id, index, partition);
        }
    }

    fn replay_config(&mut self, record: &ConfigRecord) -> Result<(), MetadataError> {
        let kind = ConfigResourceType::from_code(record.resource_type).ok_or(MetadataError::BadField {
            record: "Config",
            field: "resource_type",
            value: record.resource_type.into(),
        })?;
        let resource = ConfigResource { kind, name: record.resource_name.to_string() };
        Arc::make_mut(&mut self.configs).set(resource, &record.name, record.value.as_deref());
        Ok(())
    }

    fn replay_security(&mut self, record: &MetadataRecord) {
        let security = Arc::make_mut(&mut self.security);
        match record {
            MetadataRecord::AccessControlEntry(acl) => {
                security.acls.insert(acl.id, acl.clone());
            }
            MetadataRecord::RemoveAccessControlEntry(removed) => {
                security.acls.remove(&removed.id);
            }
            MetadataRecord::DeclaredAcls(declared) => security.declared_acls = declared.ids.iter().copied().collect(),
            MetadataRecord::UserScramCredential(credential) => {
                security.scram.insert((credential.name.to_string(), credential.mechanism), credential.clone());
            }
            MetadataRecord::RemoveUserScramCredential(removed) => {
                security.scram.remove(&(removed.name.to_string(), removed.mechanism));
            }
            MetadataRecord::ClientQuota(quota) => replay_quota(&mut security.quotas, quota),
            MetadataRecord::DelegationToken(token) => {
                security.tokens.insert(token.token_id.to_string(), token.clone());
            }
            MetadataRecord::RemoveDelegationToken(removed) => {
                security.tokens.remove(removed.token_id.as_str());
            }
            _ => {}
        }
    }
}

fn replay_quota(quotas: &mut BTreeMap<(QuotaEntity, String), f64>, record: &ClientQuotaRecord) {
    let key = (quota_entity(record), record.key.to_string());
    if record.remove {
        quotas.remove(&key);
    } else {
        quotas.insert(key, record.value);
    }
}

/// The partition after a change (KIP-631): what the record does not name stays, the partition epoch
/// grows by one, and the leader epoch grows by one whenever the record names a leader.
fn merged(before: &PartitionImage, record: &PartitionChangeRecord) -> Result<PartitionImage, MetadataError> {
    let mut after = before.clone();
    if let Some(replicas) = &record.replicas {
        after.directories =
            nodes(replicas).into_iter().map(|replica| before.directory_of(replica).unwrap_or(Uuid::ZERO)).collect();
        after.replicas = nodes(replicas);
    }
    if let Some(directories) = &record.directories {
        after.directories.clone_from(directories);
        after.directories.resize(after.replicas.len(), Uuid::ZERO);
    }
    let lists = [
        (&record.isr, &mut after.isr),
        (&record.removing_replicas, &mut after.removing_replicas),
        (&record.adding_replicas, &mut after.adding_replicas),
        (&record.eligible_leader_replicas, &mut after.eligible_leader_replicas),
        (&record.last_known_elr, &mut after.last_known_elr),
    ];
    for (new, list) in lists {
        if let Some(new) = new {
            *list = nodes(new);
        }
    }
    if record.leader != NO_LEADER_CHANGE {
        after.leader = leader(record.leader);
        after.leader_epoch = LeaderEpoch(after.leader_epoch.get().saturating_add(1));
    }
    if record.leader_recovery_state != NO_RECOVERY_CHANGE {
        after.leader_recovery_state = recovery_state("PartitionChange", record.leader_recovery_state)?;
    }
    let epoch = before.partition_epoch.get();
    after.partition_epoch = PartitionEpoch(epoch.checked_add(1).ok_or(MetadataError::BadField {
        record: "Partition",
        field: "partition_epoch",
        value: epoch.into(),
    })?);
    Ok(after)
}

fn nodes(ids: &[i32]) -> Vec<NodeId> {
    ids.iter().copied().map(NodeId).collect()
}

fn leader(id: i32) -> Option<NodeId> {
    (id >= 0).then_some(NodeId(id))
}

fn supported(min: i16, max: i16) -> SupportedVersions {
    SupportedVersions { min, max }
}

fn security_protocol(record: &'static str, code: i16) -> Result<SecurityProtocol, MetadataError> {
    SecurityProtocol::from_code(code).ok_or(MetadataError::BadField {
        record,
        field: "security_protocol",
        value: code.into(),
    })
}

fn recovery_state(record: &'static str, code: i8) -> Result<LeaderRecoveryState, MetadataError> {
    LeaderRecoveryState::from_code(code).ok_or(MetadataError::BadField {
        record,
        field: "leader_recovery_state",
        value: code.into(),
    })
}

/// -1: becomes false; 0: stays; 1: becomes true.
fn change(field: &'static str, code: i8) -> Result<Option<bool>, MetadataError> {
    match code {
        -1 => Ok(Some(false)),
        0 => Ok(None),
        1 => Ok(Some(true)),
        _ => Err(MetadataError::BadField { record: "BrokerRegistrationChange", field, value: code.into() }),
    }
}
