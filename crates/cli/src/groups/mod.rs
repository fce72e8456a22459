//! `groups`: one file a command.

mod delete;
mod describe;
mod list;
mod plan;
mod reset_offsets;

use clap::Subcommand;

use crate::error::CliError;

/// Commands about consumer groups.
#[derive(Debug, Subcommand)]
pub enum GroupsCommand {
    /// List groups
    List(list::ListArguments),
    /// Show offsets, lag and members of groups
    Describe(describe::DescribeArguments),
    /// Move the offsets of a group that has no members; shows the plan, and does it with --execute
    ResetOffsets(reset_offsets::ResetOffsetsArguments),
    /// Delete groups that have no members, with their offsets
    Delete(delete::DeleteArguments),
}

pub(crate) async fn run(command: GroupsCommand) -> Result<(), CliError> {
    match command {
        GroupsCommand::List(arguments) => list::run(arguments).await,
        GroupsCommand::Describe(arguments) => describe::run(arguments).await,
        GroupsCommand::ResetOffsets(arguments) => reset_offsets::run(arguments).await,
        GroupsCommand::Delete(arguments) => delete::run(arguments).await,
    }
}
