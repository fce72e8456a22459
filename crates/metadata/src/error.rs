use stream_types::{NodeId, PartitionIndex, Uuid};

/// Why stored metadata cannot be read or replayed.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum MetadataError {
    /// A record names a topic id that no earlier record introduced.
    #[error("a metadata record names the topic id {topic_id}, which does not exist")]
    UnknownTopicId { topic_id: Uuid },
    /// A record changes a partition that no earlier record introduced.
    #[error("a metadata record changes partition {partition} of {topic}, which does not exist")]
    UnknownPartition { topic: String, partition: PartitionIndex },
    /// A record changes a broker that is not registered, or another registration of it.
    #[error("a metadata record changes broker {broker_id} at epoch {epoch}, which is not its registration")]
    UnknownBroker { broker_id: NodeId, epoch: i64 },
    /// A topic is introduced under a name that another topic has.
    #[error("a metadata record introduces topic {name} with id {topic_id}, but id {existing} has that name")]
    TopicNameTaken { name: String, topic_id: Uuid, existing: Uuid },
    /// A field holds a value that Kafka does not know.
    #[error("a {record} metadata record holds {value} in {field}, which means nothing")]
    BadField { record: &'static str, field: &'static str, value: i64 },
    /// The bytes of a record do not follow its schema.
    #[error("a metadata record cannot be read: {reason}")]
    Malformed { reason: String },
    /// A record of a kind or version that this broker does not know.
    #[error("a metadata record of kind {api_key} version {version} is not known here")]
    UnknownRecord { api_key: i16, version: i16 },
}
