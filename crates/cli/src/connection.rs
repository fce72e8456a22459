//! What every client command takes: where the cluster is, and how to print.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use stream_client::{Client, ClientConfig, parse_bootstrap};

use crate::error::CliError;
use crate::output::Format;
use crate::properties::ClientProperties;
use crate::time;

/// Where the cluster is and how long to try.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArguments {
    /// Brokers to connect to first, separated by commas
    #[arg(long, value_name = "HOST:PORT", env = "HANZO_STREAM_BOOTSTRAP", default_value = "localhost:9092")]
    pub(crate) bootstrap_server: String,

    /// Read Kafka client properties from a file
    #[arg(long, value_name = "FILE")]
    pub(crate) command_config: Option<PathBuf>,

    /// Give up after this long [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = time::parse_duration)]
    pub(crate) timeout: Option<Duration>,

    /// Print a table for people or JSON for scripts
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

const TIMEOUT: Duration = Duration::from_secs(10);

impl ConnectionArguments {
    /// A client of the cluster; it connects when it is first used.
    pub(crate) fn client(&self) -> Result<Client, CliError> {
        client(&self.bootstrap_server, self.command_config.as_deref(), self.timeout)
    }

    /// Whether scripts read the output.
    pub(crate) fn is_json(&self) -> bool {
        self.output == Format::Json
    }
}

/// A client of the cluster at these addresses, with Kafka's client properties from a file; it connects when it is first
/// used.
pub(crate) fn client(
    bootstrap_server: &str,
    properties: Option<&Path>,
    timeout: Option<Duration>,
) -> Result<Client, CliError> {
    let properties = match properties {
        Some(path) => ClientProperties::load(path)?,
        None => ClientProperties::default(),
    };
    client_with(bootstrap_server, properties, timeout)
}

/// As [`client`], with properties that were read already.
pub(crate) fn client_with(
    bootstrap_server: &str,
    properties: ClientProperties,
    timeout: Option<Duration>,
) -> Result<Client, CliError> {
    let bootstrap =
        parse_bootstrap(bootstrap_server).map_err(|error| CliError::usage(format!("--bootstrap-server: {error}")))?;
    let timeout = timeout.or(properties.timeout).unwrap_or(TIMEOUT);
    let mut config = ClientConfig::new(bootstrap, timeout);
    config.request_timeout = properties.request_timeout.unwrap_or(config.request_timeout);
    config.client_id = properties.client_id.unwrap_or(config.client_id);
    for warning in &properties.security.warnings {
        eprintln!("hanzo-stream: warning: {warning}");
    }
    config.security = properties.security;
    Ok(Client::new(config))
}
