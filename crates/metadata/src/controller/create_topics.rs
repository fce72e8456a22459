//! CreateTopics (KIP-4, KIP-464 defaults, KIP-525 answers).
//!
//! - Each topic succeeds or is refused on its own; the records of all that succeed count together.
//! - -1 partitions or replicas mean `num.partitions` and `default.replication.factor`; a manual
//!   assignment demands -1 for both.
//! - A name twice in one request is INVALID_REQUEST, and none of them is created.

use std::collections::{BTreeMap, HashMap, HashSet};

use stream_codec::Str;
use stream_types::limits::PARTITIONS_PER_REQUEST_MAX;
use stream_types::{ErrorCode, NodeId, Uuid};

use super::placement::place;
use super::topic_name::{can_collide, check_topic_name, metric_name};
use super::{ApiError, Controller, Decision, RandomSource};
use crate::config_def::{ConfigEntry, check_topic_change, check_topic_relations, describe_topic_values};
use crate::image::{ConfigResourceType, PartitionImage, partition_record};
use crate::record::MetadataRecord;
use stream_codec::stored::metadata::{ConfigRecord, TopicRecord};

/// Topics to create.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreateTopics {
    /// What is asked for.
    pub topics: Vec<NewTopic>,
    /// Answer as if, but create nothing.
    pub validate_only: bool,
}

/// One topic to create.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 for the default.
    pub partition_count: i32,
    /// How many replicas of each; -1 for the default.
    pub replication_factor: i16,
    /// Partition numbers with their brokers, the preferred leader first; empty to let the controller
    /// place them.
    pub assignments: Vec<(i32, Vec<i32>)>,
    /// Configuration keys and values.
    pub configs: Vec<(String, Option<String>)>,
}

impl NewTopic {
    /// A topic with this many partitions and replicas (-1: the default), placed by the controller.
    pub fn new(name: impl Into<String>, partition_count: i32, replication_factor: i16) -> Self {
        let name = name.into();
        NewTopic { name, partition_count, replication_factor, assignments: Vec::new(), configs: Vec::new() }
    }
}

/// One answer for each name asked for, in the order of the request.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateTopicsReply {
    /// Name and outcome.
    pub topics: Vec<(String, Result<CreatedTopic, ApiError>)>,
}

/// A topic as it was, or would be, created.
#[derive(Clone, PartialEq, Debug)]
pub struct CreatedTopic {
    /// Its id; zero when it was only validated.
    pub topic_id: Uuid,
    /// How many partitions it has.
    pub partition_count: i32,
    /// How many replicas each has.
    pub replication_factor: i16,
    /// Its effective configuration.
    pub configs: Vec<ConfigEntry>,
}

