//! `topics list`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::Topic;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream topics list
  hanzo-stream topics list --exclude-internal --output json";

/// Arguments of `topics list`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListArguments {
    /// Leave out topics in which the cluster keeps its own state
    #[arg(long)]
    exclude_internal: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: ListArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let mut topics = client.all_topics().await.tried(|| "listing topics".to_owned())?;
    topics.retain(|topic| topic.error_code == 0 && !(arguments.exclude_internal && topic.is_internal));
    if arguments.connection.is_json() { print_json(&as_json(&topics)) } else { as_rows(&topics).print() }
}

fn copies(topic: &Topic) -> usize {
    topic.partitions.iter().map(|partition| partition.replicas.len()).max().unwrap_or(0)
}

fn as_rows(topics: &[Topic]) -> Rows {
    let mut rows = Rows::new(&["TOPIC", "PARTITIONS", "REPLICATION"]);
    for topic in topics {
        rows.push(vec![topic.name.clone(), topic.partitions.len().to_string(), copies(topic).to_string()]);
    }
    rows
}

fn as_json(topics: &[Topic]) -> Value {
    let topic = |topic: &Topic| {
        json!({
            "name": topic.name,
            "id": topic.id.to_string(),
            "internal": topic.is_internal,
            "partitions": topic.partitions.len(),
            "replication_factor": copies(topic),
        })
    };
    topics.iter().map(topic).collect()
}

#[cfg(test)]
mod tests {
    use stream_client::Partition;
    use stream_types::Uuid;

    use super::*;

    #[test]
    fn both_outputs_tell_the_same() {
        let partition = |index| Partition {
            index,
            leader: 1,
            leader_epoch: 0,
            replicas: vec![1, 2],
            isr: vec![1],
            offline: Vec::new(),
        };
        let topic = Topic {
            name: "orders".into(),
            id: Uuid::METADATA_TOPIC,
            is_internal: false,
            error_code: 0,
            partitions: vec![partition(0), partition(1), partition(2)],
        };
        let topics = [topic];
        assert_eq!(as_rows(&topics).render(), "TOPIC   PARTITIONS  REPLICATION\norders           3            2\n");
        let json = as_json(&topics);
        assert_eq!(json[0]["name"], "orders");
        assert_eq!(json[0]["partitions"], 3);
        assert_eq!(json[0]["replication_factor"], 2);
        assert_eq!(as_json(&[]).to_string(), "[]");
    }
}
