//! `cluster`: one file a command.

mod brokers;
mod elect_leaders;
mod log_dirs;
mod quorum;
mod status;

use clap::Subcommand;

use crate::error::CliError;
use crate::not_there::{NotThereArguments, refuse};

/// Commands about the cluster.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Show whether the cluster is whole
    Status(status::StatusArguments),
    /// List brokers
    Brokers(brokers::BrokersArguments),
    /// Show who leads the metadata quorum and how far everybody is
    Quorum(quorum::QuorumArguments),
    /// Let the preferred replica of each partition lead it again
    ElectLeaders(elect_leaders::ElectLeadersArguments),
    /// Show log directories and what is in them
    LogDirs(log_dirs::LogDirsArguments),
    /// Not in this release yet
    #[command(hide = true)]
    Reassign(NotThereArguments),
    /// Not in this release yet
    #[command(hide = true)]
    Transactions(NotThereArguments),
}

pub(crate) async fn run(command: ClusterCommand) -> Result<(), CliError> {
    match command {
        ClusterCommand::Reassign(_) => refuse("cluster reassign", "partitions stay where they were placed"),
        ClusterCommand::Transactions(_) => refuse("cluster transactions", "brokers cannot list transactions either"),
        ClusterCommand::Status(arguments) => status::run(arguments).await,
        ClusterCommand::Brokers(arguments) => brokers::run(arguments).await,
        ClusterCommand::Quorum(arguments) => quorum::run(arguments).await,
        ClusterCommand::ElectLeaders(arguments) => elect_leaders::run(arguments).await,
        ClusterCommand::LogDirs(arguments) => log_dirs::run(arguments).await,
    }
}