impl Controller {
    /// Creates topics.
    pub fn create_topics(&self, random: &mut dyn RandomSource, command: &CreateTopics) -> Decision<CreateTopicsReply> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for topic in &command.topics {
            *counts.entry(&topic.name).or_default() += 1;
        }
        let mut names = self.metric_names(command);
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
                self.create_topic(random, topic, &mut names, &mut partitions_left)
            };
            let outcome = outcome.map(|(topic_records, mut created)| {
                if command.validate_only {
                    created.topic_id = Uuid::ZERO;
                } else {
                    records.extend(topic_records);
                }
                created
            });
            topics.push((topic.name.clone(), outcome));
        }
        Decision { records, reply: CreateTopicsReply { topics } }
    }

    fn create_topic(
        &self,
        random: &mut dyn RandomSource,
        topic: &NewTopic,
        names: &mut HashMap<String, String>,
        partitions_left: &mut usize,
    ) -> Result<(Vec<MetadataRecord>, CreatedTopic), ApiError> {
        self.check_new_name(&topic.name, names)?;
        let configs = checked_configs(topic)?;
        let partitions = self.new_partitions_of(random, topic, *partitions_left)?;
        *partitions_left -= partitions.len();
        let topic_id = self.new_topic_id(random);
        let first = partitions.first().expect("at least one partition was asked for");
        let created = CreatedTopic {
            topic_id,
            partition_count: partitions.len() as i32,
            replication_factor: first.replicas.len() as i16,
            configs: describe_topic_values(&self.image, &self.config, &configs),
        };
        if can_collide(&topic.name) {
            names.insert(metric_name(&topic.name), topic.name.clone());
        }
        let mut records = vec![TopicRecord { name: Str::from(&topic.name), topic_id }.into()];
        for (name, value) in &configs {
            let record = ConfigRecord {
                resource_type: ConfigResourceType::Topic.code(),
                resource_name: Str::from(&topic.name),
                name: name.into(),
                value: Some(value.into()),
            };
            records.push(record.into());
        }
        for (index, partition) in partitions.iter().enumerate() {
            let mut record = partition_record(partition);
            record.topic_id = topic_id;
            record.partition_id = index as i32;
            records.push(record.into());
        }
        Ok((records, created))
    }

    fn check_new_name(&self, name: &str, names: &HashMap<String, String>) -> Result<(), ApiError> {
        check_topic_name(name)?;
        if self.image.topic(name).is_some() {
            let message = format!("topic {name} already exists");
            return Err(ApiError::new(ErrorCode::TopicAlreadyExists, message));
        }
        match names.get(&metric_name(name)) {
            Some(other) if can_collide(name) => {
                let message =
                    format!("topic {name} collides with topic {other}: '.' and '_' are the same in metric names");
                Err(ApiError::new(ErrorCode::InvalidTopicException, message))
            }
            _ => Ok(()),
        }
    }

    /// The topics that a new name can collide with, by the name that they have in metrics. Empty if no
    /// name of the request can collide.
    fn metric_names(&self, command: &CreateTopics) -> HashMap<String, String> {
        if !command.topics.iter().any(|topic| can_collide(&topic.name)) {
            return HashMap::new();
        }
        let topics = self.image.topics().iter().filter(|topic| can_collide(&topic.name));
        topics.map(|topic| (metric_name(&topic.name), topic.name.to_string())).collect()
    }

    fn new_partitions_of(
        &self,
        random: &mut dyn RandomSource,
        topic: &NewTopic,
        partitions_left: usize,
    ) -> Result<Vec<PartitionImage>, ApiError> {
        let replicas = if topic.assignments.is_empty() {
            let partition_count = self.partition_count(topic)?;
            check_partitions_left(partition_count, partitions_left)?;
            place(&self.image, random, partition_count, self.replication_factor(topic)?)?
        } else {
            check_partitions_left(topic.assignments.len(), partitions_left)?;
            self.assigned(topic)?
        };
        let mut partitions = Vec::new();
        for (index, replicas) in replicas.into_iter().enumerate() {
            partitions.push(self.new_partition(replicas).ok_or_else(|| none_live(index))?);
        }
        Ok(partitions)
    }

    fn partition_count(&self, topic: &NewTopic) -> Result<usize, ApiError> {
        let count = match topic.partition_count {
            -1 => self.config.effective_number(&self.image, "num.partitions").unwrap_or(1),
            count => count.into(),
        };
        if count < 1 {
            let message = format!("a topic cannot have {count} partitions; ask for at least 1, or -1 for the default");
            return Err(ApiError::new(ErrorCode::InvalidPartitions, message));
        }
        usize::try_from(count)
            .map_err(|_| ApiError::new(ErrorCode::InvalidPartitions, format!("{count} partitions are too many")))
    }

    fn replication_factor(&self, topic: &NewTopic) -> Result<usize, ApiError> {
        let factor = match topic.replication_factor {
            -1 => self.config.effective_number(&self.image, "default.replication.factor").unwrap_or(1),
            factor => factor.into(),
        };
        match usize::try_from(factor) {
            Ok(factor) if factor > 0 => Ok(factor),
            _ => {
                let message = format!(
                    "a replication factor of {factor} means nothing; ask for at least 1, or -1 for the default"
                );
                Err(ApiError::new(ErrorCode::InvalidReplicationFactor, message))
            }
        }
    }

    /// The replicas that a manual assignment asks for.
    fn assigned(&self, topic: &NewTopic) -> Result<Vec<Vec<NodeId>>, ApiError> {
        if topic.partition_count != -1 || topic.replication_factor != -1 {
            let what = if topic.partition_count != -1 { "partition count" } else { "replication factor" };
            let message = format!("with a manual assignment the {what} must be -1");
            return Err(ApiError::new(ErrorCode::InvalidRequest, message));
        }
        let mut by_index: BTreeMap<i32, &[i32]> = BTreeMap::new();
        for (index, replicas) in &topic.assignments {
            by_index.insert(*index, replicas);
        }
        let consecutive = by_index.keys().copied().eq(0..topic.assignments.len() as i32);
        if !consecutive {
            let message = "the partitions of a manual assignment must be numbered from 0 on without gaps or repeats";
            return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, message));
        }
        let mut assigned: Vec<Vec<NodeId>> = Vec::new();
        for (index, replicas) in by_index {
            let replicas = self.checked_assignment(index, replicas, assigned.first().map(Vec::len))?;
            assigned.push(replicas);
        }
        Ok(assigned)
    }

    /// Checks one partition's manual assignment; every partition must have as many replicas as the
    /// others.
    pub(super) fn checked_assignment(
        &self,
        index: i32,
        replicas: &[i32],
        replication_factor: Option<usize>,
    ) -> Result<Vec<NodeId>, ApiError> {
        let refused = |message: String| Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, message));
        if replicas.is_empty() {
            return refused(format!("the manual assignment of partition {index} names no broker"));
        }
        let mut seen = HashSet::new();
        for replica in replicas {
            if !seen.insert(replica) {
                return refused(format!("the manual assignment of partition {index} names broker {replica} twice"));
            }
            if self.image.broker(NodeId(*replica)).is_none() {
                return refused(format!(
                    "the manual assignment of partition {index} names broker {replica}, which is not registered"
                ));
            }
        }
        if let Some(expected) = replication_factor.filter(|expected| *expected != replicas.len()) {
            return refused(format!(
                "the manual assignment of partition {index} has {} replicas, the other partitions have {expected}",
                replicas.len()
            ));
        }
        Ok(replicas.iter().copied().map(NodeId).collect())
    }

    fn new_topic_id(&self, random: &mut dyn RandomSource) -> Uuid {
        loop {
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            let id = Uuid::from_random(bytes);
            if !id.is_zero() && id != Uuid::METADATA_TOPIC && self.image.topics().by_id(id).is_none() {
                return id;
            }
        }
    }
}

pub(super) fn none_live(index: usize) -> ApiError {
    let message = format!("no broker of the manual assignment of partition {index} is available");
    ApiError::new(ErrorCode::InvalidReplicaAssignment, message)
}

pub(super) fn check_partitions_left(count: usize, left: usize) -> Result<(), ApiError> {
    if count > left {
        let message = format!("one request may create at most {PARTITIONS_PER_REQUEST_MAX} partitions");
        return Err(ApiError::new(ErrorCode::PolicyViolation, message));
    }
    Ok(())
}

fn checked_configs(topic: &NewTopic) -> Result<BTreeMap<String, String>, ApiError> {
    let invalid = |message: String| ApiError::new(ErrorCode::InvalidConfig, message);
    let mut configs = BTreeMap::new();
    for (name, value) in &topic.configs {
        let Some(value) = value else {
            return Err(invalid(format!("configuration {name} has no value")));
        };
        check_topic_change(name, value).map_err(invalid)?;
        if configs.insert(name.clone(), value.clone()).is_some() {
            let message = format!("configuration {name} is given more than once");
            return Err(ApiError::new(ErrorCode::InvalidRequest, message));
        }
    }
    check_topic_relations(&configs).map_err(invalid)?;
    Ok(configs)
}
