//! `kafka-topics --describe`: Kafka's lines, with tabs between their columns.

use std::collections::BTreeMap;

use stream_client::{
    Client, ConfigEntry, ConfigResource, DescribedTopic, EligibleReplicas, Partition, Reassignment, Topic,
};
use stream_types::ErrorCode;

use super::Topics;
use crate::kafka_tools::error::ToolError;
use crate::output::print;

type Moving = BTreeMap<(String, i32), Reassignment>;

pub(super) async fn run(arguments: &Topics, client: &Client) -> Result<(), ToolError> {
    let topics = match &arguments.topic_id {
        Some(id) if id != "AAAAAAAAAAAAAAAAAAAAAA" => with_id(arguments, client, id).await?,
        _ => arguments.existing(client).await?,
    };
    if arguments.if_exists && arguments.topic.is_some() && arguments.topic_id.is_some() {
        print(
            "Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID\n",
        )?;
    }
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    let described = client.describe_topics(&names).await?;
    let live: Vec<i32> = client.describe_cluster().await?.brokers.iter().map(|broker| broker.id).collect();
    let moving = moving(client).await?;
    let mut text = String::new();
    for DescribedTopic { topic, eligible } in described {
        let topic = topic.checked()?;
        let configs = client.describe_configs(&ConfigResource::topic(&topic.name), false).await?;
        let report = Report { arguments, live: &live, min_isr: min_isr(&configs) };
        text.push_str(&report.topic(&topic, &configs, &moving));
        if arguments.topics_with_overrides {
            continue;
        }
        for (partition, eligible) in topic.partitions.iter().zip(&eligible) {
            let moving = moving.get(&(topic.name.clone(), partition.index));
            if report.wants(partition, moving) {
                text.push_str(&line(&topic.name, partition, eligible, moving));
            }
        }
    }
    Ok(print(&text)?)
}

/// The topic with an id.
async fn with_id(arguments: &Topics, client: &Client, id: &str) -> Result<Vec<Topic>, ToolError> {
    let mut topics = client.all_topics().await?;
    topics.retain(|topic| topic.id.to_string() == id && !(arguments.exclude_internal && topic.is_internal));
    if topics.is_empty() && !arguments.if_exists {
        return Err(ToolError::Failed(format!("TopicId '{id}' does not exist as expected")));
    }
    Ok(topics)
}

/// What moves; who may not ask sees nothing move.
async fn moving(client: &Client) -> Result<Moving, ToolError> {
    let reassignments = match client.reassignments().await {
        Err(error) if error.code() == Some(ErrorCode::ClusterAuthorizationFailed) => Vec::new(),
        reassignments => reassignments?,
    };
    let entry = |moving: Reassignment| ((moving.topic.clone(), moving.partition), moving);
    Ok(reassignments.into_iter().map(entry).collect())
}

fn min_isr(configs: &[ConfigEntry]) -> usize {
    let entry = configs.iter().find(|entry| entry.name == "min.insync.replicas");
    entry.and_then(|entry| entry.value.as_deref()).and_then(|value| value.parse().ok()).unwrap_or(1)
}

/// How many replicas a partition is to have: while it moves, those that it had.
fn replication_factor(partition: &Partition, moving: Option<&Reassignment>) -> usize {
    match moving {
        Some(moving) => moving.replicas.len().saturating_sub(moving.adding.len()),
        None => partition.replicas.len(),
    }
}

/// What is shown of topics and partitions.
struct Report<'a> {
    arguments: &'a Topics,
    live: &'a [i32],
    min_isr: usize,
}

impl Report<'_> {
    /// Whether partitions are picked by their state.
    fn picks(&self) -> bool {
        let Topics { under_replicated_partitions, unavailable_partitions, .. } = *self.arguments;
        let Topics { under_min_isr_partitions, at_min_isr_partitions, .. } = *self.arguments;
        under_replicated_partitions || unavailable_partitions || under_min_isr_partitions || at_min_isr_partitions
    }

    /// The topic's own line, if it is shown.
    fn topic(&self, topic: &Topic, configs: &[ConfigEntry], moving: &Moving) -> String {
        let own: Vec<&ConfigEntry> = configs.iter().filter(|entry| !entry.source.is_default()).collect();
        if self.picks() || (self.arguments.topics_with_overrides && own.is_empty()) {
            return String::new();
        }
        let value = |entry: &&ConfigEntry| format!("{}={}", entry.name, entry.value.as_deref().unwrap_or("null"));
        let own: Vec<String> = own.iter().map(value).collect();
        let first = topic.partitions.first();
        let moving = first.and_then(|first| moving.get(&(topic.name.clone(), first.index)));
        let id = if topic.id.is_zero() { String::new() } else { format!("\tTopicId: {}", topic.id) };
        format!(
            "Topic: {}{id}\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n",
            topic.name,
            topic.partitions.len(),
            first.map_or(0, |first| replication_factor(first, moving)),
            own.join(","),
        )
    }

    fn wants(&self, partition: &Partition, moving: Option<&Reassignment>) -> bool {
        let arguments = self.arguments;
        let has_leader = partition.leader >= 0;
        let in_sync = partition.isr.len();
        !self.picks()
            || (arguments.under_replicated_partitions && replication_factor(partition, moving) > in_sync)
            || (arguments.unavailable_partitions && !(has_leader && self.live.contains(&partition.leader)))
            || (arguments.under_min_isr_partitions && (!has_leader || in_sync < self.min_isr))
            || (arguments.at_min_isr_partitions && in_sync == self.min_isr)
    }
}

fn ids(ids: &[i32]) -> String {
    ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

/// A partition's line.
fn line(topic: &str, partition: &Partition, eligible: &EligibleReplicas, moving: Option<&Reassignment>) -> String {
    let leader = if partition.leader >= 0 { partition.leader.to_string() } else { "none".to_owned() };
    let moving = moving.map(|moving| {
        format!("\tAdding Replicas: {}\tRemoving Replicas: {}", ids(&moving.adding), ids(&moving.removing))
    });
    let told = |ids_told: &Option<Vec<i32>>| ids_told.as_deref().map_or_else(|| "N/A".to_owned(), ids);
    format!(
        "\tTopic: {topic}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}{}\tElr: {}\tLastKnownElr: {}\n",
        partition.index,
        ids(&partition.replicas),
        ids(&partition.isr),
        moving.unwrap_or_default(),
        told(&eligible.eligible),
        told(&eligible.last_known),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_shown_in_kafkas_columns() {
        let mut partition =
            Partition { index: 3, leader: 1, leader_epoch: 0, replicas: vec![1, 2], isr: vec![1], offline: vec![] };
        let told = EligibleReplicas { eligible: Some(vec![2]), last_known: Some(vec![]) };
        let start = "\tTopic: t\tPartition: 3\tLeader: 1\tReplicas: 1,2\tIsr: 1";
        assert_eq!(line("t", &partition, &told, None), format!("{start}\tElr: 2\tLastKnownElr: \n"));
        let moving =
            Reassignment { topic: "t".into(), partition: 3, replicas: vec![1, 2], adding: vec![2], removing: vec![1] };
        let expected = format!("{start}\tAdding Replicas: 2\tRemoving Replicas: 1\tElr: N/A\tLastKnownElr: N/A\n");
        assert_eq!(line("t", &partition, &EligibleReplicas::default(), Some(&moving)), expected);
        assert_eq!((replication_factor(&partition, None), replication_factor(&partition, Some(&moving))), (2, 1));
        partition.leader = -1;
        assert!(line("t", &partition, &told, None).contains("\tLeader: none\t"));
    }
}
