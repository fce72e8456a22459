//! `topics offsets`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::{OffsetSpec, wall_millis};

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, print_json};
use crate::time::{format_moment, parse_moment};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream topics offsets orders
  hanzo-stream topics offsets orders --at 2026-03-01T12:00:00Z";

/// Arguments of `topics offsets`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct OffsetsArguments {
    /// The topic's name
    name: String,
    /// Also show the first record at or after a time; '1h' is an hour ago
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

struct Row {
    partition: i32,
    earliest: i64,
    latest: i64,
    /// Offset and timestamp of the first record at the time, if there is one.
    at: Option<(i64, i64)>,
}

pub(crate) async fn run(arguments: OffsetsArguments) -> Result<(), CliError> {
    let at = arguments.at.as_deref().map(|text| parse_moment(text, wall_millis())).transpose();
    let at = at.map_err(|reason| CliError::usage(format!("--at: {reason}")))?;
    let client = arguments.connection.client()?;
    let name = &arguments.name;
    let tried = || format!("looking up offsets of topic '{name}'");
    let earliest = client.list_all_offsets(name, OffsetSpec::Earliest).await.tried(tried)?;
    let latest = client.list_all_offsets(name, OffsetSpec::Latest).await.tried(tried)?;
    let at_time = match at {
        Some(time) => Some(client.list_all_offsets(name, OffsetSpec::At(time)).await.tried(tried)?),
        None => None,
    };
    let row = |(partition, earliest): (&i32, &stream_client::FoundOffset)| Row {
        partition: *partition,
        earliest: earliest.offset,
        latest: latest.get(partition).map_or(-1, |found| found.offset),
        at: at_time
            .as_ref()
            .and_then(|found| found.get(partition))
            .filter(|found| found.offset >= 0)
            .map(|found| (found.offset, found.timestamp)),
    };
    let rows: Vec<Row> = earliest.iter().map(row).collect();
    if arguments.connection.is_json() {
        return print_json(&rows.iter().map(|row| as_json(row, at.is_some())).collect());
    }
    as_rows(&rows, at.is_some()).print()
}

fn as_rows(rows: &[Row], with_time: bool) -> Rows {
    let headings = ["PARTITION", "EARLIEST", "LATEST", "RECORDS", "AT", "TIMESTAMP"];
    let mut table = Rows::new(if with_time { &headings } else { &headings[..4] });
    for row in rows {
        let mut cells = vec![
            row.partition.to_string(),
            row.earliest.to_string(),
            row.latest.to_string(),
            (row.latest - row.earliest).to_string(),
        ];
        if with_time {
            cells.push(cell(row.at.map(|(offset, _)| offset)));
            cells.push(cell(row.at.map(|(_, time)| format_moment(time))));
        }
        table.push(cells);
    }
    table
}

fn as_json(row: &Row, with_time: bool) -> Value {
    let mut object = json!({"partition": row.partition, "earliest": row.earliest, "latest": row.latest});
    if with_time {
        object["at"] = json!(row.at.map(|(offset, _)| offset));
        object["timestamp"] = json!(row.at.map(|(_, time)| time));
    }
    object
}
