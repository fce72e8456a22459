//! `configs`: one file a command.

mod alter;
mod describe;
mod quotas;

use clap::{ArgGroup, Args, Subcommand};
use stream_client::{ConfigResource, QuotaEntity, ResourceType};

use crate::error::CliError;

/// Commands about configurations.
#[derive(Debug, Subcommand)]
pub enum ConfigsCommand {
    /// Show the configuration of a topic, a broker or a group, or quotas of users, clients and addresses
    Describe(describe::DescribeArguments),
    /// Change the configuration of a topic, a broker or a group, or quotas of users, clients and addresses
    Alter(alter::AlterArguments),
}

pub(crate) async fn run(command: ConfigsCommand) -> Result<(), CliError> {
    match command {
        ConfigsCommand::Describe(arguments) => describe::run(arguments).await,
        ConfigsCommand::Alter(arguments) => alter::run(arguments).await,
    }
}

/// Whose configuration.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("resource").required(true).multiple(true).args([
    "topic", "broker", "all_brokers", "group", "user", "user_default", "client", "client_default", "ip", "ip_default", "quotas",
])))]
#[command(group(ArgGroup::new("whole").args(["topic", "broker", "all_brokers", "group", "ip", "ip_default", "quotas"])
    .conflicts_with_all(["user", "user_default", "client", "client_default"])))]
pub(crate) struct ResourceArguments {
    /// Of a topic
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// Of a broker, by its node id
    #[arg(long, value_name = "ID")]
    broker: Option<i32>,
    /// Of all brokers that have none of their own
    #[arg(long)]
    all_brokers: bool,
    /// Of a group
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// Quotas of a user; with --client of the user's client
    #[arg(long, value_name = "NAME", conflicts_with = "user_default")]
    user: Option<String>,
    /// Quotas of each user who has none
    #[arg(long)]
    user_default: bool,
    /// Quotas of clients by their client id
    #[arg(long, value_name = "ID", conflicts_with = "client_default")]
    client: Option<String>,
    /// Quotas of each client id that has none
    #[arg(long)]
    client_default: bool,
    /// Connection rate of an address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Connection rate of each address that has none
    #[arg(long)]
    ip_default: bool,
    /// All quotas there are; only to describe
    #[arg(long)]
    quotas: bool,
}

/// Whose configuration or quotas.
enum Whose {
    Resource(ConfigResource),
    Quotas(QuotaEntity),
    AllQuotas,
}

impl ResourceArguments {
    fn whose(&self) -> Whose {
        let mut parts = Vec::new();
        for (kind, name, is_default) in [
            ("user", &self.user, self.user_default),
            ("client-id", &self.client, self.client_default),
            ("ip", &self.ip, self.ip_default),
        ] {
            if name.is_some() || is_default {
                parts.push((kind.to_owned(), name.clone()));
            }
        }
        match (self.quotas, parts.is_empty()) {
            (true, _) => Whose::AllQuotas,
            (false, false) => Whose::Quotas(QuotaEntity { parts }),
            (false, true) => Whose::Resource(self.resource()),
        }
    }

    fn resource(&self) -> ConfigResource {
        let (resource_type, name) = match (&self.topic, self.broker, &self.group) {
            (Some(topic), _, _) => (ResourceType::Topic, topic.clone()),
            (_, Some(broker), _) => (ResourceType::Broker, broker.to_string()),
            (_, _, Some(group)) => (ResourceType::Group, group.clone()),
            // An empty name is the default of all brokers.
            _ => (ResourceType::Broker, String::new()),
        };
        ConfigResource { resource_type, name }
    }
}

/// `topic 'orders'`, as errors name it.
fn what(resource: &ConfigResource) -> String {
    match resource.name.as_str() {
        "" => "all brokers".to_owned(),
        name => format!("{} '{name}'", resource.resource_type.name()),
    }
}
