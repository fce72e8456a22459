//! What the server is told: Kafka's keys from defaults, a file, the environment and flags, as one typed value.
//!
//! Later sources win: defaults, `--config` file, environment, `--set`. Every value remembers where it was given, and an
//! error names that place. A configuration is refused before anything is written.

mod authorizer;
mod bitnami_tls;
mod check;
mod classify;
mod connections;
mod declared;
mod environment;
mod error;
mod http;
mod keys;
mod listener;
mod load;
mod machine;
mod network;
mod reader;
mod sasl;
mod security;
mod settings;
mod ssl;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stream_client::properties;
pub use stream_metadata::SecurityProtocol;
use stream_security::Secret;
use stream_security::acl::AuthorizerSettings;
use stream_security::quota::QuotaWindow;
use stream_types::NodeId;

pub use classify::Warning;
pub use connections::{ConnectionLimits, ListenerLimits};
pub(crate) use declared::acl_text;
pub use declared::{DeclaredAccess, DeclaredUser};
pub use error::ConfigError;
pub use http::HttpListener;
pub(crate) use http::NAME as HTTP_LISTENER;
pub use listener::{BindAddress, Endpoint, Listener, Voter};
pub use load::{Arguments, Loaded};
pub use machine::Machine;
pub(crate) use properties::parse as parse_properties;
pub use sasl::{BearerSettings, ListenerSasl, MechanismSettings, SaslSettings};
pub(crate) use settings::HIDDEN;
pub use settings::{Setting, Settings, Source};
pub(crate) use ssl::CIPHER_SUITES;
pub use ssl::{ClientAuth, Store, StoreContent, TlsSettings};

/// Which of Kafka's process roles this node has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Roles {
    /// Serves clients.
    pub broker: bool,
    /// Votes in the metadata quorum.
    pub controller: bool,
}

/// When appended data is synced to the disk (`hanzo.flush.policy`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlushPolicy {
    /// Before the answer while the in-sync set has one member; in the background with two or more.
    Auto,
    /// Before every in-sync replica reports the offset.
    Always,
    /// When the operating system likes, as Apache Kafka's default.
    Never,
}

impl FlushPolicy {
    /// The word of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            FlushPolicy::Auto => "auto",
            FlushPolicy::Always => "always",
            FlushPolicy::Never => "never",
        }
    }
}

/// How much `/metrics` tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricsSettings {
    /// `hanzo.metrics.partition.labels`
    pub partition_labels: bool,
    /// `hanzo.metrics.max.series`
    pub series_max: usize,
}

/// How log lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Keys that decide how topics come into being.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicSettings {
    /// `num.partitions`
    pub num_partitions: i32,
    /// `default.replication.factor`
    pub default_replication_factor: i16,
    /// `auto.create.topics.enable`
    pub auto_create: bool,
    /// `delete.topic.enable`
    pub delete_enable: bool,
}

/// Keys of `__consumer_offsets` and of what is committed to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetsSettings {
    /// `offsets.topic.num.partitions`
    pub num_partitions: i32,
    /// `offsets.topic.replication.factor`; 1 where nobody gave it and the cluster is this node alone.
    pub replication_factor: i16,
    /// `offsets.topic.segment.bytes`
    pub segment_bytes: i32,
    /// `offsets.retention.minutes`
    pub retention: Duration,
    /// `offsets.retention.check.interval.ms`
    pub retention_check_interval: Duration,
    /// `offset.metadata.max.bytes`
    pub metadata_bytes_max: usize,
}

/// Keys of the classic group coordinator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupSettings {
    /// `group.min.session.timeout.ms`
    pub session_timeout_min: Duration,
    /// `group.max.session.timeout.ms`
    pub session_timeout_max: Duration,
    /// `group.initial.rebalance.delay.ms`
    pub initial_rebalance_delay: Duration,
    /// `group.max.size`
    pub size_max: usize,
}

/// Keys of connections and requests.
#[derive(Clone, PartialEq, Debug)]
pub struct NetworkSettings {
    /// `socket.request.max.bytes`
    pub request_bytes_max: usize,
    /// `queued.max.request.bytes`; none for no limit of its own.
    pub queued_request_bytes_max: Option<usize>,
    /// `connections.max.idle.ms`; none for never.
    pub connection_idle_max: Option<Duration>,
    /// How many connections there may be.
    pub connections: ConnectionLimits,
    /// `socket.listen.backlog.size`
    pub listen_backlog: i32,
    /// `max.incremental.fetch.session.cache.slots`
    pub fetch_sessions_max: usize,
    /// `fetch.max.bytes`
    pub fetch_bytes_max: usize,
}

