//! `acls`: one file a command. [`plan`] says which ACLs the arguments mean.

mod add;
mod list;
pub(crate) mod plan;
mod remove;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use stream_client::Acl;
use stream_security::acl::{Operation, ResourceType};

use crate::error::CliError;
use crate::output::Rows;

/// Commands about access control lists.
#[derive(Debug, Subcommand)]
pub enum AclsCommand {
    /// Allow or deny somebody something
    Add(add::AddArguments),
    /// Show who may do what
    List(list::ListArguments),
    /// Remove ACLs; shows what it would remove, and does it with --yes
    Remove(remove::RemoveArguments),
}

pub(crate) async fn run(command: AclsCommand) -> Result<(), CliError> {
    match command {
        AclsCommand::Add(arguments) => add::run(arguments).await,
        AclsCommand::List(arguments) => list::run(arguments).await,
        AclsCommand::Remove(arguments) => remove::run(arguments).await,
    }
}

/// What ACLs are about.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Resources")]
pub(crate) struct ResourceArguments {
    /// A topic; * is every topic; may be repeated, as the others
    #[arg(long, value_name = "NAME")]
    pub(crate) topic: Vec<String>,
    /// A group
    #[arg(long, value_name = "ID")]
    pub(crate) group: Vec<String>,
    /// The cluster
    #[arg(long)]
    pub(crate) cluster: bool,
    /// A transactional id
    #[arg(long, value_name = "ID")]
    pub(crate) transactional_id: Vec<String>,
    /// A delegation token, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) delegation_token: Vec<String>,
    /// A user as owner of delegation tokens, such as User:alice
    #[arg(long, value_name = "PRINCIPAL")]
    pub(crate) user: Vec<String>,
    /// The names are beginnings of names
    #[arg(long)]
    pub(crate) prefixed: bool,
}

/// Who does what from where.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct EntryArguments {
    /// Who, such as User:alice; without a type it is User; may be repeated
    #[arg(long, value_name = "PRINCIPAL", value_parser = principal)]
    pub(crate) principal: Vec<String>,
    /// From which address [default: everywhere]; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) host: Vec<String>,
    /// What: read, write, create, delete, alter, describe, ... or all; may be repeated
    #[arg(long, value_name = "OPERATION", value_parser = operation, value_delimiter = ',')]
    pub(crate) operation: Vec<Operation>,
    /// What a producer needs: write, describe and create on topics, write and describe on transactional ids
    #[arg(long)]
    pub(crate) producer: bool,
    /// What a consumer needs: read and describe on topics, read on groups
    #[arg(long)]
    pub(crate) consumer: bool,
    /// With --producer: idempotent writes on the cluster, which brokers before 2.8 ask for
    #[arg(long, requires = "producer")]
    pub(crate) idempotent: bool,
}

impl ResourceArguments {
    /// Type and name of each resource.
    pub(crate) fn resources(&self) -> Vec<(ResourceType, String)> {
        let of = |kind: ResourceType, names: &[String]| -> Vec<(ResourceType, String)> {
            names.iter().map(|name| (kind, name.clone())).collect()
        };
        let cluster: &[String] = if self.cluster { &[ResourceType::CLUSTER_NAME.to_owned()] } else { &[] };
        let user: Vec<String> = self.user.iter().map(|user| with_type(user)).collect();
        [
            of(ResourceType::Topic, &self.topic),
            of(ResourceType::Group, &self.group),
            of(ResourceType::Cluster, cluster),
            of(ResourceType::TransactionalId, &self.transactional_id),
            of(ResourceType::DelegationToken, &self.delegation_token),
            of(ResourceType::User, &user),
        ]
        .concat()
    }
}

fn principal(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.ends_with(':') || text.starts_with(':') {
        return Err("write TYPE:NAME, such as User:alice".to_owned());
    }
    Ok(with_type(text))
}

/// `User:alice` of `alice`, and of itself.
fn with_type(text: &str) -> String {
    // In a distinguished name a colon may come later than an equals sign.
    let is_typed = text.split_once(':').is_some_and(|(kind, _)| !kind.contains('='));
    if is_typed { text.to_owned() } else { format!("User:{text}") }
}

/// An operation by its name, as Kafka's tools take it: `DescribeConfigs`, `describe_configs`, `DESCRIBE-CONFIGS`.
pub(crate) fn operation(text: &str) -> Result<Operation, String> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    let wanted = plain(text);
    Operation::ALL.iter().copied().find(|operation| plain(operation.name()) == wanted).ok_or_else(|| {
        let names: Vec<String> = Operation::ALL.iter().map(|operation| operation.name().to_ascii_lowercase()).collect();
        format!("write one of {}", names.join(", "))
    })
}

fn as_rows(acls: &[Acl]) -> Rows {
    let mut rows = Rows::new(&["RESOURCE", "NAME", "PATTERN", "PRINCIPAL", "HOST", "OPERATION", "PERMISSION"]);
    for acl in acls {
        rows.push(vec![
            acl.resource_type.name().to_owned(),
            acl.name.clone(),
            acl.pattern_type.name().to_owned(),
            acl.principal.clone(),
            acl.host.clone(),
            acl.operation.name().to_owned(),
            acl.permission.name().to_owned(),
        ]);
    }
    rows
}

fn as_json(acls: &[Acl]) -> Value {
    let one = |acl: &Acl| {
        json!({
            "resource_type": acl.resource_type.name(),
            "name": acl.name,
            "pattern_type": acl.pattern_type.name(),
            "principal": acl.principal,
            "host": acl.host,
            "operation": acl.operation.name(),
            "permission": acl.permission.name(),
        })
    };
    acls.iter().map(one).collect()
}

fn count(acls: &[Acl]) -> String {
    format!("{} ACL{}", acls.len(), if acls.len() == 1 { "" } else { "s" })
}
