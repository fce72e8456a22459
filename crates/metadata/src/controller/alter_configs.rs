//! AlterConfigs (replaces a resource's whole set) and IncrementalAlterConfigs (KIP-339).
//!
//! - Each resource succeeds or is refused on its own.
//! - A value that is stored already makes no record.
//! - A resource twice in one request is INVALID_REQUEST.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stream_codec::Str;
use stream_types::{ErrorCode, NodeId};

use super::{ApiError, Controller, Decision};
use crate::config_def::{
    BrokerRefusal, ConfigType, broker_key, check_broker_change, check_group_change, check_topic_change,
    check_topic_relations, client_metrics_key, group_key, list_items, topic_key,
};
use crate::image::{ConfigResource, ConfigResourceType};
use crate::record::MetadataRecord;
use stream_codec::stored::metadata::ConfigRecord;

/// Resources whose configuration is replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlterConfigs {
    /// Resource and everything it is to have.
    pub resources: Vec<(ConfigResource, Vec<ConfigValue>)>,
    /// Answer as if, but change nothing.
    pub validate_only: bool,
}

/// A key and the value it is to have.
pub type ConfigValue = (String, Option<String>);

/// Resources whose configuration is changed key by key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncrementalAlterConfigs {
    /// Resource and changes.
    pub resources: Vec<(ConfigResource, Vec<ConfigChange>)>,
    /// Answer as if, but change nothing.
    pub validate_only: bool,
}

/// A change of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigChange {
    /// The key.
    pub name: String,
    /// What to do with it.
    pub operation: ConfigOperation,
    /// The value to do it with; ignored by Delete.
    pub value: Option<String>,
}

/// What to do with a key (`AlterConfigOp.OpType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i8)]
pub enum ConfigOperation {
    /// Store the value.
    Set = 0,
    /// Go back to the default.
    Delete = 1,
    /// Add the values to the list.
    Append = 2,
    /// Take the values out of the list.
    Subtract = 3,
}

impl ConfigOperation {
    /// The operation with this number.
    pub fn from_code(code: i8) -> Option<Self> {
        Some(match code {
            0 => ConfigOperation::Set,
            1 => ConfigOperation::Delete,
            2 => ConfigOperation::Append,
            3 => ConfigOperation::Subtract,
            _ => return None,
        })
    }
}

/// One answer for each resource asked for, in the order of the request.
#[derive(Clone, PartialEq, Debug)]
pub struct AlterConfigsReply {
    /// Resource and outcome.
    pub resources: Vec<(ConfigResource, Result<(), ApiError>)>,
}

/// What a resource's keys become: None removes a key.
type Changes = BTreeMap<String, Option<String>>;

impl Controller {
    /// Replaces the configuration of resources.
    pub fn alter_configs(&self, command: &AlterConfigs) -> Decision<AlterConfigsReply> {
        let requested = command.resources.iter().map(|(resource, wanted)| (resource, wanted.as_slice()));
        self.decide(requested, command.validate_only, |resource, wanted| self.replacing(resource, wanted))
    }

    /// Changes the configuration of resources key by key.
    pub fn incremental_alter_configs(&self, command: &IncrementalAlterConfigs) -> Decision<AlterConfigsReply> {
        let requested = command.resources.iter().map(|(resource, changes)| (resource, changes.as_slice()));
        self.decide(requested, command.validate_only, |resource, changes| self.changing(resource, changes))
    }

