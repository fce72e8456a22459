//! `topics alter`.

use clap::Args;
use serde_json::json;
use stream_client::{ConfigChange, ConfigOperation, ConfigResource};

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};
use crate::properties::key_and_value;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream topics alter orders --partitions 16
  hanzo-stream topics alter orders --config retention.ms=86400000 --delete-config cleanup.policy";

/// Arguments of `topics alter`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AlterArguments {
    /// The topic's name
    name: String,
    /// How many partitions it has then; never fewer than now
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Set a configuration; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    config: Vec<(String, String)>,
    /// Go back to the default of a configuration; may be repeated
    #[arg(long, value_name = "KEY")]
    delete_config: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: AlterArguments) -> Result<(), CliError> {
    let name = &arguments.name;
    let set = arguments.config.iter().map(|(key, value)| ConfigChange {
        name: key.clone(),
        operation: ConfigOperation::Set,
        value: Some(value.clone()),
    });
    let delete = arguments.delete_config.iter().map(|key| ConfigChange {
        name: key.clone(),
        operation: ConfigOperation::Delete,
        value: None,
    });
    let changes: Vec<ConfigChange> = set.chain(delete).collect();
    if changes.is_empty() && arguments.partitions.is_none() {
        return Err(CliError::usage("nothing to alter: give --partitions, --config or --delete-config"));
    }
    let client = arguments.connection.client()?;
    if !changes.is_empty() {
        client
            .alter_configs(&ConfigResource::topic(name), &changes, false)
            .await
            .tried(|| format!("altering topic '{name}'"))?;
    }
    if let Some(count) = arguments.partitions {
        client.create_partitions(name, count, &[]).await.tried(|| format!("altering topic '{name}'"))?;
    }
    if arguments.connection.is_json() {
        return print_json(&json!({"name": name, "configs": changes.len(), "partitions": arguments.partitions}));
    }
    let partitions = arguments.partitions.map(|count| format!("{count} partitions"));
    let configs = (!changes.is_empty()).then(|| format!("{} configurations changed", changes.len()));
    let done: Vec<String> = configs.into_iter().chain(partitions).collect();
    print(&format!("{name} altered: {}\n", done.join(", ")))
}
