//! `acls list`.

use clap::{Args, ValueEnum};
use stream_client::{Acl, PatternFilter};
use stream_security::acl::{PatternType, Permission};

use super::plan::filters;
use super::{EntryArguments, ResourceArguments, as_json, as_rows};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::print_json;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream acls list
  hanzo-stream acls list --principal User:billing
  hanzo-stream acls list --topic llm_usage --pattern match
      all that apply to the topic, by its name, its beginning or *";

/// How the names of listed ACLs are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Pattern {
    /// In any way
    Any,
    /// So that they apply to the name
    Match,
    /// As whole names
    Literal,
    /// As beginnings
    Prefixed,
}

/// Arguments of `acls list`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListArguments {
    #[command(flatten)]
    entries: EntryArguments,
    /// Only those that deny
    #[arg(long, conflicts_with = "allow")]
    deny: bool,
    /// Only those that allow
    #[arg(long)]
    allow: bool,
    /// How names are meant
    #[arg(long, value_enum, default_value = "any", conflicts_with = "prefixed")]
    pattern: Pattern,
    #[command(flatten)]
    resources: ResourceArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: ListArguments) -> Result<(), CliError> {
    let permission = match (arguments.allow, arguments.deny) {
        (true, _) => Some(Permission::Allow),
        (_, true) => Some(Permission::Deny),
        _ => None,
    };
    let pattern = match arguments.pattern {
        _ if arguments.resources.prefixed => PatternFilter::Only(PatternType::Prefixed),
        Pattern::Any => PatternFilter::Any,
        Pattern::Match => PatternFilter::Match,
        Pattern::Literal => PatternFilter::Only(PatternType::Literal),
        Pattern::Prefixed => PatternFilter::Only(PatternType::Prefixed),
    };
    let filters =
        filters(&arguments.resources, &arguments.entries, permission, Some(pattern)).map_err(CliError::usage)?;
    let client = arguments.connection.client()?;
    let mut acls: Vec<Acl> = Vec::new();
    for filter in &filters {
        acls.extend(client.describe_acls(filter).await.tried(|| "listing ACLs".to_owned())?);
    }
    acls.sort();
    acls.dedup();
    if arguments.connection.is_json() { print_json(&as_json(&acls)) } else { as_rows(&acls).print() }
}
