//! `topics`: one file a command.

mod alter;
mod create;
mod delete;
mod describe;
mod list;
mod offsets;

use clap::Subcommand;

use crate::error::CliError;

/// Commands about topics.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Create a topic
    Create(create::CreateArguments),
    /// List topics
    List(list::ListArguments),
    /// Show partitions, replicas and configuration of topics
    Describe(describe::DescribeArguments),
    /// Give a topic more partitions, or change its configuration
    Alter(alter::AlterArguments),
    /// Delete topics and everything in them
    Delete(delete::DeleteArguments),
    /// Show where partitions begin and end, or which offset a time has
    Offsets(offsets::OffsetsArguments),
}

pub(crate) async fn run(command: TopicsCommand) -> Result<(), CliError> {
    match command {
        TopicsCommand::Create(arguments) => create::run(arguments).await,
        TopicsCommand::List(arguments) => list::run(arguments).await,
        TopicsCommand::Describe(arguments) => describe::run(arguments).await,
        TopicsCommand::Alter(arguments) => alter::run(arguments).await,
        TopicsCommand::Delete(arguments) => delete::run(arguments).await,
        TopicsCommand::Offsets(arguments) => offsets::run(arguments).await,
    }
}
