//! DescribeConfigs.

use stream_wire::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsSynonym,
};

use crate::client::{Client, Target};
use crate::error::ClientError;

/// What has a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResourceType {
    /// A topic, by name.
    Topic,
    /// A broker, by node id; an empty name is the cluster-wide default.
    Broker,
    /// A broker's loggers, by node id.
    BrokerLogger,
    /// A client metrics subscription, by name.
    ClientMetrics,
    /// A group, by id.
    Group,
}

impl ResourceType {
    /// The number on the wire.
    pub fn code(self) -> i8 {
        match self {
            ResourceType::Topic => 2,
            ResourceType::Broker => 4,
            ResourceType::BrokerLogger => 8,
            ResourceType::ClientMetrics => 16,
            ResourceType::Group => 32,
        }
    }

    /// Kafka's word.
    pub fn name(self) -> &'static str {
        match self {
            ResourceType::Topic => "topic",
            ResourceType::Broker => "broker",
            ResourceType::BrokerLogger => "broker-logger",
            ResourceType::ClientMetrics => "client-metrics",
            ResourceType::Group => "group",
        }
    }
}

/// One thing that has a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigResource {
    /// Its kind.
    pub resource_type: ResourceType,
    /// Its name.
    pub name: String,
}

impl ConfigResource {
    /// A topic's configuration.
    pub fn topic(name: impl Into<String>) -> ConfigResource {
        ConfigResource { resource_type: ResourceType::Topic, name: name.into() }
    }

    /// `topic 'orders'`.
    pub(crate) fn what(&self) -> String {
        format!("{} '{}'", self.resource_type.name(), self.name)
    }

    /// Broker configurations live on the broker itself.
    pub(crate) fn target(&self) -> Target {
        match self.resource_type {
            ResourceType::Broker | ResourceType::BrokerLogger => self.name.parse().map_or(Target::Any, Target::Node),
            _ => Target::Any,
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConfigSource(pub i8);

impl ConfigSource {
    /// Kafka's name in capitals.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "DYNAMIC_TOPIC_CONFIG",
            2 => "DYNAMIC_BROKER_CONFIG",
            3 => "DYNAMIC_DEFAULT_BROKER_CONFIG",
            4 => "STATIC_BROKER_CONFIG",
            5 => "DEFAULT_CONFIG",
            6 => "DYNAMIC_BROKER_LOGGER_CONFIG",
            7 => "DYNAMIC_CLIENT_METRICS_CONFIG",
            8 => "DYNAMIC_GROUP_CONFIG",
            _ => "UNKNOWN",
        }
    }

    /// Whether nobody has set the value.
    pub fn is_default(self) -> bool {
        self.0 == 5
    }

    /// Whether the value was set on this very resource.
    pub fn is_own(self) -> bool {
        matches!(self.0, 1 | 2 | 6 | 7 | 8)
    }
}

/// One key of a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigEntry {
    /// The key.
    pub name: String,
    /// Its value; none if it is unset or secret.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: ConfigSource,
    /// Whether it can only be changed by a restart.
    pub is_read_only: bool,
    /// Whether the value is kept from view.
    pub is_sensitive: bool,
    /// What the key means, if it was asked for.
    pub documentation: Option<String>,
    /// Everywhere that the value is looked for, the place that counts first.
    pub synonyms: Vec<ConfigSynonym>,
}

/// A place that a value may come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigSynonym {
    /// The key there.
    pub name: String,
    /// Its value there; none if it is secret.
    pub value: Option<String>,
    /// Where that is.
    pub source: ConfigSource,
}

impl ConfigEntry {
    fn from_wire(config: DescribeConfigsResourceResult) -> ConfigEntry {
        let synonym = |synonym: DescribeConfigsSynonym| ConfigSynonym {
            name: synonym.name.to_string(),
            value: synonym.value.map(|value| value.to_string()),
            source: ConfigSource(synonym.source),
        };
        ConfigEntry {
            name: config.name.to_string(),
            value: config.value.map(|value| value.to_string()),
            source: ConfigSource(config.config_source),
            is_read_only: config.read_only,
            is_sensitive: config.is_sensitive,
            documentation: config.documentation.filter(|text| !text.is_empty()).map(|text| text.to_string()),
            synonyms: config.synonyms.into_iter().map(synonym).collect(),
        }
    }
}

impl Client {
    /// The configuration of one resource, by key.
    ///
    /// # Errors
    /// Kafka's error for the resource, or when no broker answers in time.
    pub async fn describe_configs(
        &self,
        resource: &ConfigResource,
        documentation: bool,
    ) -> Result<Vec<ConfigEntry>, ClientError> {
        let request = |version: i16| DescribeConfigsRequest {
            resources: vec![DescribeConfigsResource {
                resource_type: resource.resource_type.code(),
                resource_name: resource.name.as_str().into(),
                configuration_keys: None,
            }],
            include_synonyms: version >= 1,
            include_documentation: documentation && version >= 3,
        };
        let response = self.call_versioned(resource.target(), i16::MAX, request).await?;
        let result = response.results.into_iter().next().unwrap_or_default();
        ClientError::check(resource.what(), result.error_code, result.error_message.as_deref())?;
        let mut entries: Vec<ConfigEntry> = result.configs.into_iter().map(ConfigEntry::from_wire).collect();
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(entries)
    }
}
