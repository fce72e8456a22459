//! `users list`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::ScramUser;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream users list
  hanzo-stream users list billing --output json";

/// Arguments of `users list`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListArguments {
    /// Only these users
    names: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: ListArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let names = (!arguments.names.is_empty()).then_some(arguments.names.as_slice());
    let users = client.scram_users(names).await.tried(|| "listing users".to_owned())?;
    if arguments.connection.is_json() {
        return print_json(&users.iter().map(as_json).collect());
    }
    let mut rows = Rows::new(&["USER", "MECHANISM", "ITERATIONS"]);
    for user in &users {
        for (mechanism, iterations) in &user.credentials {
            rows.push(vec![user.name.clone(), mechanism.clone(), iterations.to_string()]);
        }
    }
    rows.print()
}

fn as_json(user: &ScramUser) -> Value {
    let credential =
        |(mechanism, iterations): &(String, i32)| json!({"mechanism": mechanism, "iterations": iterations});
    let credentials: Value = user.credentials.iter().map(credential).collect();
    json!({"name": user.name, "credentials": credentials})
}
