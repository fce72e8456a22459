//! `topics create`.

use clap::Args;
use serde_json::json;
use stream_client::NewTopic;
use stream_types::ErrorCode;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};
use crate::properties::key_and_value;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream topics create orders
  hanzo-stream topics create orders --partitions 8 --config retention.ms=1209600000 --if-not-exists";

/// Arguments of `topics create`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CreateArguments {
    /// The topic's name
    name: String,
    /// How many partitions [default: num.partitions of the broker]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// How many copies [default: default.replication.factor of the broker]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// A configuration of the topic; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    config: Vec<(String, String)>,
    /// Do nothing, successfully, if the topic exists
    #[arg(long)]
    if_not_exists: bool,
    /// Only ask whether it could be created
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: CreateArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let name = arguments.name;
    let topic = NewTopic {
        name: name.clone(),
        partitions: arguments.partitions.unwrap_or(-1),
        replication_factor: arguments.replication_factor.unwrap_or(-1),
        assignments: Vec::new(),
        configs: arguments.config,
    };
    let created = match client.create_topic(&topic, arguments.dry_run).await {
        Ok(created) => Some(created),
        Err(error) if arguments.if_not_exists && error.code() == Some(ErrorCode::TopicAlreadyExists) => None,
        Err(error) => return Err(error).tried(|| format!("creating topic '{name}'")),
    };
    if arguments.connection.is_json() {
        return print_json(&json!({
            "name": name,
            "created": created.is_some() && !arguments.dry_run,
            "id": created.as_ref().filter(|created| !created.id.is_zero()).map(|created| created.id.to_string()),
            "partitions": created.as_ref().map(|created| created.partitions),
            "replication_factor": created.as_ref().map(|created| created.replication_factor),
        }));
    }
    let shape = created.as_ref().map(|created| {
        let plural = if created.partitions == 1 { "" } else { "s" };
        format!("{} partition{plural}, replication factor {}", created.partitions, created.replication_factor)
    });
    print(&match shape {
        None => format!("{name} exists already\n"),
        Some(shape) if arguments.dry_run => format!("{name} could be created: {shape}\n"),
        Some(shape) => format!("{name} created: {shape}\n"),
    })
}
