//! `kafka-consumer-groups`: one file an action.
//!
//! Kafka's tool ends with exit status 0 whatever the cluster answered, and says what happened on stdout; only options
//! that do not go together give it status 1. Runbooks know that, so it is the same here.

mod delete;
mod list;
mod members;
mod offsets;
mod plan_file;
mod regex;
mod reset;
mod states;

use std::time::Duration;

use clap::Args;
use stream_client::{Client, DescribedGroup};

use super::error::ToolError;
use super::server::ServerArguments;
use super::{KafkaTool, java};
use crate::connection;
use crate::output::print;

/// Arguments of `kafka-consumer-groups`.
#[derive(Debug, Args)]
pub(in crate::kafka_tools) struct ConsumerGroups {
    #[command(flatten)]
    server: ServerArguments,
    /// How long to wait for each answer (milliseconds)
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 5000)]
    timeout: u64,
    /// A group; may be repeated
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// Every group
    #[arg(long)]
    all_groups: bool,
    /// A topic, or some of its partitions: TOPIC:0,1; may be repeated
    #[arg(long, value_name = "TOPIC")]
    topic: Vec<String>,
    /// Every topic that the group has committed offsets of
    #[arg(long)]
    all_topics: bool,

    /// List the groups
    #[arg(long)]
    list: bool,
    /// Describe groups: offsets and lag, members, or state
    #[arg(long)]
    describe: bool,
    /// Delete groups that have no members
    #[arg(long)]
    delete: bool,
    /// Move the offsets of groups that have no members
    #[arg(long)]
    reset_offsets: bool,
    /// Delete offsets of topics that the group does not read
    #[arg(long)]
    delete_offsets: bool,
    /// Say whether a regular expression is one
    #[arg(long, value_name = "REGEX")]
    validate_regex: Option<String>,

    /// With --describe: the offsets, which is also the default
    #[arg(long)]
    offsets: bool,
    /// With --describe: the members
    #[arg(long)]
    members: bool,
    /// With --describe: the state; with --list: the states, or only groups in some of them
    #[arg(long, value_name = "STATES", num_args = 0..=1, default_missing_value = "")]
    state: Option<String>,
    /// With --list: the types, or only groups of some of them (classic, consumer)
    #[arg(long, value_name = "TYPES", num_args = 0..=1, default_missing_value = "")]
    r#type: Option<String>,
    /// With --describe: more columns
    #[arg(long)]
    verbose: bool,

    #[command(flatten)]
    reset: reset::ResetArguments,
}

impl KafkaTool for ConsumerGroups {
    const ABOUT: &'static str = "List, describe, reset and delete consumer groups";

