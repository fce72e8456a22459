//! Log directories of a broker fail: what it leads there gets another leader, or none (KIP-858).

use stream_codec::stored::metadata::BrokerRegistrationChangeRecord;
use stream_types::{NodeId, PartitionIndex, Uuid};

use super::leadership::change_of;
use super::register_broker::BrokerReply;
use super::{Controller, Decision};
use crate::record::MetadataRecord;

/// Directories failed while the broker goes on with others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfflineLogDirs {
    /// The broker.
    pub broker_id: NodeId,
    /// The registration that is meant.
    pub broker_epoch: i64,
    /// Those that failed, and the partitions whose replica is in each. The broker says it here, in place of Kafka's
    /// AssignReplicasToDirs before.
    pub failed: Vec<(Uuid, Vec<(Uuid, PartitionIndex)>)>,
}

impl Controller {
    /// Takes failed directories off the broker's registration. As with a broker that is gone, the last member of an ISR stays
    /// in it, without a leader, and leads again when it registers with the directory.
    pub fn offline_log_dirs(&self, command: &OfflineLogDirs) -> Decision<BrokerReply> {
        let before = match self.registration(command.broker_id, command.broker_epoch) {
            Ok(before) => before,
            Err(error) => return Decision::nothing(Err(error)),
        };
        let is_failed = |dir: &Uuid| command.failed.iter().any(|(failed, _)| failed == dir);
        let online: Vec<Uuid> = before.log_dirs.iter().copied().filter(|dir| !is_failed(dir)).collect();
        let mut records: Vec<MetadataRecord> = Vec::new();
        // A record cannot say that none is left; such a broker ends and is fenced.
        if online.len() < before.log_dirs.len() && !online.is_empty() {
            let change = BrokerRegistrationChangeRecord {
                broker_id: before.id.get(),
                broker_epoch: before.epoch,
                log_dirs: online,
                ..BrokerRegistrationChangeRecord::default()
            };
            records.push(change.into());
        }
        for (directory, partitions) in &command.failed {
            for (topic_id, index) in partitions {
                let found = self.image.topics().by_id(*topic_id).and_then(|topic| topic.partition(*index));
                // Its topic may be deleted.
                let Some(partition) = found else { continue };
                let Some(position) = partition.replicas.iter().position(|replica| *replica == before.id) else {
                    continue;
                };
                let mut record = change_of(*topic_id, *index);
                let mut changes = self.step_down(before.id, partition, &mut record);
                let mut directories = partition.directories.clone();
                if let Some(place) = directories.get_mut(position).filter(|place| **place != *directory) {
                    *place = *directory;
                    record.directories = Some(directories);
                    changes = true;
                }
                if changes {
                    records.push(record.into());
                }
            }
        }
        Decision { records, reply: Ok(before.epoch) }
    }
}
