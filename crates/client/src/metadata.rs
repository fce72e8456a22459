//! Brokers, topics and partitions as the cluster describes them.

use stream_codec::Str;
use stream_types::{ErrorCode, Uuid};
use stream_wire::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseTopic};

use crate::client::{Client, Target};
use crate::config::address;
use crate::error::ClientError;

/// A broker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broker {
    /// Its node id.
    pub id: i32,
    /// Its advertised host.
    pub host: String,
    /// Its advertised port.
    pub port: i32,
    /// Its rack, if it has one.
    pub rack: Option<String>,
}

impl Broker {
    /// `host:port`.
    pub fn address(&self) -> String {
        address(&self.host, self.port)
    }
}

/// A topic and its partitions, in the order of their numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its id; zero from brokers that have none.
    pub id: Uuid,
    /// Whether the cluster keeps its own state in it.
    pub is_internal: bool,
    /// Kafka's error number, 0 if the topic exists.
    pub error_code: i16,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partition {
    /// Its number.
    pub index: i32,
    /// The node that leads it; -1 if none does.
    pub leader: i32,
    /// How often it has changed its leader; -1 from brokers that do not tell.
    pub leader_epoch: i32,
    /// Nodes that keep a copy, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Nodes whose copy is in sync.
    pub isr: Vec<i32>,
    /// Nodes whose copy cannot be reached.
    pub offline: Vec<i32>,
}

impl Topic {
    /// The partition with this number.
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.index == index)
    }

    fn from_wire(topic: MetadataResponseTopic) -> Topic {
        let mut partitions: Vec<Partition> = topic
            .partitions
            .into_iter()
            .map(|partition| Partition {
                index: partition.partition_index,
                leader: partition.leader_id,
                leader_epoch: partition.leader_epoch,
                replicas: partition.replica_nodes,
                isr: partition.isr_nodes,
                offline: partition.offline_replicas,
            })
            .collect();
        partitions.sort_by_key(|partition| partition.index);
        Topic {
            name: topic.name.unwrap_or_default().to_string(),
            id: topic.topic_id,
            is_internal: topic.is_internal,
            error_code: topic.error_code,
            partitions,
        }
    }

    /// Fails with Kafka's error if the topic does not exist or may not be seen.
    ///
    /// # Errors
    /// [`ClientError::Refused`].
    pub fn checked(self) -> Result<Topic, ClientError> {
        ClientError::check(format!("topic '{}'", self.name), self.error_code, None)?;
        Ok(self)
    }
}

impl Client {
    /// Every topic, by name.
    ///
    /// # Errors
    /// When no broker answers in time.
    pub async fn all_topics(&self) -> Result<Vec<Topic>, ClientError> {
        let response = self.ask_metadata(None, false).await?;
        Ok(self.learn(response))
    }

    /// These topics, whether they exist or not: see [`Topic::error_code`].
    ///
    /// # Errors
    /// When no broker answers in time.
    pub async fn topics(&self, names: &[&str]) -> Result<Vec<Topic>, ClientError> {
        let response = self.ask_metadata(Some(names), false).await?;
        Ok(self.learn(response))
    }

    /// As [`Client::topics`], but a broker that makes topics for who asks for them makes these.
    ///
    /// # Errors
    /// When no broker answers in time.
    pub async fn topics_made_by_asking(&self, names: &[&str]) -> Result<Vec<Topic>, ClientError> {
        let response = self.ask_metadata(Some(names), true).await?;
        Ok(self.learn(response))
    }

    /// One topic that has to exist, asked of the cluster; waits for leaders that are being elected.
    ///
    /// # Errors
    /// Kafka's error for the topic, or when no broker answers in time.
    pub async fn topic(&self, name: &str) -> Result<Topic, ClientError> {
        let mut retry = self.retry();
        loop {
            let topics = self.topics(&[name]).await?;
            let found = topics.into_iter().find(|topic| topic.name == name);
            let absent = ClientError::refused(format!("topic '{name}'"), ErrorCode::UnknownTopicOrPartition);
            match found.ok_or(absent).and_then(Topic::checked) {
                Ok(topic) => return Ok(topic),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// One topic, from what is known if it is known.
    ///
    /// # Errors
    /// As [`Client::topic`].
    pub async fn known_topic(&self, name: &str) -> Result<Topic, ClientError> {
        match self.cached_topic(name) {
            Some(topic) => Ok(topic),
            None => self.topic(name).await,
        }
    }

    /// Asks for brokers only.
    pub(crate) async fn refresh_brokers(&self) -> Result<(), ClientError> {
        let response = self.ask_metadata(Some(&[]), false).await?;
        self.learn(response);
        Ok(())
    }

    async fn ask_metadata(&self, names: Option<&[&str]>, creates: bool) -> Result<MetadataResponse, ClientError> {
        let topic = |name: &&str| MetadataRequestTopic { name: Some(Str::from(*name)), ..Default::default() };
        let request = MetadataRequest {
            topics: names.map(|names| names.iter().map(topic).collect()),
            allow_auto_topic_creation: creates,
            ..MetadataRequest::default()
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            match ClientError::check("metadata", response.error_code, None) {
                Ok(()) => return Ok(response),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    fn learn(&self, response: MetadataResponse) -> Vec<Topic> {
        let brokers = response
            .brokers
            .into_iter()
            .map(|broker| Broker {
                id: broker.node_id,
                host: broker.host.to_string(),
                port: broker.port,
                rack: broker.rack.map(|rack| rack.to_string()),
            })
            .collect();
        let mut topics: Vec<Topic> = response.topics.into_iter().map(Topic::from_wire).collect();
        topics.sort_by(|left, right| left.name.cmp(&right.name));
        self.remember(brokers, response.cluster_id.map(|id| id.to_string()), &topics);
        topics
    }
}
