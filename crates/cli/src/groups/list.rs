//! `groups list`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::ListedGroup;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream groups list
  hanzo-stream groups list --state empty --output json";

/// Arguments of `groups list`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListArguments {
    /// Only groups in this state (stable, empty, dead, preparing-rebalance...); may be repeated
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: ListArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let mut groups = client.list_groups().await.tried(|| "listing groups".to_owned())?;
    groups.retain(|group| is_wanted(&arguments.state, &group.state));
    if arguments.connection.is_json() {
        return print_json(&groups.iter().map(as_json).collect());
    }
    let mut rows = Rows::new(&["GROUP", "STATE", "TYPE", "PROTOCOL"]);
    for group in groups {
        let known = |text: String| cell(Some(text).filter(|text| !text.is_empty()));
        rows.push(vec![group.group_id, known(group.state), known(group.group_type), known(group.protocol_type)]);
    }
    rows.print()
}

/// Kafka writes PreparingRebalance; people may write preparing-rebalance.
fn is_wanted(states: &[String], state: &str) -> bool {
    let plain = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
    states.is_empty() || states.iter().any(|wanted| plain(wanted) == plain(state))
}

fn as_json(group: &ListedGroup) -> Value {
    json!({
        "group": group.group_id,
        "state": group.state,
        "type": group.group_type,
        "protocol": group.protocol_type,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_however_they_are_written() {
        let states = ["preparing-rebalance".to_owned(), "EMPTY".to_owned()];
        assert!(is_wanted(&states, "PreparingRebalance"));
        assert!(is_wanted(&states, "Empty"));
        assert!(!is_wanted(&states, "Stable"));
        assert!(is_wanted(&[], "Stable"));
    }
}
