//! The async Kafka client behind the command line: connections over TLS and SASL, negotiated versions, metadata,
//! retries with an overall deadline, administration, producing, fetching and classic group membership.
//!
//! [`Client`] is cheap to clone and shares its connections. Every operation gives up after
//! [`ClientConfig::timeout`]; errors that pass by themselves are repeated until then.

mod admin;
mod authentication;
mod client;
pub mod clock;
mod config;
mod connection;
mod consumer;
mod error;
mod group;
mod metadata;
mod negotiation;
mod partitioner;
mod producer;
pub mod properties;
mod retry;
mod security;
mod wire_out;

pub use admin::acls::{Acl, AclFilter, PatternFilter};
pub use admin::alter_configs::{ConfigChange, ConfigOperation};
pub use admin::api_versions::OfferedVersions;
pub use admin::client_quotas::{ClientQuotas, QuotaChange, QuotaEntity};
pub use admin::create_topics::{CreatedTopic, NewTopic};
pub use admin::describe_cluster::DescribedCluster;
pub use admin::describe_configs::{ConfigEntry, ConfigResource, ConfigSource, ConfigSynonym, ResourceType};
pub use admin::describe_groups::{DescribedGroup, GroupMember};
pub use admin::describe_log_dirs::{LogDir, LogDirReplica};
pub use admin::describe_quorum::{Quorum, QuorumReplica};
pub use admin::describe_topic_partitions::{DescribedTopic, EligibleReplicas};
pub use admin::elect_leaders::{Election, ElectionResult};
pub use admin::list_groups::ListedGroup;
pub use admin::list_offsets::{FoundOffset, OffsetSpec};
pub use admin::list_partition_reassignments::Reassignment;
pub use admin::offset_fetch::CommittedOffset;
pub use admin::scram_users::ScramUser;
pub use client::{Client, Target};
pub use clock::wall_millis;
pub use config::{ClientConfig, parse_bootstrap};
pub use consumer::{Consumer, ConsumerOptions, FetchedBatch, StartAt};
pub use error::ClientError;
pub use group::{GroupConsumer, GroupEvent, GroupOptions};
pub use metadata::{Broker, Partition, Topic};
pub use partitioner::{murmur2, partition_for_key};
pub use producer::{Acks, Delivery, Producer, ProducerOptions, ProducerRecord};
pub use security::{Security, SecurityError};
