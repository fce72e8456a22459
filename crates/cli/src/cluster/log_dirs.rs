//! `cluster log-dirs`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::{LogDir, LogDirReplica};
use stream_types::ErrorCode;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, bytes, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream cluster log-dirs
  hanzo-stream cluster log-dirs --broker 1 --partitions --topic orders";

/// Arguments of `cluster log-dirs`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LogDirsArguments {
    /// Only of this broker
    #[arg(long, value_name = "ID")]
    broker: Option<i32>,
    /// Show each partition
    #[arg(long)]
    partitions: bool,
    /// Only partitions of this topic
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: LogDirsArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let tried = || "describing log directories".to_owned();
    let brokers = match arguments.broker {
        Some(broker) => vec![broker],
        None => client.describe_cluster().await.tried(tried)?.brokers.iter().map(|broker| broker.id).collect(),
    };
    let mut found: Vec<(i32, LogDir)> = Vec::new();
    for broker in brokers {
        let dirs = client.describe_log_dirs(broker).await.tried(tried)?;
        found.extend(dirs.into_iter().map(|mut dir| {
            dir.replicas.retain(|replica| arguments.topic.as_ref().is_none_or(|topic| replica.topic == *topic));
            (broker, dir)
        }));
    }
    if arguments.connection.is_json() {
        return print_json(&found.iter().map(as_json).collect());
    }
    let rows = if arguments.partitions { partition_rows(&found) } else { dir_rows(&found) };
    rows.print()
}

fn size(dir: &LogDir) -> i64 {
    dir.replicas.iter().map(|replica| replica.size_bytes.max(0)).sum()
}

fn state(dir: &LogDir) -> String {
    match dir.error_code {
        0 => "online".to_owned(),
        code => ErrorCode::from_code(code).map_or_else(|| format!("error {code}"), |code| code.name().to_owned()),
    }
}

fn dir_rows(found: &[(i32, LogDir)]) -> Rows {
    let mut rows = Rows::new(&["BROKER", "DIRECTORY", "STATE", "PARTITIONS", "SIZE", "FREE", "DISK"]);
    for (broker, dir) in found {
        rows.push(vec![
            broker.to_string(),
            dir.path.clone(),
            state(dir),
            dir.replicas.len().to_string(),
            bytes(size(dir)),
            bytes(dir.usable_bytes),
            bytes(dir.total_bytes),
        ]);
    }
    rows
}

fn partition_rows(found: &[(i32, LogDir)]) -> Rows {
    let mut rows = Rows::new(&["BROKER", "DIRECTORY", "TOPIC", "PARTITION", "SIZE", "OFFSET-LAG"]);
    for (broker, dir) in found {
        for replica in &dir.replicas {
            rows.push(vec![
                broker.to_string(),
                dir.path.clone(),
                replica.topic.clone(),
                replica.partition.to_string(),
                bytes(replica.size_bytes),
                replica.offset_lag.to_string(),
            ]);
        }
    }
    rows
}

fn as_json((broker, dir): &(i32, LogDir)) -> Value {
    let replica = |replica: &LogDirReplica| {
        json!({
            "topic": replica.topic,
            "partition": replica.partition,
            "size_bytes": replica.size_bytes,
            "offset_lag": replica.offset_lag,
            "future": replica.is_future,
        })
    };
    json!({
        "broker": broker,
        "path": dir.path,
        "state": state(dir),
        "size_bytes": size(dir),
        "usable_bytes": (dir.usable_bytes >= 0).then_some(dir.usable_bytes),
        "total_bytes": (dir.total_bytes >= 0).then_some(dir.total_bytes),
        "partitions": dir.replicas.iter().map(replica).collect::<Vec<_>>(),
    })
}
