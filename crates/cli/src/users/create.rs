//! `users create`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use stream_security::sasl::scram::{ITERATIONS_MAX, ITERATIONS_MIN};

use super::{MechanismArgument, mechanisms, password};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream users create billing
      asks for the password
  hanzo-stream users create billing --password-file /run/secrets/billing
  hanzo-stream users create billing --password-env BILLING_PASSWORD --mechanism SCRAM-SHA-512 --iterations 8192";

/// Arguments of `users create`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CreateArguments {
    /// The user's name
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,
    /// Read the password from a variable of the environment
    #[arg(long, value_name = "VARIABLE", conflicts_with = "password_file")]
    password_env: Option<String>,
    /// Read the password from the first line of a file; - is standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// For which mechanism [default: SCRAM-SHA-256 and SCRAM-SHA-512]
    #[arg(long, value_enum, ignore_case = true)]
    mechanism: Vec<MechanismArgument>,
    /// How often the password is hashed; more make guessing and logging in slower
    #[arg(long, value_name = "N", default_value_t = ITERATIONS_MIN, value_parser = clap::value_parser!(u32).range(i64::from(ITERATIONS_MIN)..=i64::from(ITERATIONS_MAX)))]
    iterations: u32,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: CreateArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let name = &arguments.name;
    let password = match (&arguments.password_env, &arguments.password_file) {
        (Some(variable), _) => password::from_environment(variable)?,
        (None, Some(path)) => password::from_file(path)?,
        (None, None) => password::ask(name)?,
    };
    let mechanisms = mechanisms(&arguments.mechanism);
    let iterations = NonZeroU32::new(arguments.iterations).ok_or_else(|| CliError::usage("--iterations is 0"))?;
    let existed = client
        .scram_users(Some(std::slice::from_ref(name)))
        .await
        .tried(|| format!("looking for user '{name}'"))?
        .iter()
        .any(|user| user.name == *name);
    client
        .set_scram_password(name, &mechanisms, &password, iterations)
        .await
        .tried(|| format!("creating user '{name}'"))?;
    let names: Vec<&str> = mechanisms.iter().map(|mechanism| mechanism.name()).collect();
    if arguments.connection.is_json() {
        let iterations = arguments.iterations;
        return print_json(&json!({"name": name, "created": !existed, "mechanisms": names, "iterations": iterations}));
    }
    let done = if existed { "has another password now" } else { "created" };
    print(&format!("{name} {done}: {}\n", names.join(", ")))
}