    async fn run(self) -> Result<(), ToolError> {
        self.check()?;
        match self.act().await {
            Err(error @ (ToolError::Usage(_) | ToolError::Done(_))) => Err(error),
            Err(error) => {
                let reason = java::of_tool(&error);
                print(&format!("\nError: Executing consumer group command failed due to {reason}\n"))?;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

impl ConsumerGroups {
    async fn act(&self) -> Result<(), ToolError> {
        if let Some(regex) = &self.validate_regex {
            return regex::run(regex);
        }
        let client = self.client()?;
        if self.list {
            list::run(&client, self).await
        } else if self.delete {
            delete::groups(&client, &self.groups(&client).await?).await
        } else if self.reset_offsets {
            reset::run(&client, self).await
        } else if self.delete_offsets {
            delete::offsets(&client, &self.group, &self.topic).await
        } else if self.members {
            members::run(&self.described(&client).await?, self.verbose)
        } else if self.state.is_some() {
            states::run(&client, &self.described(&client).await?, self.verbose)
        } else {
            offsets::run(&client, &self.described(&client).await?, self.verbose).await
        }
    }

    fn client(&self) -> Result<Client, ToolError> {
        let Some(servers) = &self.server.bootstrap_server else {
            return Err(ToolError::usage("Missing required argument \"[bootstrap-server]\""));
        };
        let timeout = Some(Duration::from_millis(self.timeout));
        Ok(connection::client(servers, self.server.command_config.as_deref(), timeout)?)
    }

    /// The groups that are named, or all.
    async fn groups(&self, client: &Client) -> Result<Vec<String>, ToolError> {
        if !self.all_groups {
            let mut groups = self.group.clone();
            groups.sort();
            groups.dedup();
            return Ok(groups);
        }
        Ok(list::consumer_groups(client).await?.into_iter().map(|group| group.group_id).collect())
    }

    async fn described(&self, client: &Client) -> Result<Vec<DescribedGroup>, ToolError> {
        let mut described = Vec::new();
        for group in self.groups(client).await? {
            described.push(client.describe_group(&group).await?);
        }
        Ok(described)
    }

    /// Which options go together, in Kafka's words.
    fn check(&self) -> Result<(), ToolError> {
        let given = |options: &[(bool, &'static str)]| -> Vec<&'static str> {
            options.iter().filter(|(given, _)| *given).map(|(_, name)| *name).collect()
        };
        let of_describe =
            given(&[(self.members, "members"), (self.offsets, "offsets"), (self.state.is_some(), "state")]);
        let unavailable = match (self.describe, self.list) {
            (true, _) => Vec::new(),
            (false, true) => given(&[(self.members, "members"), (self.offsets, "offsets"), (self.verbose, "verbose")]),
            (false, false) => of_describe.clone(),
        };
        if !unavailable.is_empty() {
            let names = unavailable.join(", ");
            return usage(format!("Option(s) [{names}] are unavailable given other options on the command line"));
        }
        if self.server.bootstrap_server.is_none() && self.validate_regex.is_none() {
            return usage("Missing required argument \"[bootstrap-server]\"");
        }
        let has_groups = !self.group.is_empty() || self.all_groups;
        if self.describe && !has_groups {
            return usage("Option [describe] takes one of these options: [group], [all-groups]");
        }
        if self.describe && of_describe.len() > 1 {
            return usage("Option [describe] takes at most one of these options: [members], [offsets], [state]");
        }
        if self.describe && self.state.as_deref().is_some_and(|state| !state.is_empty()) {
            return usage("Option [describe] does not take a value for [state]");
        }
        if self.delete && !has_groups {
            return usage("Option [delete] takes one of these options: [all-groups], [group]");
        }
        if self.delete && !self.topic.is_empty() {
            return usage("The consumer does not support topic-specific offset deletion from a consumer group.");
        }
        if self.delete_offsets && (self.group.is_empty() || self.topic.is_empty()) {
            return usage("Option [delete-offsets] takes the following options: [group], [topic]");
        }
        if self.reset_offsets {
            self.reset.check(has_groups)?;
        }
        self.check_scopes()?;
        self.check_actions()
    }

    fn check_scopes(&self) -> Result<(), ToolError> {
        if !self.group.is_empty() && self.all_groups {
            return usage("Option \"[group]\" can't be used with option \"[all-groups]\"");
        }
        if !self.group.is_empty() && self.list {
            return usage("Option \"[group]\" can't be used with option \"[list]\"");
        }
        let without_topic = [(self.list, "list"), (self.describe, "describe")];
        match without_topic.iter().find(|(given, _)| *given && !self.topic.is_empty()) {
            Some((_, name)) => usage(format!("Option \"[topic]\" can't be used with option \"[{name}]\"")),
            None => Ok(()),
        }
    }

    fn check_actions(&self) -> Result<(), ToolError> {
        let actions = [
            self.list,
            self.describe,
            self.delete,
            self.reset_offsets,
            self.delete_offsets,
            self.validate_regex.is_some(),
        ];
        if actions.iter().filter(|given| **given).count() != 1 {
            return usage(
                "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, \
                 --delete-offsets, --validate-regex",
            );
        }
        Ok(())
    }
}

fn usage<T>(message: impl Into<String>) -> Result<T, ToolError> {
    Err(ToolError::usage(message))
}

/// Whether there are rows to be shown of a group; what is special about its state is said.
fn tell_state(group: &DescribedGroup, rows: usize) -> Result<bool, ToolError> {
    match group.state.as_str() {
        "Dead" => {
            print(&format!("\nError: Consumer group '{}' does not exist.\n", group.group_id))?;
            return Ok(false);
        }
        "Empty" => eprintln!("\nConsumer group '{}' has no active members.", group.group_id),
        "Stable" => {}
        _ => eprintln!("\nWarning: Consumer group '{}' is rebalancing.", group.group_id),
    }
    Ok(rows > 0)
}

/// What is not known is a dash.
fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// The widest of these, but at least `least`.
fn width<'a>(least: usize, texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0).max(least)
}
