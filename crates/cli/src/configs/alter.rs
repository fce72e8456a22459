//! `configs alter`.

use clap::{ArgGroup, Args};
use serde_json::json;
use stream_client::{ConfigChange, ConfigOperation};

use super::{ResourceArguments, Whose, quotas, what};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};
use crate::properties::key_and_value;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream configs alter --topic orders --set retention.ms=86400000 --set cleanup.policy=compact,delete
  hanzo-stream configs alter --broker 1 --delete log.cleaner.threads
  hanzo-stream configs alter --user alice --client etl --set producer_byte_rate=1048576
  hanzo-stream configs alter --ip-default --set connection_creation_rate=20";

/// Arguments of `configs alter`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("change").required(true).multiple(true).args(["set", "delete", "append", "subtract"])))]
pub struct AlterArguments {
    #[command(flatten)]
    resource: ResourceArguments,
    /// Give a key a value; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(super) set: Vec<(String, String)>,
    /// Go back to the default of a key; may be repeated
    #[arg(long, value_name = "KEY")]
    pub(super) delete: Vec<String>,
    /// Add items to a list; may be repeated
    #[arg(long, value_name = "KEY=ITEM,...", value_parser = key_and_value)]
    pub(super) append: Vec<(String, String)>,
    /// Take items from a list; may be repeated
    #[arg(long, value_name = "KEY=ITEM,...", value_parser = key_and_value)]
    pub(super) subtract: Vec<(String, String)>,
    /// Only ask whether it would be allowed
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: AlterArguments) -> Result<(), CliError> {
    let resource = match arguments.resource.whose() {
        Whose::Resource(resource) => resource,
        Whose::Quotas(entity) => return quotas::alter(&arguments, entity).await,
        Whose::AllQuotas => return Err(CliError::usage("--quotas only shows: name a --user, --client or --ip")),
    };
    let change = |operation| {
        move |(name, value): &(String, String)| ConfigChange {
            name: name.clone(),
            operation,
            value: Some(value.clone()),
        }
    };
    let delete = |name: &String| ConfigChange { name: name.clone(), operation: ConfigOperation::Delete, value: None };
    let changes: Vec<ConfigChange> = arguments
        .set
        .iter()
        .map(change(ConfigOperation::Set))
        .chain(arguments.append.iter().map(change(ConfigOperation::Append)))
        .chain(arguments.subtract.iter().map(change(ConfigOperation::Subtract)))
        .chain(arguments.delete.iter().map(delete))
        .collect();
    let client = arguments.connection.client()?;
    let what = what(&resource);
    client
        .alter_configs(&resource, &changes, arguments.dry_run)
        .await
        .tried(|| format!("altering the configuration of {what}"))?;
    if arguments.connection.is_json() {
        return print_json(&json!({
            "resource_type": resource.resource_type.name(),
            "name": resource.name,
            "changes": changes.len(),
            "altered": !arguments.dry_run,
        }));
    }
    let done = if arguments.dry_run { "could be altered" } else { "altered" };
    let plural = if changes.len() == 1 { "" } else { "s" };
    print(&format!("{what} {done}: {} key{plural}\n", changes.len()))
}
