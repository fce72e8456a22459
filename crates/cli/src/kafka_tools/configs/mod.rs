//! `kafka-configs`: its arguments, whose configuration they mean, and how each kind is shown and changed.

mod changes;
mod entity;
mod quotas;
mod resources;
mod scram;

use std::path::PathBuf;

use clap::Args;
use stream_client::Client;

use self::entity::{Entity, Kind};
use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};

/// Arguments of `kafka-configs`.
#[derive(Debug, Default, Args)]
pub(super) struct Configs {
    #[command(flatten)]
    server: ServerArguments,
    /// Controllers to connect to instead of brokers
    #[arg(long, value_name = "HOST:PORT,...")]
    bootstrap_controller: Option<String>,
    /// Show configurations
    #[arg(long)]
    describe: bool,
    /// Change a configuration
    #[arg(long)]
    alter: bool,
    /// Also show keys that have their default
    #[arg(long)]
    all: bool,
    /// topics, brokers, users, clients, ips, groups, client-metrics or broker-loggers
    #[arg(long, value_name = "TYPE")]
    entity_type: Vec<String>,
    /// Its name; one for each type; an empty one is the same as --entity-default
    #[arg(long, value_name = "NAME")]
    entity_name: Vec<String>,
    /// All of the type that have nothing of their own
    #[arg(long)]
    entity_default: bool,
    /// A topic
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// A client id
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// All client ids that have nothing of their own
    #[arg(long)]
    client_defaults: bool,
    /// A user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// All users who have nothing of their own
    #[arg(long)]
    user_defaults: bool,
    /// A broker, by its node id
    #[arg(long, value_name = "ID")]
    broker: Option<String>,
    /// All brokers that have nothing of their own
    #[arg(long)]
    broker_defaults: bool,
    /// The loggers of a broker
    #[arg(long, value_name = "ID")]
    broker_logger: Option<String>,
    /// An address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// All addresses that have nothing of their own
    #[arg(long)]
    ip_defaults: bool,
    /// A group
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// A subscription to metrics of clients
    #[arg(long, value_name = "NAME")]
    client_metrics: Option<String>,
    /// Give keys values: k1=v1,k2=[a,b]
    #[arg(long, value_name = "KEY=VALUE,...")]
    add_config: Option<String>,
    /// Give keys the values of a properties file
    #[arg(long, value_name = "FILE")]
    add_config_file: Option<PathBuf>,
    /// Go back to the defaults of keys: k1,k2
    #[arg(long, value_name = "KEY,...")]
    delete_config: Vec<String>,
    /// Without effect: nothing is asked
    #[arg(long, hide = true)]
    force: bool,
}

impl KafkaTool for Configs {
    const ABOUT: &'static str =
        "Show and change configurations of topics, brokers, groups and client metrics, quotas, and SCRAM credentials";

    /// `--entity-default` stands at the place of a name, so that it belongs to the type beside it.
    fn prepare(words: &[String]) -> Vec<String> {
        let default =
            |word: &String| if word == "--entity-default" { "--entity-name=".to_owned() } else { word.clone() };
        words.iter().map(default).collect()
    }

    async fn run(mut self) -> Result<(), ToolError> {
        let entity = self.check()?;
        let set = changes::to_set(self.add_config.as_deref(), self.add_config_file.as_deref())?;
        let delete = changes::to_delete(&self.delete_config);
        if let Some(controllers) = self.bootstrap_controller.take() {
            self.server.bootstrap_server = Some(controllers);
        }
        let client = self.server.client()?;
        if self.alter {
            return alter(&client, &entity, &set, &delete).await;
        }
        if entity.kind().is_limited() {
            quotas::describe(&client, &entity).await?;
            return scram::describe(&client, &entity).await;
        }
        resources::describe(&client, &entity, self.all).await
    }

    fn complaint(error: &ToolError) -> Complaint {
        // Kafka repeats the arguments here; they may hold passwords.
        Complaint::Stderr(format!("Error while executing config command: {error}"))
    }
}

async fn alter(client: &Client, entity: &Entity, set: &[(String, String)], delete: &[String]) -> Result<(), ToolError> {
    match entity.kind() {
        Kind::Users if changes::is_scram(set, delete)? => scram::alter(client, entity, set, delete).await?,
        kind if kind.is_limited() => quotas::alter(client, entity, set, delete).await?,
        _ => resources::alter(client, entity, set, delete).await?,
    }
    entity.print_completed()
}

impl Configs {
    /// Kafka's rules of what goes together, and whose configuration is meant.
    fn check(&self) -> Result<Entity, ToolError> {
        let usage = |message: &str| Err(ToolError::usage(message));
        if self.describe == self.alter {
            return usage("Command must include exactly one action: --describe, --alter");
        }
        let adds = self.add_config.is_some() || self.add_config_file.is_some();
        if self.describe && (adds || !self.delete_config.is_empty()) {
            let option = if adds { "add-config" } else { "delete-config" };
            return Err(ToolError::usage(format!("Option \"[describe]\" can't be used with option \"[{option}]\"")));
        }
        let entity = Entity::of(self)?;
        match (&self.server.bootstrap_server, &self.bootstrap_controller) {
            (Some(_), Some(_)) => {
                return usage("Only one of --bootstrap-server or --bootstrap-controller can be specified");
            }
            (None, None) => {
                return usage("Either --bootstrap-server or --bootstrap-controller must be specified.");
            }
            _ => {}
        }
        if self.alter {
            entity.check_named()?;
            if !adds && self.delete_config.is_empty() {
                return usage(
                    "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter",
                );
            }
        }
        Ok(entity)
    }
}
