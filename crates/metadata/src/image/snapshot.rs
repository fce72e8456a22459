//! The records that rebuild an image on an empty one: what a snapshot of the metadata log holds.

use stream_codec::Str;
use stream_types::NodeId;

use super::{BrokerRegistration, ControllerRegistration, MetadataImage, PartitionImage};
use crate::record::MetadataRecord;
use stream_codec::stored::metadata::{
    BrokerEndpoint, BrokerFeature, ClientQuotaRecord, ConfigRecord, ControllerEndpoint, ControllerFeature,
    DeclaredAclsRecord, EntityData, FeatureLevelRecord, PartitionRecord, ProducerIdsRecord, RegisterBrokerRecord,
    RegisterControllerRecord, TopicRecord, UnregisterBrokerRecord,
};

/// The broker id of a record that only says which broker epochs are used up.
const NO_BROKER: i32 = -1;

impl MetadataImage {
    /// Records that make an image equal to this one when they are replayed on an empty image of the
    /// same cluster.
    pub fn to_records(&self) -> Vec<MetadataRecord> {
        let mut records = Vec::new();
        for (name, level) in self.features.iter() {
            records.push(FeatureLevelRecord { name: name.into(), feature_level: *level }.into());
        }
        records.extend(self.controllers.values().map(|controller| register_controller(controller).into()));
        records.extend(self.brokers.values().map(|broker| register_broker(broker).into()));
        if self.brokers.values().all(|broker| broker.epoch < self.broker_epoch_highest) {
            let gone = UnregisterBrokerRecord { broker_id: NO_BROKER, broker_epoch: self.broker_epoch_highest };
            records.push(gone.into());
        }
        for topic in self.topics.iter() {
            records.push(TopicRecord { name: Str::from(&*topic.name), topic_id: topic.id }.into());
            for (index, partition) in &topic.partitions {
                let mut record = partition_record(partition);
                record.topic_id = topic.id;
                record.partition_id = index.get();
                records.push(record.into());
            }
        }
        self.config_records(&mut records);
        self.security_records(&mut records);
        if self.next_producer_id > 0 {
            let ids = ProducerIdsRecord { next_producer_id: self.next_producer_id, ..Default::default() };
            records.push(ids.into());
        }
        records
    }

    fn config_records(&self, records: &mut Vec<MetadataRecord>) {
        for (resource, keys) in self.configs.iter() {
            for (key, value) in keys.iter() {
                let record = ConfigRecord {
                    resource_type: resource.kind.code(),
                    resource_name: Str::from(&resource.name),
                    name: key.into(),
                    value: Some(value.into()),
                };
                records.push(record.into());
            }
        }
    }

    fn security_records(&self, records: &mut Vec<MetadataRecord>) {
        records.extend(self.security.scram.values().cloned().map(MetadataRecord::from));
        for ((entity, key), value) in &self.security.quotas {
            let entity = entity
                .iter()
                .map(|(kind, name)| EntityData { entity_type: kind.into(), entity_name: name.as_ref().map(Str::from) })
                .collect();
            records.push(ClientQuotaRecord { entity, key: key.into(), value: *value, remove: false }.into());
        }
        records.extend(self.security.tokens.values().cloned().map(MetadataRecord::from));
        records.extend(self.security.acls.values().cloned().map(MetadataRecord::from));
        if !self.security.declared_acls.is_empty() {
            records.push(DeclaredAclsRecord { ids: self.security.declared_acls.iter().copied().collect() }.into());
        }
    }
}

/// The record that registers a broker like this one.
pub(crate) fn register_broker(broker: &BrokerRegistration) -> RegisterBrokerRecord {
    RegisterBrokerRecord {
        broker_id: broker.id.get(),
        is_migrating_zk_broker: false,
        incarnation_id: broker.incarnation_id,
        broker_epoch: broker.epoch,
        end_points: broker
            .endpoints
            .iter()
            .map(|endpoint| BrokerEndpoint {
                name: Str::from(&endpoint.name),
                host: Str::from(&endpoint.host),
                port: endpoint.port,
                security_protocol: endpoint.security_protocol.code(),
            })
            .collect(),
        features: broker
            .features
            .iter()
            .map(|(name, versions)| BrokerFeature {
                name: name.into(),
                min_supported_version: versions.min,
                max_supported_version: versions.max,
            })
            .collect(),
        rack: broker.rack.as_ref().map(Str::from),
        fenced: broker.fenced,
        in_controlled_shutdown: broker.in_controlled_shutdown,
        log_dirs: broker.log_dirs.clone(),
        cordoned_log_dirs: (!broker.cordoned_log_dirs.is_empty()).then(|| broker.cordoned_log_dirs.clone()),
    }
}

fn register_controller(controller: &ControllerRegistration) -> RegisterControllerRecord {
    RegisterControllerRecord {
        controller_id: controller.id.get(),
        incarnation_id: controller.incarnation_id,
        zk_migration_ready: false,
        end_points: controller
            .endpoints
            .iter()
            .map(|endpoint| ControllerEndpoint {
                name: Str::from(&endpoint.name),
                host: Str::from(&endpoint.host),
                port: endpoint.port,
                security_protocol: endpoint.security_protocol.code(),
            })
            .collect(),
        features: controller
            .features
            .iter()
            .map(|(name, versions)| ControllerFeature {
                name: name.into(),
                min_supported_version: versions.min,
                max_supported_version: versions.max,
            })
            .collect(),
    }
}

/// The record of a partition like this one; topic id and partition number are for the caller.
pub(crate) fn partition_record(partition: &PartitionImage) -> PartitionRecord {
    let some = |list: &[NodeId]| (!list.is_empty()).then(|| ids(list));
    PartitionRecord {
        replicas: ids(&partition.replicas),
        isr: ids(&partition.isr),
        removing_replicas: ids(&partition.removing_replicas),
        adding_replicas: ids(&partition.adding_replicas),
        leader: partition.leader.map_or(-1, NodeId::get),
        leader_epoch: partition.leader_epoch.get(),
        partition_epoch: partition.partition_epoch.get(),
        leader_recovery_state: partition.leader_recovery_state.code(),
        directories: partition.directories.clone(),
        eligible_leader_replicas: some(&partition.eligible_leader_replicas),
        last_known_elr: some(&partition.last_known_elr),
        ..PartitionRecord::default()
    }
}

pub(crate) fn ids(nodes: &[NodeId]) -> Vec<i32> {
    nodes.iter().map(|node| node.get()).collect()
}