    fn decide<'a, T: 'a>(
        &self,
        requested: impl Iterator<Item = (&'a ConfigResource, T)> + Clone,
        validate_only: bool,
        changes_of: impl Fn(&ConfigResource, T) -> Result<Changes, ApiError>,
    ) -> Decision<AlterConfigsReply> {
        let mut counts: HashMap<&ConfigResource, usize> = HashMap::new();
        for (resource, _) in requested.clone() {
            *counts.entry(resource).or_default() += 1;
        }
        let mut records = Vec::new();
        let mut resources = Vec::new();
        let mut answered = BTreeSet::new();
        for (resource, asked) in requested {
            if !answered.insert(resource) {
                continue;
            }
            let outcome = if counts[resource] > 1 {
                let message = "each resource may be in the request only once";
                Err(ApiError::new(ErrorCode::InvalidRequest, message))
            } else {
                self.check_resource(resource)
                    .and_then(|()| changes_of(resource, asked))
                    .and_then(|changes| self.checked_records(resource, &changes))
            };
            let outcome = outcome.map(|changed| {
                if !validate_only {
                    records.extend(changed);
                }
            });
            resources.push((resource.clone(), outcome));
        }
        Decision { records, reply: AlterConfigsReply { resources } }
    }

    fn check_resource(&self, resource: &ConfigResource) -> Result<(), ApiError> {
        let name = &resource.name;
        match resource.kind {
            ConfigResourceType::Topic if self.image.topic(name).is_none() => {
                Err(ApiError::new(ErrorCode::UnknownTopicOrPartition, format!("topic {name} does not exist")))
            }
            ConfigResourceType::Broker if !name.is_empty() => {
                let Ok(id) = name.parse::<i32>() else {
                    return Err(ApiError::new(
                        ErrorCode::InvalidRequest,
                        format!("{name:?} is not the id of a broker"),
                    ));
                };
                if self.image.broker(NodeId(id)).is_none() && !self.image.controllers().any(|c| c.id == NodeId(id)) {
                    return Err(ApiError::new(
                        ErrorCode::BrokerIdNotRegistered,
                        format!("broker {id} is not registered"),
                    ));
                }
                Ok(())
            }
            ConfigResourceType::BrokerLogger => {
                Err(ApiError::new(ErrorCode::InvalidRequest, "log levels are not kept by the controller"))
            }
            ConfigResourceType::Group | ConfigResourceType::ClientMetrics if name.is_empty() => {
                Err(ApiError::new(ErrorCode::InvalidRequest, "the name of the resource is empty"))
            }
            _ => Ok(()),
        }
    }

    /// What AlterConfigs changes: everything that is not asked for goes.
    fn replacing(&self, resource: &ConfigResource, wanted: &[ConfigValue]) -> Result<Changes, ApiError> {
        let mut changes = Changes::new();
        for (name, value) in wanted {
            if changes.insert(name.clone(), value.clone()).is_some() {
                return Err(repeated_key(name));
            }
        }
        for name in self.image.configs().get(resource).into_iter().flat_map(|stored| stored.keys()) {
            changes.entry(name.clone()).or_insert(None);
        }
        Ok(changes)
    }

    /// What IncrementalAlterConfigs changes.
    fn changing(&self, resource: &ConfigResource, asked: &[ConfigChange]) -> Result<Changes, ApiError> {
        let mut changes = Changes::new();
        for change in asked {
            let value = match change.operation {
                ConfigOperation::Delete => None,
                ConfigOperation::Set => Some(given(change)?.to_owned()),
                ConfigOperation::Append | ConfigOperation::Subtract => Some(self.list_changed(resource, change)?),
            };
            if changes.insert(change.name.clone(), value).is_some() {
                return Err(repeated_key(&change.name));
            }
        }
        Ok(changes)
    }

    /// The list after values are added to it or taken out; it starts from what is stored, else from
    /// the key's default.
    fn list_changed(&self, resource: &ConfigResource, change: &ConfigChange) -> Result<String, ApiError> {
        let name = &change.name;
        let key = match resource.kind {
            ConfigResourceType::Topic => topic_key(name),
            ConfigResourceType::Group => group_key(name),
            ConfigResourceType::ClientMetrics => client_metrics_key(name),
            _ => broker_key(name),
        };
        if key.is_some_and(|key| key.kind != ConfigType::List) {
            let message = format!("configuration {name} is not a list: values can be neither added nor taken out");
            return Err(ApiError::new(ErrorCode::InvalidConfig, message));
        }
        let default = key.and_then(|key| key.default).unwrap_or_default();
        let stored = self.image.configs().value(resource, name).unwrap_or(default);
        let mut items = list_items(stored);
        for item in list_items(given(change)?) {
            if change.operation == ConfigOperation::Subtract {
                items.retain(|kept| *kept != item);
            } else if !items.contains(&item) {
                items.push(item);
            }
        }
        Ok(items.join(","))
    }

    /// Checks what is to be stored and makes the records of what is not stored yet.
    fn checked_records(&self, resource: &ConfigResource, changes: &Changes) -> Result<Vec<MetadataRecord>, ApiError> {
        let stored = self.image.configs().get(resource);
        let mut records = Vec::new();
        for (name, value) in changes {
            let before = stored.and_then(|stored| stored.get(name));
            if before == value.as_ref() && before.is_none() {
                // Taking away what is not there is no change, but the key must exist all the same.
                check_key_known(resource, name)?;
                continue;
            }
            check_change(resource, name, value.as_deref())?;
            if before == value.as_ref() {
                continue;
            }
            let record = ConfigRecord {
                resource_type: resource.kind.code(),
                resource_name: Str::from(&resource.name),
                name: name.into(),
                value: value.as_ref().map(Str::from),
            };
            records.push(record.into());
        }
        if resource.kind == ConfigResourceType::Topic {
            let mut after = stored.map(|stored| BTreeMap::clone(stored)).unwrap_or_default();
            for (name, value) in changes {
                match value {
                    Some(value) => after.insert(name.clone(), value.clone()),
                    None => after.remove(name),
                };
            }
            check_topic_relations(&after).map_err(|message| ApiError::new(ErrorCode::InvalidConfig, message))?;
        }
        Ok(records)
    }
}

fn check_change(resource: &ConfigResource, name: &str, value: Option<&str>) -> Result<(), ApiError> {
    let invalid = |message| ApiError::new(ErrorCode::InvalidConfig, message);
    // A stored key can always be taken away, also one that nobody knows (any more).
    let Some(value) = value else {
        return Ok(());
    };
    match resource.kind {
        ConfigResourceType::Topic => check_topic_change(name, value).map_err(invalid),
        ConfigResourceType::Broker => {
            check_broker_change(&resource.name, name, value).map_err(|refusal| match refusal {
                BrokerRefusal::Request(message) => ApiError::new(ErrorCode::InvalidRequest, message),
                BrokerRefusal::Config(message) => invalid(message),
            })
        }
        kind => check_group_change(kind, name, value).map_err(invalid),
    }
}

fn check_key_known(resource: &ConfigResource, name: &str) -> Result<(), ApiError> {
    let known = match resource.kind {
        ConfigResourceType::Topic => topic_key(name).is_some(),
        ConfigResourceType::Group => group_key(name).is_some(),
        ConfigResourceType::ClientMetrics => client_metrics_key(name).is_some(),
        _ => broker_key(name).is_some(),
    };
    if known {
        return Ok(());
    }
    let message = crate::config_def::unknown_key(resource.kind, name);
    Err(ApiError::new(ErrorCode::InvalidConfig, message))
}

fn given(change: &ConfigChange) -> Result<&str, ApiError> {
    change.value.as_deref().ok_or_else(|| {
        ApiError::new(ErrorCode::InvalidRequest, format!("configuration {} is given no value", change.name))
    })
}

fn repeated_key(name: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, format!("configuration {name} is in the request more than once"))
}
