//! `topics delete`.

use clap::Args;
use serde_json::json;
use stream_types::ErrorCode;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream topics delete orders
  hanzo-stream topics delete orders payments --if-exists";

/// Arguments of `topics delete`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DeleteArguments {
    /// The topics' names
    #[arg(required = true)]
    names: Vec<String>,
    /// Pass over topics that do not exist
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: DeleteArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let mut results = Vec::new();
    for name in &arguments.names {
        let deleted = match client.delete_topic(name).await {
            Ok(()) => true,
            Err(error) if arguments.if_exists && error.code() == Some(ErrorCode::UnknownTopicOrPartition) => false,
            Err(error) => return Err(error).tried(|| format!("deleting topic '{name}'")),
        };
        if !arguments.connection.is_json() {
            print(&format!("{name} {}\n", if deleted { "deleted" } else { "does not exist" }))?;
        }
        results.push(json!({"name": name, "deleted": deleted}));
    }
    if arguments.connection.is_json() { print_json(&results.into()) } else { Ok(()) }
}
