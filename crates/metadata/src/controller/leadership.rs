//! How partitions answer to brokers that come and go.

use stream_types::{NodeId, PartitionIndex, Uuid};

use super::Controller;
use crate::image::{LeaderRecoveryState, PartitionImage, TopicImage};
use crate::record::MetadataRecord;
use stream_codec::stored::metadata::PartitionChangeRecord;

/// The record of no leader.
const NO_LEADER: i32 = -1;

impl Controller {
    /// Every partition of every topic.
    pub(super) fn partitions(&self) -> impl Iterator<Item = (&TopicImage, PartitionIndex, &PartitionImage)> {
        self.image
            .topics()
            .iter()
            .flat_map(|topic| topic.partitions.iter().map(move |(index, partition)| (&**topic, *index, &**partition)))
    }

    /// A broker begins to lead: every partition that it led before gets a new leader epoch, so that
    /// what a crash took is told from what comes now, and every partition that waited for it gets it
    /// as leader.
    pub(super) fn lead_again(&self, broker: NodeId) -> Vec<MetadataRecord> {
        let mut records = Vec::new();
        for (topic, index, partition) in self.partitions() {
            let led = partition.leader == Some(broker);
            let waited = partition.leader.is_none() && partition.isr.contains(&broker);
            if led || waited {
                let mut record = change_of(topic.id, index);
                record.leader = broker.get();
                records.push(record.into());
            }
        }
        records
    }

    /// A broker stops leading: it leaves every ISR that has another live member, and what it led gets
    /// another leader from the ISR, or none.
    pub(super) fn lead_no_more(&self, broker: NodeId) -> Vec<MetadataRecord> {
        let steps = self.partitions().filter_map(|(topic, index, partition)| {
            let mut record = change_of(topic.id, index);
            self.step_down(broker, partition, &mut record).then(|| record.into())
        });
        steps.collect()
    }

    /// Takes the broker out of one partition's ISR and leadership; whether that changes anything.
    pub(super) fn step_down(
        &self,
        broker: NodeId,
        partition: &PartitionImage,
        record: &mut PartitionChangeRecord,
    ) -> bool {
        if !partition.isr.contains(&broker) && partition.leader != Some(broker) {
            return false;
        }
        let others: Vec<NodeId> = partition.isr.iter().copied().filter(|member| *member != broker).collect();
        if !others.is_empty() {
            record.isr = Some(others.iter().map(|member| member.get()).collect());
        }
        if partition.leader == Some(broker) {
            let mut in_order = partition.replicas.iter();
            let next = in_order.find(|replica| others.contains(replica) && self.may_lead(**replica, partition));
            record.leader = next.map_or(NO_LEADER, |next| next.get());
        }
        partition.leader == Some(broker) || !others.is_empty()
    }

    /// Whether a broker may lead this partition: it is there, and so is the directory that holds its replica.
    pub(super) fn may_lead(&self, broker: NodeId, partition: &PartitionImage) -> bool {
        let directory = partition.directory_of(broker).unwrap_or(Uuid::ZERO);
        self.image
            .broker(broker)
            .is_some_and(|registration| registration.is_active() && registration.has_online_dir(directory))
    }

    /// Whether a broker may lead.
    pub(super) fn is_active(&self, broker: NodeId) -> bool {
        self.image.broker(broker).is_some_and(|registration| registration.is_active())
    }

    /// A new partition with these replicas: all live ones are in sync, the first of them leads.
    pub(super) fn new_partition(&self, replicas: Vec<NodeId>) -> Option<PartitionImage> {
        let isr: Vec<NodeId> = replicas.iter().copied().filter(|replica| self.is_active(*replica)).collect();
        let leader = *isr.first()?;
        let directories = replicas.iter().map(|replica| self.only_directory(*replica)).collect();
        Some(PartitionImage {
            replicas,
            isr,
            leader: Some(leader),
            directories,
            leader_recovery_state: LeaderRecoveryState::Recovered,
            ..PartitionImage::default()
        })
    }

    /// The directory in which a broker keeps a new partition, if it has only one that takes any; with
    /// several the broker chooses, and tells (KIP-858).
    fn only_directory(&self, broker: NodeId) -> Uuid {
        let Some(registration) = self.image.broker(broker) else {
            return Uuid::ZERO;
        };
        let mut open = registration.log_dirs.iter().filter(|dir| !registration.cordoned_log_dirs.contains(dir));
        match (open.next(), open.next()) {
            (Some(only), None) => *only,
            _ => Uuid::ZERO,
        }
    }
}

/// A record that changes nothing yet.
pub(super) fn change_of(topic_id: Uuid, index: PartitionIndex) -> PartitionChangeRecord {
    PartitionChangeRecord { topic_id, partition_id: index.get(), ..PartitionChangeRecord::default() }
}
