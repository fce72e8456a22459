//! Where the cluster is: what all of Kafka's tools take.

use std::path::{Path, PathBuf};

use clap::Args;
use stream_client::Client;

use super::error::ToolError;
use crate::connection;

/// Where the cluster is.
#[derive(Debug, Default, Args)]
pub(super) struct ServerArguments {
    /// Brokers to connect to first, separated by commas
    #[arg(long, value_name = "HOST:PORT,...")]
    pub(super) bootstrap_server: Option<String>,
    /// Read Kafka client properties from a file
    #[arg(long, value_name = "FILE")]
    pub(super) command_config: Option<PathBuf>,
}

impl ServerArguments {
    /// A client of the cluster; it connects when it is first used.
    pub(super) fn client(&self) -> Result<Client, ToolError> {
        let Some(servers) = &self.bootstrap_server else {
            return Err(ToolError::usage("Missing required argument \"[bootstrap-server]\""));
        };
        connect(servers, self.command_config.as_deref())
    }
}

/// A client of the cluster at these addresses, with Kafka's client properties from a file.
pub(super) fn connect(servers: &str, properties: Option<&Path>) -> Result<Client, ToolError> {
    Ok(connection::client(servers, properties, None)?)
}
