//! The controller: it decides which records the metadata log gets next.
//!
//! It reads one image and changes nothing. The driver appends the records of a [`Decision`], replays
//! them on its speculative image at once, and gives the reply when they are committed; if the append
//! fails, the speculative image is dropped and with it everything that was decided on it.
//!
//! Records of one decision count together or not at all. `validate_only` decides everything and
//! records nothing. Every answer is a value: [`ErrorCode`] and text per topic, partition or resource.

mod allocate_producer_ids;
mod alter_client_quotas;
mod alter_configs;
mod alter_user_scram_credentials;
mod create_acls;
mod create_partitions;
mod create_topics;
mod declare_acls;
mod delegation_tokens;
mod delete_acls;
mod delete_topics;
mod elect_leaders;
mod leadership;
mod offline_log_dirs;
mod placement;
mod register_broker;
mod topic_name;

use std::fmt;
use std::sync::Arc;

use stream_types::{ErrorCode, Now};

use crate::config_def::StaticConfig;
use crate::image::MetadataImage;
use crate::record::MetadataRecord;

pub use allocate_producer_ids::{AllocateProducerIds, PRODUCER_ID_BLOCK_LEN, ProducerIdBlock};
pub use alter_client_quotas::{AlterClientQuotas, AlterClientQuotasReply, QuotaChange};
pub use alter_configs::{
    AlterConfigs, AlterConfigsReply, ConfigChange, ConfigOperation, ConfigValue, IncrementalAlterConfigs,
};
pub use alter_user_scram_credentials::{AlterUserScramCredentials, AlterUserScramCredentialsReply, ScramUpsertion};
pub use create_acls::{CreateAcls, CreateAclsReply};
pub use create_partitions::{CreatePartitions, CreatePartitionsReply, NewPartitions};
pub use create_topics::{CreateTopics, CreateTopicsReply, CreatedTopic, NewTopic};
pub use declare_acls::{DeclareAcls, DeclareAclsReply, DeclaredAcl};
pub use delegation_tokens::{CreateDelegationToken, DelegationTokenReply, ExpireDelegationToken, RenewDelegationToken};
pub use delete_acls::{DeleteAcls, DeleteAclsReply};
pub use delete_topics::{DeleteTopics, DeleteTopicsReply, DeletedTopic, TopicSelector};
pub use elect_leaders::{ElectLeaders, ElectLeadersReply, ElectionType, PartitionElection};
pub use offline_log_dirs::OfflineLogDirs;
pub use register_broker::{BrokerReply, FenceBroker, RegisterBroker, UnfenceBroker, UnregisterBroker};
pub use topic_name::check_topic_name;

/// Where random bytes come from: the operating system, or a seed in tests.
pub trait RandomSource {
    /// Fills `bytes` with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> RandomSource for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// Why something is refused: Kafka's error code, and a sentence for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
    /// The code that clients act on.
    pub code: ErrorCode,
    /// The sentence that people read.
    pub message: String,
}

impl ApiError {
    /// A refusal with this code and this sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        ApiError { code, message: message.into() }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

/// What is asked of the controller.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum Command {
    RegisterBroker(RegisterBroker),
    UnregisterBroker(UnregisterBroker),
    FenceBroker(FenceBroker),
    UnfenceBroker(UnfenceBroker),
    OfflineLogDirs(OfflineLogDirs),
    CreateTopics(CreateTopics),
    DeleteTopics(DeleteTopics),
    CreatePartitions(CreatePartitions),
    AlterConfigs(AlterConfigs),
    IncrementalAlterConfigs(IncrementalAlterConfigs),
    AllocateProducerIds(AllocateProducerIds),
    ElectLeaders(ElectLeaders),
    DeclareAcls(DeclareAcls),
    CreateAcls(CreateAcls),
    DeleteAcls(DeleteAcls),
    AlterClientQuotas(AlterClientQuotas),
    CreateDelegationToken(CreateDelegationToken),
    RenewDelegationToken(RenewDelegationToken),
    ExpireDelegationToken(ExpireDelegationToken),
    RemoveExpiredTokens,
    AlterUserScramCredentials(AlterUserScramCredentials),
}

