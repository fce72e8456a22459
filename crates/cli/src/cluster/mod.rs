//! `cluster`: one file a command.

mod brokers;
mod log_dirs;
mod quorum;
mod status;

use clap::Subcommand;

use crate::error::CliError;

/// Commands about the cluster.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Show whether the cluster is whole
    Status(status::StatusArguments),
    /// List brokers
    Brokers(brokers::BrokersArguments),
    /// Show who leads the metadata quorum and how far everybody is
    Quorum(quorum::QuorumArguments),
    /// Show log directories and what is in them
    LogDirs(log_dirs::LogDirsArguments),
}

pub(crate) async fn run(command: ClusterCommand) -> Result<(), CliError> {
    match command {
        ClusterCommand::Status(arguments) => status::run(arguments).await,
        ClusterCommand::Brokers(arguments) => brokers::run(arguments).await,
        ClusterCommand::Quorum(arguments) => quorum::run(arguments).await,
        ClusterCommand::LogDirs(arguments) => log_dirs::run(arguments).await,
    }
}
