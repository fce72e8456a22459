//! `topics describe`.

use clap::Args;
use serde_json::{Map, Value, json};
use stream_client::{ConfigEntry, ConfigResource, Partition, Topic};
use stream_types::ErrorCode;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, list, print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream topics describe orders
  hanzo-stream topics describe orders payments --output json";

/// Arguments of `topics describe`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DescribeArguments {
    /// The topics' names
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: DescribeArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let names: Vec<&str> = arguments.names.iter().map(String::as_str).collect();
    let topics = client.topics(&names).await.tried(|| "describing topics".to_owned())?;
    let mut described = Vec::new();
    for topic in topics {
        let name = topic.name.clone();
        let topic = topic.checked().tried(|| format!("describing topic '{name}'"))?;
        let mut configs = match client.describe_configs(&ConfigResource::topic(&name), false).await {
            // Who may read a topic need not be allowed to see how it is configured.
            Err(error) if error.code() == Some(ErrorCode::TopicAuthorizationFailed) => {
                eprintln!("hanzo-stream: warning: the configuration of topic '{name}' may not be seen: {error}");
                Vec::new()
            }
            configs => configs.tried(|| format!("describing the configuration of topic '{name}'"))?,
        };
        configs.retain(|config| config.source.is_own());
        described.push((topic, configs));
    }
    if arguments.connection.is_json() {
        return print_json(&described.iter().map(|(topic, configs)| as_json(topic, configs)).collect());
    }
    for (place, (topic, configs)) in described.iter().enumerate() {
        let gap = if place > 0 { "\n" } else { "" };
        print(&format!("{gap}{}\n", summary(topic, configs)))?;
        partitions(topic).print()?;
    }
    Ok(())
}

fn summary(topic: &Topic, configs: &[ConfigEntry]) -> String {
    let mut text = format!("{}  id {}", topic.name, topic.id);
    for config in configs {
        text.push_str(&format!("\n  {}={}", config.name, cell(config.value.as_deref())));
    }
    text
}

/// What is wrong with a partition, if anything is.
fn state(partition: &Partition) -> &'static str {
    if partition.leader < 0 {
        "offline"
    } else if partition.isr.len() < partition.replicas.len() {
        "under-replicated"
    } else {
        "ok"
    }
}

fn partitions(topic: &Topic) -> Rows {
    let mut rows = Rows::new(&["PARTITION", "LEADER", "EPOCH", "REPLICAS", "ISR", "STATE"]);
    for partition in &topic.partitions {
        rows.push(vec![
            partition.index.to_string(),
            cell((partition.leader >= 0).then_some(partition.leader)),
            cell((partition.leader_epoch >= 0).then_some(partition.leader_epoch)),
            list(&partition.replicas),
            list(&partition.isr),
            state(partition).to_owned(),
        ]);
    }
    rows
}

fn as_json(topic: &Topic, configs: &[ConfigEntry]) -> Value {
    let partition = |partition: &Partition| {
        json!({
            "partition": partition.index,
            "leader": (partition.leader >= 0).then_some(partition.leader),
            "leader_epoch": partition.leader_epoch,
            "replicas": partition.replicas,
            "isr": partition.isr,
            "offline_replicas": partition.offline,
            "state": state(partition),
        })
    };
    let configs: Map<String, Value> = configs.iter().map(|config| (config.name.clone(), json!(config.value))).collect();
    json!({
        "name": topic.name,
        "id": topic.id.to_string(),
        "internal": topic.is_internal,
        "configs": configs,
        "partitions": topic.partitions.iter().map(partition).collect::<Vec<_>>(),
    })
}
