//! `groups delete`.

use clap::Args;
use serde_json::json;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream groups delete billing";

/// Arguments of `groups delete`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DeleteArguments {
    /// The groups' ids
    #[arg(required = true)]
    groups: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: DeleteArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let mut results = Vec::new();
    for group in &arguments.groups {
        client.delete_group(group).await.tried(|| format!("deleting group '{group}'"))?;
        if !arguments.connection.is_json() {
            print(&format!("{group} deleted\n"))?;
        }
        results.push(json!({"group": group, "deleted": true}));
    }
    if arguments.connection.is_json() { print_json(&results.into()) } else { Ok(()) }
}
