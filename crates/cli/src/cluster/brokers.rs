//! `cluster brokers`.

use clap::Args;
use serde_json::{Value, json};

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream cluster brokers";

/// Arguments of `cluster brokers`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct BrokersArguments {
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: BrokersArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let tried = || "listing brokers".to_owned();
    let cluster = client.describe_cluster().await.tried(tried)?;
    let topics = client.all_topics().await.tried(tried)?;
    let count = |wanted: &dyn Fn(&stream_client::Partition) -> bool| {
        topics.iter().flat_map(|topic| &topic.partitions).filter(|partition| wanted(partition)).count()
    };
    let mut rows = Rows::new(&["BROKER", "ADDRESS", "RACK", "LEADERS", "REPLICAS"]);
    let mut objects: Vec<Value> = Vec::new();
    for broker in &cluster.brokers {
        let leaders = count(&|partition| partition.leader == broker.id);
        let replicas = count(&|partition| partition.replicas.contains(&broker.id));
        rows.push(vec![
            broker.id.to_string(),
            broker.address(),
            cell(broker.rack.as_deref()),
            leaders.to_string(),
            replicas.to_string(),
        ]);
        objects.push(json!({
            "id": broker.id,
            "host": broker.host,
            "port": broker.port,
            "rack": broker.rack,
            "leaders": leaders,
            "replicas": replicas,
        }));
    }
    if arguments.connection.is_json() { print_json(&objects.into()) } else { rows.print() }
}
