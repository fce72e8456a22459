//! `acls add`.

use clap::Args;
use serde_json::json;
use stream_security::acl::{PatternType, Permission};

use super::plan::{additions, looks_like_pattern, probable_prefix};
use super::{EntryArguments, ResourceArguments, as_json, as_rows, count};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream acls add --principal User:billing --consumer --topic llm_usage --group billing-agg
  hanzo-stream acls add --principal User:helixagent --producer --topic helixagent. --prefixed
  hanzo-stream acls add --principal User:mallory --deny --operation all --topic payments --host 10.0.0.7";

/// Arguments of `acls add`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AddArguments {
    #[command(flatten)]
    entries: EntryArguments,
    /// Deny instead of allowing; what is denied no other ACL allows
    #[arg(long)]
    deny: bool,
    /// Only show what would be added
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    resources: ResourceArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: AddArguments) -> Result<(), CliError> {
    if arguments.entries.principal.is_empty() {
        return Err(CliError::usage("who is it for? --principal User:NAME"));
    }
    let permission = if arguments.deny { Permission::Deny } else { Permission::Allow };
    let acls = additions(&arguments.resources, &arguments.entries, permission).map_err(CliError::usage)?;
    let odd = acls.iter().find(|acl| acl.pattern_type == PatternType::Literal && looks_like_pattern(acl));
    if let Some(acl) = odd {
        eprintln!(
            "WARN '{}' is taken as the whole name of a {}, not as a pattern; for all names that begin so write '{}' and --prefixed",
            acl.name,
            acl.resource_type.name().to_ascii_lowercase(),
            probable_prefix(&acl.name),
        );
    }
    let client = arguments.connection.client()?;
    if !arguments.dry_run {
        client.create_acls(&acls).await.tried(|| format!("adding {}", count(&acls)))?;
    }
    if arguments.connection.is_json() {
        return print_json(&json!({"added": !arguments.dry_run, "acls": as_json(&acls)}));
    }
    as_rows(&acls).print()?;
    let done = if arguments.dry_run { "would be added" } else { "added" };
    print(&format!("{} {done}\n", count(&acls)))
}
