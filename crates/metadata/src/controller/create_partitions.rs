//! CreatePartitions: a topic grows (KIP-195).

use std::collections::{HashMap, HashSet};

use stream_types::ErrorCode;
use stream_types::limits::PARTITIONS_PER_REQUEST_MAX;

use super::create_topics::{check_partitions_left, none_live};
use super::placement::place;
use super::{ApiError, Controller, Decision, RandomSource};
use crate::image::{TopicImage, partition_record};
use crate::record::MetadataRecord;

/// Topics to grow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreatePartitions {
    /// Which, and how far.
    pub topics: Vec<NewPartitions>,
    /// Answer as if, but create nothing.
    pub validate_only: bool,
}

/// One topic to grow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPartitions {
    /// The topic.
    pub name: String,
    /// How many partitions it is to have then.
    pub count: i32,
    /// The brokers of each added partition; None to let the controller place them.
    pub assignments: Option<Vec<Vec<i32>>>,
}

/// One answer for each topic asked for, in the order of the request.
#[derive(Clone, PartialEq, Debug)]
pub struct CreatePartitionsReply {
    /// Name and outcome.
    pub topics: Vec<(String, Result<(), ApiError>)>,
}

impl Controller {
    /// Adds partitions to topics.
    pub fn create_partitions(
        &self,
        random: &mut dyn RandomSource,
        command: &CreatePartitions,
    ) -> Decision<CreatePartitionsReply> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for topic in &command.topics {
            *counts.entry(&topic.name).or_default() += 1;
        }
        let mut records = Vec::new();
        let mut topics = Vec::new();
        let mut answered = HashSet::new();
        let mut partitions_left = PARTITIONS_PER_REQUEST_MAX;
        for topic in &command.topics {
            if !answered.insert(topic.name.as_str()) {
                continue;
            }
            let outcome = if counts[topic.name.as_str()] > 1 {
                let message = format!("topic {} is in the request more than once", topic.name);
                Err(ApiError::new(ErrorCode::InvalidRequest, message))
            } else {
                self.grow_topic(random, topic, partitions_left)
            };
            let outcome = outcome.map(|added| {
                partitions_left -= added.len();
                if !command.validate_only {
                    records.extend(added);
                }
            });
            topics.push((topic.name.clone(), outcome));
        }
        Decision { records, reply: CreatePartitionsReply { topics } }
    }

    fn grow_topic(
        &self,
        random: &mut dyn RandomSource,
        wanted: &NewPartitions,
        partitions_left: usize,
    ) -> Result<Vec<MetadataRecord>, ApiError> {
        let name = &wanted.name;
        let Some(topic) = self.image.topic(name) else {
            return Err(ApiError::new(ErrorCode::UnknownTopicOrPartition, format!("topic {name} does not exist")));
        };
        let have = topic.partition_count();
        let Some(added) = usize::try_from(wanted.count).ok().and_then(|count| count.checked_sub(have)) else {
            let message = format!("topic {name} has {have} partitions; {} would not be an increase", wanted.count);
            return Err(ApiError::new(ErrorCode::InvalidPartitions, message));
        };
        if added == 0 {
            let message = format!("topic {name} already has {have} partitions");
            return Err(ApiError::new(ErrorCode::InvalidPartitions, message));
        }
        check_partitions_left(added, partitions_left)?;
        let replicas = match &wanted.assignments {
            None => place(&self.image, random, added, topic.replication_factor())?,
            Some(assignments) => {
                if assignments.len() != added {
                    let message = format!("{added} partitions are to be added, but {} are assigned", assignments.len());
                    return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, message));
                }
                self.assigned_more(topic, assignments)?
            }
        };
        let mut records = Vec::new();
        for (position, replicas) in replicas.into_iter().enumerate() {
            let index = have + position;
            let partition = self.new_partition(replicas).ok_or_else(|| none_live(index))?;
            let mut record = partition_record(&partition);
            record.topic_id = topic.id;
            record.partition_id = index as i32;
            records.push(record.into());
        }
        Ok(records)
    }

    fn assigned_more(
        &self,
        topic: &TopicImage,
        assignments: &[Vec<i32>],
    ) -> Result<Vec<Vec<stream_types::NodeId>>, ApiError> {
        let mut assigned = Vec::new();
        for (position, replicas) in assignments.iter().enumerate() {
            let index = (topic.partition_count() + position) as i32;
            assigned.push(self.checked_assignment(index, replicas, Some(topic.replication_factor()))?);
        }
        Ok(assigned)
    }
}
