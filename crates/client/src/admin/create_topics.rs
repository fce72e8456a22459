//! CreateTopics.

use stream_codec::Str;
use stream_types::Uuid;
use stream_wire::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};

use crate::client::{Client, Target};
use crate::error::ClientError;

/// A topic to create.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 for the cluster's default.
    pub partitions: i32,
    /// How many copies; -1 for the cluster's default.
    pub replication_factor: i16,
    /// The replicas of each partition, in place of the two numbers.
    pub assignments: Vec<Vec<i32>>,
    /// Its configuration.
    pub configs: Vec<(String, String)>,
}

/// A topic as it was created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreatedTopic {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Uuid,
    /// How many partitions; -1 if the broker does not tell.
    pub partitions: i32,
    /// How many copies; -1 if the broker does not tell.
    pub replication_factor: i16,
}

impl Client {
    /// Creates a topic, or only checks whether it could be created.
    ///
    /// # Errors
    /// Kafka's error for the topic, or when no broker answers in time.
    pub async fn create_topic(&self, topic: &NewTopic, validate_only: bool) -> Result<CreatedTopic, ClientError> {
        let config = |(name, value): &(String, String)| CreatableTopicConfig {
            name: name.as_str().into(),
            value: Some(value.as_str().into()),
        };
        let assignment = |(index, brokers): (usize, &Vec<i32>)| CreatableReplicaAssignment {
            partition_index: index as i32,
            broker_ids: brokers.clone(),
        };
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: Str::from(topic.name.as_str()),
                num_partitions: topic.partitions,
                replication_factor: topic.replication_factor,
                assignments: topic.assignments.iter().enumerate().map(assignment).collect(),
                configs: topic.configs.iter().map(config).collect(),
            }],
            timeout_ms: self.timeout_ms(),
            validate_only,
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            let what = format!("topic '{}'", topic.name);
            let result = response.topics.into_iter().next().unwrap_or_default();
            match ClientError::check(what, result.error_code, result.error_message.as_deref()) {
                Ok(()) => {
                    return Ok(CreatedTopic {
                        name: topic.name.clone(),
                        id: result.topic_id,
                        partitions: result.num_partitions,
                        replication_factor: result.replication_factor,
                    });
                }
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// The operation's time as requests carry it (milliseconds).
    pub(crate) fn timeout_ms(&self) -> i32 {
        i32::try_from(self.config().timeout.as_millis()).unwrap_or(i32::MAX)
    }
}
