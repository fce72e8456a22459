//! ElectLeaders: preferred (KIP-183) and unclean (KIP-460) elections on demand.

use std::collections::HashSet;

use stream_types::{ErrorCode, PartitionIndex, TopicPartition};

use super::leadership::change_of;
use super::{ApiError, Controller, Decision};
use crate::image::{PartitionImage, TopicImage};
use crate::record::MetadataRecord;

/// Which election.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ElectionType {
    /// The first replica leads again.
    Preferred,
    /// Some live replica leads a partition that has no leader, even if that loses records.
    Unclean,
}

/// Partitions that want a leader.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ElectLeaders {
    /// Which election.
    pub election: ElectionType,
    /// Which partitions; None for all.
    pub partitions: Option<Vec<TopicPartition>>,
}

/// One answer for each partition. Where all were asked for, only those that had something to decide.
#[derive(Clone, PartialEq, Debug)]
pub struct ElectLeadersReply {
    /// Partition and outcome.
    pub partitions: Vec<PartitionElection>,
}

/// The outcome for one partition.
#[derive(Clone, PartialEq, Debug)]
pub struct PartitionElection {
    /// The partition.
    pub partition: TopicPartition,
    /// Why no leader was elected, if none was.
    pub error: Option<ApiError>,
}

const RECOVERING: i8 = 1;

impl Controller {
    /// Elects leaders.
    pub fn elect_leaders(&self, command: &ElectLeaders) -> Decision<ElectLeadersReply> {
        let mut records = Vec::new();
        let mut partitions = Vec::new();
        let all = command.partitions.is_none();
        let wanted: Vec<TopicPartition> = match &command.partitions {
            Some(wanted) => wanted.clone(),
            None => self.partitions().map(|(topic, index, _)| TopicPartition::new(&*topic.name, index)).collect(),
        };
        let mut answered = HashSet::new();
        for partition in wanted {
            if !answered.insert(partition.clone()) {
                continue;
            }
            let error = match self.elect(command.election, &partition) {
                Ok(record) => {
                    records.push(record);
                    None
                }
                Err(error) if all && error.code == ErrorCode::ElectionNotNeeded => continue,
                Err(error) => Some(error),
            };
            partitions.push(PartitionElection { partition, error });
        }
        Decision { records, reply: ElectLeadersReply { partitions } }
    }

    fn elect(&self, election: ElectionType, wanted: &TopicPartition) -> Result<MetadataRecord, ApiError> {
        let found = self.image.topic(&wanted.topic).and_then(|topic| Some((topic, topic.partition(wanted.partition)?)));
        let Some((topic, partition)) = found else {
            let message = format!("partition {wanted} does not exist");
            return Err(ApiError::new(ErrorCode::UnknownTopicOrPartition, message));
        };
        match election {
            ElectionType::Preferred => self.elect_preferred(topic, wanted.partition, partition),
            ElectionType::Unclean => self.elect_unclean(topic, wanted.partition, partition),
        }
    }

    fn elect_preferred(
        &self,
        topic: &TopicImage,
        index: PartitionIndex,
        partition: &PartitionImage,
    ) -> Result<MetadataRecord, ApiError> {
        let preferred = partition.replicas.first().copied();
        if preferred.is_some() && partition.leader == preferred {
            let message = format!("the preferred replica of {}-{index} leads already", topic.name);
            return Err(ApiError::new(ErrorCode::ElectionNotNeeded, message));
        }
        let Some(preferred) =
            preferred.filter(|broker| partition.isr.contains(broker) && self.may_lead(*broker, partition))
        else {
            let message = format!("the preferred replica of {}-{index} is not in sync or not available", topic.name);
            return Err(ApiError::new(ErrorCode::PreferredLeaderNotAvailable, message));
        };
        let mut record = change_of(topic.id, index);
        record.leader = preferred.get();
        Ok(record.into())
    }

    fn elect_unclean(
        &self,
        topic: &TopicImage,
        index: PartitionIndex,
        partition: &PartitionImage,
    ) -> Result<MetadataRecord, ApiError> {
        if let Some(leader) = partition.leader {
            let message = format!("{}-{index} has a leader: broker {leader}", topic.name);
            return Err(ApiError::new(ErrorCode::ElectionNotNeeded, message));
        }
        let mut live = partition.replicas.iter().copied().filter(|broker| self.may_lead(*broker, partition));
        let Some(in_sync_or_first) = live.clone().find(|broker| partition.isr.contains(broker)).or_else(|| live.next())
        else {
            let message = format!("no replica of {}-{index} is available", topic.name);
            return Err(ApiError::new(ErrorCode::EligibleLeadersNotAvailable, message));
        };
        let mut record = change_of(topic.id, index);
        record.leader = in_sync_or_first.get();
        if !partition.isr.contains(&in_sync_or_first) {
            record.isr = Some(vec![in_sync_or_first.get()]);
            record.leader_recovery_state = RECOVERING;
        }
        Ok(record.into())
    }
}