/// The controller's answer to the command of the same name.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum Reply {
    RegisterBroker(BrokerReply),
    UnregisterBroker(BrokerReply),
    FenceBroker(BrokerReply),
    UnfenceBroker(BrokerReply),
    OfflineLogDirs(BrokerReply),
    CreateTopics(CreateTopicsReply),
    DeleteTopics(DeleteTopicsReply),
    CreatePartitions(CreatePartitionsReply),
    AlterConfigs(AlterConfigsReply),
    IncrementalAlterConfigs(AlterConfigsReply),
    AllocateProducerIds(Result<ProducerIdBlock, ApiError>),
    ElectLeaders(ElectLeadersReply),
    DeclareAcls(DeclareAclsReply),
    CreateAcls(CreateAclsReply),
    DeleteAcls(DeleteAclsReply),
    AlterClientQuotas(AlterClientQuotasReply),
    CreateDelegationToken(DelegationTokenReply),
    RenewDelegationToken(DelegationTokenReply),
    ExpireDelegationToken(DelegationTokenReply),
    RemoveExpiredTokens(Vec<String>),
    AlterUserScramCredentials(AlterUserScramCredentialsReply),
}

/// Records to append together, and the reply to give once they are committed.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision<R = Reply> {
    /// In the order in which they are to be replayed; may be empty.
    pub records: Vec<MetadataRecord>,
    /// The answer.
    pub reply: R,
}

impl<R> Decision<R> {
    fn nothing(reply: R) -> Self {
        Decision { records: Vec::new(), reply }
    }

    fn map<S>(self, wrap: impl FnOnce(R) -> S) -> Decision<S> {
        Decision { records: self.records, reply: wrap(self.reply) }
    }
}

/// Decides on one image. Cheap to make: one for each command.
#[derive(Clone, Debug)]
pub struct Controller {
    image: Arc<MetadataImage>,
    config: Arc<StaticConfig>,
}

impl Controller {
    /// A controller that decides on this image, with defaults from this node's configuration.
    pub fn new(image: Arc<MetadataImage>, config: Arc<StaticConfig>) -> Self {
        Controller { image, config }
    }

    /// The image that decisions are made on.
    pub fn image(&self) -> &Arc<MetadataImage> {
        &self.image
    }

    /// Decides on any command.
    pub fn handle(&self, now: Now, random: &mut dyn RandomSource, command: &Command) -> Decision {
        match command {
            Command::RegisterBroker(c) => self.register_broker(c).map(Reply::RegisterBroker),
            Command::UnregisterBroker(c) => self.unregister_broker(c).map(Reply::UnregisterBroker),
            Command::FenceBroker(c) => self.fence_broker(c).map(Reply::FenceBroker),
            Command::UnfenceBroker(c) => self.unfence_broker(c).map(Reply::UnfenceBroker),
            Command::OfflineLogDirs(c) => self.offline_log_dirs(c).map(Reply::OfflineLogDirs),
            Command::CreateTopics(c) => self.create_topics(random, c).map(Reply::CreateTopics),
            Command::DeleteTopics(c) => self.delete_topics(c).map(Reply::DeleteTopics),
            Command::CreatePartitions(c) => self.create_partitions(random, c).map(Reply::CreatePartitions),
            Command::AlterConfigs(c) => self.alter_configs(c).map(Reply::AlterConfigs),
            Command::IncrementalAlterConfigs(c) => {
                self.incremental_alter_configs(c).map(Reply::IncrementalAlterConfigs)
            }
            Command::AllocateProducerIds(c) => self.allocate_producer_ids(c).map(Reply::AllocateProducerIds),
            Command::AlterUserScramCredentials(c) => {
                self.alter_user_scram_credentials(c).map(Reply::AlterUserScramCredentials)
            }
            Command::ElectLeaders(c) => self.elect_leaders(c).map(Reply::ElectLeaders),
            Command::DeclareAcls(c) => self.declare_acls(random, c).map(Reply::DeclareAcls),
            Command::CreateAcls(c) => self.create_acls(random, c).map(Reply::CreateAcls),
            Command::DeleteAcls(c) => self.delete_acls(c).map(Reply::DeleteAcls),
            Command::CreateDelegationToken(c) => {
                self.create_delegation_token(now, random, c).map(Reply::CreateDelegationToken)
            }
            Command::RenewDelegationToken(c) => self.renew_delegation_token(now, c).map(Reply::RenewDelegationToken),
            Command::ExpireDelegationToken(c) => self.expire_delegation_token(now, c).map(Reply::ExpireDelegationToken),
            Command::RemoveExpiredTokens => self.remove_expired_tokens(now).map(Reply::RemoveExpiredTokens),
            Command::AlterClientQuotas(c) => self.alter_client_quotas(c).map(Reply::AlterClientQuotas),
        }
    }
}
