//! `cluster status`.

use clap::Args;
use serde_json::json;
use stream_client::Topic;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{cell, print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream cluster status
  hanzo-stream cluster status --bootstrap-server broker-1:9092 --output json";

/// Arguments of `cluster status`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct StatusArguments {
    #[command(flatten)]
    connection: ConnectionArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Health {
    topics: usize,
    partitions: usize,
    under_replicated: usize,
    offline: usize,
}

pub(crate) async fn run(arguments: StatusArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let tried = || "asking for the cluster's status".to_owned();
    let cluster = client.describe_cluster().await.tried(tried)?;
    let topics = client.all_topics().await.tried(tried)?;
    // Not every broker tells of its quorum; the rest is worth showing.
    let leader = client.describe_quorum().await.ok().map(|quorum| quorum.leader_id);
    let health = health(&topics);
    if arguments.connection.is_json() {
        return print_json(&json!({
            "cluster_id": cluster.cluster_id,
            "brokers": cluster.brokers.iter().map(|broker| broker.id).collect::<Vec<_>>(),
            "quorum_leader": leader,
            "topics": health.topics,
            "partitions": health.partitions,
            "under_replicated_partitions": health.under_replicated,
            "offline_partitions": health.offline,
            "healthy": health.under_replicated == 0 && health.offline == 0,
        }));
    }
    let addresses: Vec<String> =
        cluster.brokers.iter().map(|broker| format!("{} ({})", broker.id, broker.address())).collect();
    let verdict = match (health.offline, health.under_replicated) {
        (0, 0) => "whole".to_owned(),
        (0, under) => format!("{under} partitions under-replicated"),
        (offline, under) => format!("{offline} partitions offline, {under} under-replicated"),
    };
    print(&format!(
        "cluster     {}\nstate       {verdict}\nbrokers     {}\nquorum      leader {}\ntopics      {}\npartitions  {}\n",
        cluster.cluster_id,
        addresses.join(", "),
        cell(leader),
        health.topics,
        health.partitions
    ))
}

fn health(topics: &[Topic]) -> Health {
    let mut health = Health { topics: topics.len(), ..Health::default() };
    for partition in topics.iter().flat_map(|topic| &topic.partitions) {
        health.partitions += 1;
        health.offline += usize::from(partition.leader < 0);
        health.under_replicated += usize::from(partition.isr.len() < partition.replicas.len());
    }
    health
}

#[cfg(test)]
mod tests {
    use stream_client::Partition;
    use stream_types::Uuid;

    use super::*;

    #[test]
    fn missing_replicas_and_leaders_are_counted() {
        let partition = |index, leader, isr: &[i32]| Partition {
            index,
            leader,
            leader_epoch: 0,
            replicas: vec![1, 2],
            isr: isr.to_vec(),
            offline: Vec::new(),
        };
        let topic = Topic {
            name: "t".into(),
            id: Uuid::ZERO,
            is_internal: false,
            error_code: 0,
            partitions: vec![partition(0, 1, &[1, 2]), partition(1, 1, &[1]), partition(2, -1, &[2])],
        };
        let expected = Health { topics: 1, partitions: 3, under_replicated: 2, offline: 1 };
        assert_eq!(health(&[topic]), expected);
    }
}
