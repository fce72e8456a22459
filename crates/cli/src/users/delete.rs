//! `users delete`.

use clap::Args;
use serde_json::json;
use stream_security::sasl::scram::ScramMechanism;
use stream_types::ErrorCode;

use super::{MechanismArgument, mechanisms};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream users delete billing
  hanzo-stream users delete billing --mechanism SCRAM-SHA-256 --if-exists";

/// Arguments of `users delete`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DeleteArguments {
    /// The users' names
    #[arg(required = true)]
    names: Vec<String>,
    /// Only the credentials for this mechanism
    #[arg(long, value_enum, ignore_case = true)]
    mechanism: Vec<MechanismArgument>,
    /// Pass over users that do not exist
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: DeleteArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let mut results = Vec::new();
    for name in &arguments.names {
        let mut deleted: Vec<ScramMechanism> = Vec::new();
        let mut absent = None;
        for mechanism in mechanisms(&arguments.mechanism) {
            match client.delete_scram_credential(name, mechanism).await {
                Ok(()) => deleted.push(mechanism),
                Err(error) if error.code() == Some(ErrorCode::ResourceNotFound) => absent = Some(error),
                Err(error) => return Err(error).tried(|| format!("deleting user '{name}'")),
            }
        }
        if let Some(error) = absent.filter(|_| deleted.is_empty() && !arguments.if_exists) {
            return Err(error).tried(|| format!("deleting user '{name}'"));
        }
        let names: Vec<&str> = deleted.iter().map(|mechanism| mechanism.name()).collect();
        if !arguments.connection.is_json() {
            print(&match names.is_empty() {
                true => format!("{name} does not exist\n"),
                false => format!("{name} deleted: {}\n", names.join(", ")),
            })?;
        }
        results.push(json!({"name": name, "deleted": names}));
    }
    if arguments.connection.is_json() { print_json(&results.into()) } else { Ok(()) }
}