/// Keys of delegation tokens that this broker itself acts on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenSettings {
    /// `delegation.token.secret.key`; none where there are no tokens.
    pub secret_key: Option<Secret>,
    /// `delegation.token.expiry.check.interval.ms`
    pub check_interval: Duration,
}

/// Keys of client quotas.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotaSettings {
    /// `quota.window.num` and `quota.window.size.seconds`
    pub window: QuotaWindow,
    /// `controller.quota.window.num` and `controller.quota.window.size.seconds`
    pub mutation_window: QuotaWindow,
}

/// Keys of logs that are not a topic's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogSettings {
    /// `log.retention.check.interval.ms`
    pub retention_check_interval: Duration,
    /// `log.cleaner.enable`
    pub cleaner_enable: bool,
    /// `log.cleaner.backoff.ms`
    pub cleaner_backoff: Duration,
    /// `producer.id.expiration.ms`
    pub producer_id_expiration: Duration,
}

/// The whole configuration of a server, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerConfig {
    /// `node.id`
    pub node_id: NodeId,
    /// `process.roles`
    pub roles: Roles,
    /// The cluster id that the environment asks for; none to keep or make one.
    pub cluster_id: Option<String>,
    /// `broker.rack`
    pub rack: Option<String>,
    /// Where clients and brokers connect.
    pub listeners: Vec<Listener>,
    /// What clients are told to connect to; a port of 0 is to be replaced by the one that was bound.
    pub advertised_listeners: Vec<Listener>,
    /// Where controllers and `--bootstrap-controller` connect; may be empty for a sole voter.
    pub controller_listeners: Vec<Listener>,
    /// TLS of those listeners that speak it.
    pub tls: Vec<TlsSettings>,
    /// `controller.listener.names`, or the inferred one.
    pub controller_listener_names: Vec<String>,
    /// `inter.broker.listener.name`
    pub inter_broker_listener_name: String,
    /// `controller.quorum.voters`; never empty.
    pub quorum_voters: Vec<Voter>,
    /// `log.dirs`; never empty. The first also holds the metadata log.
    pub log_dirs: Vec<PathBuf>,
    /// How topics come into being.
    pub topics: TopicSettings,
    /// `__consumer_offsets`.
    pub offsets: OffsetsSettings,
    /// The group coordinator.
    pub groups: GroupSettings,
    /// Connections and requests.
    pub network: NetworkSettings,
    /// Who may log in how.
    pub sasl: SaslSettings,
    /// Delegation tokens.
    pub tokens: TokenSettings,
    /// How client quotas are measured.
    pub quotas: QuotaSettings,
    /// Logs.
    pub log: LogSettings,
    /// `authorizer.class.name`, `super.users` and `allow.everyone.if.no.acl.found`; none where everybody may do everything.
    pub authorizer: Option<AuthorizerSettings>,
    /// `hanzo.allow.unsecured`
    pub allow_unsecured: bool,
    /// `hanzo.http.listener`; none for off.
    pub http_listener: Option<HttpListener>,
    /// `hanzo.flush.policy`
    pub flush_policy: FlushPolicy,
    /// `hanzo.memory.bytes`
    pub memory_bytes: u64,
    /// `hanzo.disk.reserve.bytes`
    pub disk_reserve_bytes: u64,
    /// How much `/metrics` tells.
    pub metrics: MetricsSettings,
    /// `hanzo.audit.topic`
    pub audit_topic: Option<String>,
    /// Users and ACLs of `hanzo.catalog.file` and of the environment.
    pub declared: DeclaredAccess,
    /// `hanzo.log.format`
    pub log_format: LogFormat,
    /// `hanzo.log.level`: a level, or `target=level` pairs separated by commas.
    pub log_level: String,
    settings: Settings,
}

impl ServerConfig {
    /// Every key that was given or inferred, as DescribeConfigs shows it under STATIC_BROKER_CONFIG.
    pub fn static_config(&self) -> BTreeMap<String, String> {
        self.settings.iter().map(|(key, setting)| (key.to_owned(), setting.text.clone())).collect()
    }

    /// Where a key was given.
    pub fn source_of(&self, key: &str) -> Source {
        self.settings.source(key)
    }

    /// The directory of the metadata log.
    pub fn metadata_dir(&self) -> PathBuf {
        self.first_log_dir().join("hanzo-metadata")
    }

    /// The log directory that also holds the metadata log.
    pub fn first_log_dir(&self) -> &Path {
        &self.log_dirs[0]
    }

    /// Whether this node is the only voter of its cluster.
    pub fn is_sole_voter(&self) -> bool {
        self.quorum_voters.len() == 1 && self.quorum_voters[0].node_id == self.node_id
    }

    /// The effective configuration as a properties text, secrets hidden (`server --check`).
    pub fn describe(&self) -> String {
        check::describe(&self.settings, &self.declared)
    }
}
