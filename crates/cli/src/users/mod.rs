//! `users`: SCRAM credentials, one file a command.

mod create;
mod delete;
mod list;
mod password;

use clap::{Subcommand, ValueEnum};
use stream_security::sasl::scram::ScramMechanism;

use crate::error::CliError;

/// Commands about users who log in by SCRAM.
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// Create a user, or give it another password
    Create(create::CreateArguments),
    /// List users and their mechanisms
    List(list::ListArguments),
    /// Delete users, or their credentials for one mechanism
    Delete(delete::DeleteArguments),
}

pub(crate) async fn run(command: UsersCommand) -> Result<(), CliError> {
    match command {
        UsersCommand::Create(arguments) => create::run(arguments).await,
        UsersCommand::List(arguments) => list::run(arguments).await,
        UsersCommand::Delete(arguments) => delete::run(arguments).await,
    }
}

/// A mechanism by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum MechanismArgument {
    /// SCRAM-SHA-256
    #[value(name = "SCRAM-SHA-256", alias = "scram-sha-256", alias = "256")]
    Sha256,
    /// SCRAM-SHA-512
    #[value(name = "SCRAM-SHA-512", alias = "scram-sha-512", alias = "512")]
    Sha512,
}

/// The mechanisms that were named; all, if none was.
fn mechanisms(named: &[MechanismArgument]) -> Vec<ScramMechanism> {
    let of = |named: &MechanismArgument| match named {
        MechanismArgument::Sha256 => ScramMechanism::Sha256,
        MechanismArgument::Sha512 => ScramMechanism::Sha512,
    };
    if named.is_empty() { ScramMechanism::ALL.to_vec() } else { named.iter().map(of).collect() }
}
