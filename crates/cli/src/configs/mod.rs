//! `configs`: one file a command.

mod alter;
mod describe;

use clap::{ArgGroup, Args, Subcommand};
use stream_client::{ConfigResource, ResourceType};

use crate::error::CliError;

/// Commands about configurations.
#[derive(Debug, Subcommand)]
pub enum ConfigsCommand {
    /// Show the configuration of a topic, a broker or a group
    Describe(describe::DescribeArguments),
    /// Change the configuration of a topic, a broker or a group
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
#[command(group(ArgGroup::new("resource").required(true).args(["topic", "broker", "all_brokers", "group"])))]
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
}

impl ResourceArguments {
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
