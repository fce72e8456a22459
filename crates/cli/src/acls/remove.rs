//! `acls remove`.

use clap::Args;
use serde_json::json;
use stream_client::Acl;
use stream_security::acl::Permission;

use super::plan::filters;
use super::{EntryArguments, ResourceArguments, as_json, as_rows, count};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream acls remove --principal User:billing
      shows all that the user was given
  hanzo-stream acls remove --principal User:billing --consumer --topic llm_usage --group billing-agg --yes";

/// Arguments of `acls remove`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RemoveArguments {
    #[command(flatten)]
    entries: EntryArguments,
    /// Only those that deny
    #[arg(long)]
    deny: bool,
    /// Remove them
    #[arg(long)]
    yes: bool,
    /// Only show what would be removed, which is also what happens without --yes
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    #[command(flatten)]
    resources: ResourceArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: RemoveArguments) -> Result<(), CliError> {
    if arguments.entries.principal.is_empty() && arguments.resources.resources().is_empty() {
        return Err(CliError::usage("which ones? name at least a --principal or a resource such as --topic"));
    }
    let permission = arguments.deny.then_some(Permission::Deny);
    let filters = filters(&arguments.resources, &arguments.entries, permission, None).map_err(CliError::usage)?;
    let client = arguments.connection.client()?;
    let mut acls: Vec<Acl> = Vec::new();
    if arguments.yes {
        acls = client.delete_acls(&filters).await.tried(|| "removing ACLs".to_owned())?;
    } else {
        for filter in &filters {
            acls.extend(client.describe_acls(filter).await.tried(|| "looking for ACLs to remove".to_owned())?);
        }
        acls.sort();
        acls.dedup();
    }
    if arguments.connection.is_json() {
        return print_json(&json!({"removed": arguments.yes, "acls": as_json(&acls)}));
    }
    if acls.is_empty() {
        return print("there is no such ACL\n");
    }
    as_rows(&acls).print()?;
    print(&if arguments.yes {
        format!("{} removed\n", count(&acls))
    } else {
        "nothing was removed: --yes does it\n".to_owned()
    })
}
