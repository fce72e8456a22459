//! Configurations of topics, brokers, groups, client metrics and loggers.

use stream_client::{Client, ConfigChange, ConfigEntry, ConfigOperation, ResourceType};

use super::entity::{Entity, Kind};
use crate::kafka_tools::error::ToolError;
use crate::output::print;

pub(super) async fn alter(
    client: &Client,
    entity: &Entity,
    set: &[(String, String)],
    delete: &[String],
) -> Result<(), ToolError> {
    let operation = ConfigOperation::Set;
    let set =
        set.iter().map(|(name, value)| ConfigChange { name: name.clone(), operation, value: Some(value.clone()) });
    let operation = ConfigOperation::Delete;
    let delete = delete.iter().map(|name| ConfigChange { name: name.clone(), operation, value: None });
    let changes: Vec<ConfigChange> = set.chain(delete).collect();
    client.alter_configs(&entity.resource(entity.name().unwrap_or_default()), &changes, false).await?;
    Ok(())
}

pub(super) async fn describe(client: &Client, entity: &Entity, all: bool) -> Result<(), ToolError> {
    let kind = entity.kind();
    let names = match entity.name() {
        None => every_name(client, kind).await?,
        Some(name) if exists(client, kind, name).await? => vec![name.to_owned()],
        Some(name) => {
            let what = kind.singular();
            return Ok(print(&format!("The {what} '{name}' doesn't exist and doesn't have dynamic config.\n"))?);
        }
    };
    for name in names {
        let which = if all { "All" } else { "Dynamic" };
        print(&match name.as_str() {
            "" => format!("Default configs for {} in the cluster are:\n", kind.name()),
            name => format!("{which} configs for {} {name} are:\n", kind.singular()),
        })?;
        let entries = client.describe_configs(&entity.resource(&name), false).await?;
        let shown = entries.iter().filter(|entry| all || is_own(kind, &name, entry));
        print(&shown.map(line).collect::<String>())?;
    }
    Ok(())
}

/// Everything of a type, as far as it has a configuration.
async fn every_name(client: &Client, kind: Kind) -> Result<Vec<String>, ToolError> {
    let mut names: Vec<String> = match kind {
        Kind::Topics => client.all_topics().await?.into_iter().map(|topic| topic.name).collect(),
        Kind::Brokers | Kind::BrokerLoggers => {
            let brokers = client.describe_cluster().await?.brokers;
            let default = (kind == Kind::Brokers).then(String::new);
            return Ok(brokers.iter().map(|broker| broker.id.to_string()).chain(default).collect());
        }
        Kind::Groups => {
            let listed = client.list_groups().await?.into_iter().map(|group| group.group_id);
            listed.chain(client.config_resources(ResourceType::Group).await?).collect()
        }
        _ => client.config_resources(kind.resource_type()).await?,
    };
    names.sort();
    names.dedup();
    Ok(names)
}

async fn exists(client: &Client, kind: Kind, name: &str) -> Result<bool, ToolError> {
    Ok((kind == Kind::Brokers && name.is_empty()) || every_name(client, kind).await?.iter().any(|known| known == name))
}

/// Whether a value was set on this very resource.
fn is_own(kind: Kind, name: &str, entry: &ConfigEntry) -> bool {
    let source = match kind {
        Kind::Brokers if name.is_empty() => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        Kind::Brokers => "DYNAMIC_BROKER_CONFIG",
        Kind::BrokerLoggers => "DYNAMIC_BROKER_LOGGER_CONFIG",
        Kind::ClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
        Kind::Groups => "DYNAMIC_GROUP_CONFIG",
        _ => "DYNAMIC_TOPIC_CONFIG",
    };
    entry.source.name() == source
}

fn line(entry: &ConfigEntry) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let synonyms: Vec<String> = entry
        .synonyms
        .iter()
        .map(|synonym| format!("{}:{}={}", synonym.source.name(), synonym.name, text(&synonym.value)))
        .collect();
    let (value, is_sensitive) = (text(&entry.value), entry.is_sensitive);
    format!("  {}={value} sensitive={is_sensitive} synonyms={{{}}}\n", entry.name, synonyms.join(", "))
}

#[cfg(test)]
mod tests {
    use stream_client::{ConfigSource, ConfigSynonym};

    use super::*;

    #[test]
    fn an_entry_is_shown_with_all_its_places() {
        let synonym = |name: &str, value: Option<&str>, source| ConfigSynonym {
            name: name.into(),
            value: value.map(str::to_owned),
            source: ConfigSource(source),
        };
        let entry = ConfigEntry {
            name: "retention.ms".into(),
            value: Some("1".into()),
            source: ConfigSource(1),
            is_read_only: false,
            is_sensitive: false,
            documentation: None,
            synonyms: vec![synonym("retention.ms", Some("1"), 1), synonym("log.retention.ms", None, 5)],
        };
        assert_eq!(
            line(&entry),
            "  retention.ms=1 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1, DEFAULT_CONFIG:log.retention.ms=null}\n"
        );
        assert!(is_own(Kind::Topics, "t", &entry));
        assert!(!is_own(Kind::Brokers, "1", &entry));
    }
}
