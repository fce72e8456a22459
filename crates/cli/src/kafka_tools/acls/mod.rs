//! `kafka-acls`: its arguments, which of them go together, and its three actions. [`entries`] says which ACLs are meant.

mod entries;

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, stdin};

use clap::Args;
use stream_client::{Acl, AclFilter, Client};

use self::entries::{Entry, Pattern};
use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::print;

/// Arguments of `kafka-acls`.
#[derive(Debug, Default, Args)]
pub(super) struct Acls {
    #[command(flatten)]
    server: ServerArguments,
    /// Controllers to connect to instead of brokers
    #[arg(long, value_name = "HOST:PORT,...")]
    bootstrap_controller: Option<String>,
    /// Add ACLs
    #[arg(long)]
    add: bool,
    /// Remove ACLs; asks before, but for --force
    #[arg(long)]
    remove: bool,
    /// Show ACLs, of all resources or of those that are named
    #[arg(long)]
    list: bool,
    /// Do not ask
    #[arg(long)]
    force: bool,
    /// A topic; * is every topic; may be repeated, as the others
    #[arg(long, value_name = "NAME")]
    topic: Vec<String>,
    /// A group
    #[arg(long, value_name = "ID")]
    group: Vec<String>,
    /// The cluster
    #[arg(long)]
    cluster: bool,
    /// A transactional id
    #[arg(long, value_name = "ID")]
    transactional_id: Vec<String>,
    /// A delegation token, by its id
    #[arg(long, value_name = "ID")]
    delegation_token: Vec<String>,
    /// A user as owner of delegation tokens
    #[arg(long, value_name = "PRINCIPAL")]
    user_principal: Vec<String>,
    /// How names are meant: literal or prefixed; to list and remove also any and match
    #[arg(long, value_name = "TYPE", default_value = "literal")]
    resource_pattern_type: String,
    /// Who is allowed: User:alice
    #[arg(long, value_name = "PRINCIPAL")]
    allow_principal: Vec<String>,
    /// Who is denied
    #[arg(long, value_name = "PRINCIPAL")]
    deny_principal: Vec<String>,
    /// Whose ACLs are listed
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Vec<String>,
    /// From where it is allowed [default: everywhere]
    #[arg(long, value_name = "ADDRESS")]
    allow_host: Vec<String>,
    /// From where it is denied [default: everywhere]
    #[arg(long, value_name = "ADDRESS")]
    deny_host: Vec<String>,
    /// What: Read, Write, Create, Delete, Alter, Describe, ... [default: All]
    #[arg(long, value_name = "OPERATION")]
    operation: Vec<String>,
    /// What a producer needs
    #[arg(long)]
    producer: bool,
    /// What a consumer needs
    #[arg(long)]
    consumer: bool,
    /// With --producer: idempotent writes, which brokers before 2.8 ask for
    #[arg(long)]
    idempotent: bool,
}

impl KafkaTool for Acls {
    const ABOUT: &'static str = "Say who may do what: add, list and remove ACLs";

    async fn run(mut self) -> Result<(), ToolError> {
        self.check()?;
        if let Some(controllers) = self.bootstrap_controller.take() {
            self.server.bootstrap_server = Some(controllers);
        }
        let client = self.server.client()?;
        if self.add {
            self.add(&client).await
        } else if self.remove {
            self.remove(&client).await
        } else {
            self.list(&client).await
        }
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stdout(format!("Error while executing ACL command: {error}"))
    }
}

