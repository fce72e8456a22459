//! Client properties of the console tools: a file, and single ones over it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use stream_client::Client;

use super::error::ToolError;
use crate::connection;
use crate::properties::{ClientProperties, read_properties};

/// Where properties come from; each option under the name that it has and under those that it had.
#[derive(Debug, Args)]
pub(super) struct ClientPropertyArguments {
    /// A property of the client, over the file's; may be repeated
    #[arg(long, value_name = "KEY=VALUE", aliases = ["producer-property", "consumer-property"])]
    command_property: Vec<String>,
    /// The same as --command-config, as it was called before
    #[arg(long = "client.config", value_name = "FILE", aliases = ["producer.config", "consumer.config"])]
    client_config: Option<PathBuf>,
}

/// Properties of a client.
#[derive(Clone, Debug)]
pub(super) struct Properties(BTreeMap<String, String>);

impl ClientPropertyArguments {
    /// What the file and the command line say; the latter counts.
    pub(super) fn read(&self, command_config: Option<&Path>) -> Result<Properties, ToolError> {
        let file = command_config.or(self.client_config.as_deref());
        Ok(Properties(pairs(file, &self.command_property)?))
    }
}

impl Properties {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.trim())
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, ToolError> {
        match self.get(key).map(|value| (value, value.parse())) {
            None => Ok(None),
            Some((_, Ok(number))) => Ok(Some(number)),
            Some((value, Err(_))) => Err(ToolError::failed(format!(
                "org.apache.kafka.common.config.ConfigException: Invalid value {value} for configuration {key}: Not a number"
            ))),
        }
    }

    /// A client of the cluster at these addresses.
    pub(super) fn client(&self, servers: &str, name: &str, timeout: Option<Duration>) -> Result<Client, ToolError> {
        let mut properties = self.0.clone();
        properties.entry("client.id".to_owned()).or_insert_with(|| name.to_owned());
        let properties = ClientProperties::of(&properties).map_err(ToolError::Usage)?;
        Ok(connection::client_with(servers, properties, timeout)?)
    }
}

/// The pairs of a file, and those of the command line over them; one without a value is empty.
pub(super) fn pairs(file: Option<&Path>, given: &[String]) -> Result<BTreeMap<String, String>, ToolError> {
    let mut properties = match file {
        Some(path) => read_properties(path)?,
        None => BTreeMap::new(),
    };
    for pair in given {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        properties.insert(key.to_owned(), value.to_owned());
    }
    Ok(properties)
}
