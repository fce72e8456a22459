//! `cluster elect-leaders`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::{ClientError, Election};
use stream_types::ErrorCode;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream cluster elect-leaders
      every partition whose preferred replica does not lead
  hanzo-stream cluster elect-leaders --topic orders --partition 0
  hanzo-stream cluster elect-leaders --topic orders --partition 0 --unclean
      any replica that is alive, where none is in sync: records may be lost";

/// Arguments of `cluster elect-leaders`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ElectLeadersArguments {
    /// Only this topic
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// Only this partition of the topic; may be repeated
    #[arg(long, value_name = "N", requires = "topic")]
    partition: Vec<i32>,
    /// Where no replica in sync is left, let one lead that is not
    #[arg(long, requires = "topic")]
    unclean: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: ElectLeadersArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let tried = || "electing leaders".to_owned();
    let partitions = match &arguments.topic {
        None => None,
        Some(name) => {
            let topic = client.topic(name).await.tried(tried)?;
            let indexes = match arguments.partition.is_empty() {
                true => topic.partitions.iter().map(|partition| partition.index).collect(),
                false => arguments.partition.clone(),
            };
            Some(indexes.into_iter().map(|index| (name.clone(), index)).collect::<Vec<_>>())
        }
    };
    let election = if arguments.unclean { Election::Unclean } else { Election::Preferred };
    let elected = client.elect_leaders(election, partitions.as_deref()).await.tried(tried)?;
    let mut rows = Rows::new(&["TOPIC", "PARTITION", "ELECTED"]);
    let mut objects: Vec<Value> = Vec::new();
    let mut failed = Ok(());
    for result in elected {
        let name = |code| ErrorCode::from_code(code).map_or("UNKNOWN", ErrorCode::name);
        let (cell, error) = match result.error_code {
            0 => ("yes", None),
            code if code == ErrorCode::ElectionNotNeeded.code() => ("not needed", None),
            code => (name(code), Some(name(code))),
        };
        let is_elected = result.error_code == 0;
        let (topic, index) = (result.topic, result.partition);
        if error.is_some() && failed.is_ok() {
            let what = format!("partition {topic}-{index}");
            failed = ClientError::check(what, result.error_code, result.error_message.as_deref());
        }
        objects.push(json!({"topic": topic, "partition": index, "elected": is_elected, "error": error}));
        rows.push(vec![topic, index.to_string(), cell.to_owned()]);
    }
    if arguments.connection.is_json() {
        print_json(&objects.into())?;
    } else if objects.is_empty() {
        print("every partition is led by its preferred replica\n")?;
    } else {
        rows.print()?;
    }
    failed.tried(tried)
}