impl Acls {
    /// Kafka's rules of what goes together.
    fn check(&self) -> Result<(), ToolError> {
        let usage = |message: &str| Err(ToolError::usage(message));
        match (&self.server.bootstrap_server, &self.bootstrap_controller) {
            (Some(_), Some(_)) => {
                return usage("Only one of --bootstrap-server or --bootstrap-controller must be specified");
            }
            (None, None) => return usage("One of --bootstrap-server or --bootstrap-controller must be specified"),
            _ => {}
        }
        if [self.add, self.remove, self.list].into_iter().filter(|action| *action).count() != 1 {
            return usage("Command must include exactly one action: --list, --add, --remove.");
        }
        let given = [
            ("producer", self.producer),
            ("consumer", self.consumer),
            ("allow-host", !self.allow_host.is_empty()),
            ("allow-principal", !self.allow_principal.is_empty()),
            ("operation", !self.operation.is_empty()),
            ("deny-principal", !self.deny_principal.is_empty()),
            ("deny-host", !self.deny_host.is_empty()),
        ];
        for (option, is_set, others) in [
            (
                "list",
                self.list,
                ["producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"].as_slice(),
            ),
            ("producer", self.producer, &["operation", "deny-principal", "deny-host"]),
            ("consumer", self.consumer, &["operation", "deny-principal", "deny-host"]),
        ] {
            let other = given.into_iter().find(|(other, is_set)| *is_set && others.contains(other));
            if let (true, Some((other, _))) = (is_set, other) {
                return Err(ToolError::usage(format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")));
            }
        }
        if !self.principal.is_empty() && !self.list {
            return usage("The --principal option is only available if --list is set");
        }
        if self.producer && self.topic.is_empty() {
            return usage("With --producer you must specify a --topic");
        }
        if self.idempotent && !self.producer {
            return usage("The --idempotent option is only available if --producer is set");
        }
        let is_too_much = !self.producer && (self.cluster || !self.transactional_id.is_empty());
        if self.consumer && (self.topic.is_empty() || self.group.is_empty() || is_too_much) {
            return usage(
                "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.",
            );
        }
        Ok(())
    }

    async fn add(&self, client: &Client) -> Result<(), ToolError> {
        for (pattern, entries) in self.additions()? {
            let filter = pattern.filter();
            let existing = client.describe_acls(&filter).await?;
            let mut new: Vec<Acl> = Vec::new();
            for entry in &entries {
                let Some(acl) = pattern.acl(entry) else { continue };
                if existing.contains(&acl) {
                    print(&format!("Acl (pattern={pattern}, entry={entry}) already exists.\n"))?;
                } else {
                    new.push(acl);
                }
            }
            if !new.is_empty() {
                print(&format!("Adding ACLs for resource `{pattern}`: \n {}\n\n", lines(new.iter().map(Entry::of))))?;
                client.create_acls(&new).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, client: &Client) -> Result<(), ToolError> {
        for (pattern, entries) in self.meant()? {
            let question = if entries.is_empty() {
                format!("Are you sure you want to delete all ACLs for resource filter `{pattern}`? (y/n)")
            } else {
                let entries = lines(entries.iter().cloned());
                format!("Are you sure you want to remove ACLs: \n {entries}\n from resource filter `{pattern}`? (y/n)")
            };
            if !self.force && !is_confirmed(&question)? {
                continue;
            }
            let all = pattern.filter();
            let filters: Vec<AclFilter> = match entries.is_empty() {
                true => vec![all],
                false => entries.iter().map(|entry| entry.filter(&all)).collect(),
            };
            client.delete_acls(&filters).await?;
        }
        Ok(())
    }

    async fn list(&self, client: &Client) -> Result<(), ToolError> {
        let principals = entries::principals(&self.principal)?;
        let named = self.resources()?;
        let mut acls = Vec::new();
        if named.is_empty() {
            acls = client.describe_acls(&AclFilter::ALL).await?;
        }
        for pattern in &named {
            acls.extend(client.describe_acls(&pattern.filter()).await?);
        }
        acls.sort();
        acls.dedup();
        if principals.is_empty() {
            return Ok(print(&current(&acls))?);
        }
        for principal in principals {
            let own: Vec<Acl> = acls.iter().filter(|acl| acl.principal == principal).cloned().collect();
            print(&format!("ACLs for principal `{principal}`\n{}", current(&own)))?;
        }
        Ok(())
    }
}

/// Entries as Kafka shows them, a line each.
fn lines(entries: impl Iterator<Item = Entry>) -> String {
    entries.map(|entry| format!("\t{entry}")).collect::<Vec<_>>().join("\n")
}

/// ACLs under the resources that they are about.
fn current(acls: &[Acl]) -> String {
    let mut by_pattern: BTreeMap<Pattern, Vec<Entry>> = BTreeMap::new();
    for acl in acls {
        by_pattern.entry(Pattern::of(acl)).or_default().push(Entry::of(acl));
    }
    let show = |(pattern, entries): (Pattern, Vec<Entry>)| {
        format!("Current ACLs for resource `{pattern}`:\n{}\n\n", lines(entries.into_iter()))
    };
    by_pattern.into_iter().map(show).collect()
}

/// Whether the person at the terminal says yes. Without one nobody can.
fn is_confirmed(question: &str) -> Result<bool, ToolError> {
    print(&format!("{question}\n"))?;
    if !stdin().is_terminal() {
        return Err(ToolError::Failed("there is no terminal to ask at; --force goes on without asking".to_owned()));
    }
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer).map_err(|error| ToolError::Failed(error.to_string()))?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}
