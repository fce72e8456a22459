//! Dynamic configuration: what AlterConfigs stored, by resource.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What a configuration belongs to (`org.apache.kafka.common.config.ConfigResource.Type`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(i8)]
pub enum ConfigResourceType {
    /// A topic by name.
    Topic = 2,
    /// A broker by id, or every broker: the empty name.
    Broker = 4,
    /// The log levels of a broker.
    BrokerLogger = 8,
    /// A client metrics subscription by name (KIP-714).
    ClientMetrics = 16,
    /// A group by id (KIP-848).
    Group = 32,
}

impl ConfigResourceType {
    /// The number that records and requests carry.
    pub fn code(self) -> i8 {
        self as i8
    }

    /// The type with this number.
    pub fn from_code(code: i8) -> Option<Self> {
        Some(match code {
            2 => ConfigResourceType::Topic,
            4 => ConfigResourceType::Broker,
            8 => ConfigResourceType::BrokerLogger,
            16 => ConfigResourceType::ClientMetrics,
            32 => ConfigResourceType::Group,
            _ => return None,
        })
    }
}

/// One thing that can be configured.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConfigResource {
    /// What it is.
    pub kind: ConfigResourceType,
    /// Its name; empty for every broker.
    pub name: String,
}

impl ConfigResource {
    /// The topic with this name.
    pub fn topic(name: &str) -> Self {
        ConfigResource { kind: ConfigResourceType::Topic, name: name.to_owned() }
    }

    /// One broker's own configuration.
    pub fn broker(id: stream_types::NodeId) -> Self {
        ConfigResource { kind: ConfigResourceType::Broker, name: id.to_string() }
    }

    /// What holds for every broker that has no value of its own.
    pub fn default_broker() -> Self {
        ConfigResource { kind: ConfigResourceType::Broker, name: String::new() }
    }

    /// The group with this id.
    pub fn group(id: &str) -> Self {
        ConfigResource { kind: ConfigResourceType::Group, name: id.to_owned() }
    }
}

/// The stored keys and values of every resource that has any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConfigsImage {
    resources: BTreeMap<ConfigResource, Arc<BTreeMap<String, String>>>,
}

impl ConfigsImage {
    /// The stored keys and values of a resource, if it has any.
    pub fn get(&self, resource: &ConfigResource) -> Option<&Arc<BTreeMap<String, String>>> {
        self.resources.get(resource)
    }

    /// One stored value.
    pub fn value(&self, resource: &ConfigResource, key: &str) -> Option<&str> {
        self.resources.get(resource)?.get(key).map(String::as_str)
    }

    /// Every resource that has stored values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&ConfigResource, &Arc<BTreeMap<String, String>>)> {
        self.resources.iter()
    }

    pub(super) fn set(&mut self, resource: ConfigResource, key: &str, value: Option<&str>) {
        match value {
            Some(value) => {
                let keys = self.resources.entry(resource).or_default();
                Arc::make_mut(keys).insert(key.to_owned(), value.to_owned());
            }
            None => {
                let Some(keys) = self.resources.get_mut(&resource) else {
                    return;
                };
                Arc::make_mut(keys).remove(key);
                if keys.is_empty() {
                    self.resources.remove(&resource);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, resource: &ConfigResource) {
        self.resources.remove(resource);
    }
}
