//! `kafka-reassign-partitions`: what moves, whether a plan has come true, and what a plan would be. Plans are not carried
//! out: the brokers do not offer AlterPartitionReassignments yet.

mod plan;

use std::path::{Path, PathBuf};

use clap::Args;
use stream_client::{Client, ConfigChange, ConfigOperation, ConfigResource, Reassignment, ResourceType, Topic};
use stream_types::ErrorCode;

use self::plan::Replicas;
use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::{list, print};

/// Arguments of `kafka-reassign-partitions`.
#[derive(Debug, Args)]
pub(super) struct Reassign {
    #[command(flatten)]
    server: ServerArguments,
    /// Controllers to connect to instead of brokers
    #[arg(long, value_name = "HOST:PORT,...")]
    bootstrap_controller: Option<String>,
    /// Show what moves
    #[arg(long)]
    list: bool,
    /// Say whether the plan of --reassignment-json-file has come true
    #[arg(long)]
    verify: bool,
    /// Print a plan that spreads the topics of --topics-to-move-json-file over the brokers of --broker-list
    #[arg(long)]
    generate: bool,
    /// Not there yet
    #[arg(long)]
    execute: bool,
    /// Not there yet
    #[arg(long)]
    cancel: bool,
    /// {"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1,2]}]}
    #[arg(long, value_name = "FILE")]
    reassignment_json_file: Option<PathBuf>,
    /// {"version":1,"topics":[{"topic":"orders"}]}
    #[arg(long, value_name = "FILE")]
    topics_to_move_json_file: Option<PathBuf>,
    /// Brokers to spread over
    #[arg(long, value_name = "ID,...")]
    broker_list: Option<String>,
    /// Do not take throttles away from what has moved
    #[arg(long)]
    preserve_throttles: bool,
    /// Without effect: racks are not looked at
    #[arg(long, hide = true)]
    disable_rack_aware: bool,
    /// Of --execute
    #[arg(long, value_name = "BYTES", hide = true)]
    throttle: Option<String>,
    /// Of --execute
    #[arg(long, value_name = "BYTES", hide = true)]
    replica_alter_log_dirs_throttle: Option<String>,
    /// Of --execute
    #[arg(long, value_name = "MS", hide = true)]
    timeout: Option<String>,
    /// Of --execute
    #[arg(long, hide = true)]
    additional: bool,
    /// Of --execute
    #[arg(long, hide = true)]
    disallow_replication_factor_change: bool,
}

impl KafkaTool for Reassign {
    const ABOUT: &'static str = "Show what moves between brokers, check a plan, or print one";

    async fn run(mut self) -> Result<(), ToolError> {
        self.check()?;
        if let Some(controllers) = self.bootstrap_controller.take() {
            self.server.bootstrap_server = Some(controllers);
        }
        if self.execute || self.cancel {
            let action = if self.execute { "--execute" } else { "--cancel" };
            return Err(ToolError::usage(format!(
                "{action} is not there yet: hanzo-stream's brokers do not move partitions on demand (AlterPartitionReassignments)"
            )));
        }
        let client = self.server.client()?;
        if self.list {
            return list_moving(&client).await;
        }
        if self.verify {
            return self.verify(&client).await;
        }
        self.generate(&client).await
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stdout(format!("Error: {error}"))
    }
}

async fn list_moving(client: &Client) -> Result<(), ToolError> {
    let moving = client.reassignments().await?;
    if moving.is_empty() {
        return Ok(print("No partition reassignments found.\n")?);
    }
    let lines: String = moving.iter().map(moving_line).collect();
    Ok(print(&format!("Current partition reassignments:\n{lines}\n"))?)
}

fn moving_line(moving: &Reassignment) -> String {
    let part =
        |name: &str, ids: &[i32]| if ids.is_empty() { String::new() } else { format!(" {name}: {}.", list(ids)) };
    format!(
        "{}-{}: replicas: {}.{}{}\n",
        moving.topic,
        moving.partition,
        list(&moving.replicas),
        part("adding", &moving.adding),
        part("removing", &moving.removing),
    )
}

impl Reassign {
    /// Kafka's rules of what goes together.
    fn check(&self) -> Result<(), ToolError> {
        let usage = |message: &str| Err(ToolError::usage(message));
        let actions = [self.generate, self.execute, self.verify, self.cancel, self.list];
        if actions.into_iter().filter(|action| *action).count() != 1 {
            return usage("Command must include exactly one action: --generate, --execute, --verify, --cancel, --list");
        }
        if self.server.bootstrap_server.is_none() && self.bootstrap_controller.is_none() {
            return usage("Please specify either --bootstrap-server or --bootstrap-controller");
        }
        if (self.verify || self.execute || self.cancel) && self.reassignment_json_file.is_none() {
            return usage("Missing required argument \"[reassignment-json-file]\"");
        }
        if self.generate && self.broker_list.is_none() {
            return usage("Missing required argument \"[broker-list]\"");
        }
        if self.generate && self.topics_to_move_json_file.is_none() {
            return usage("Missing required argument \"[topics-to-move-json-file]\"");
        }
        Ok(())
    }

    async fn verify(&self, client: &Client) -> Result<(), ToolError> {
        let wanted = plan::read_partitions(self.reassignment_json_file.as_deref().unwrap_or(Path::new("")))?;
        let names: Vec<&str> = wanted.iter().map(|wanted| wanted.topic.as_str()).collect();
        let topics = client.topics(&names).await?;
        let moving = client.reassignments().await?;
        let mut text = "Status of partition reassignment:\n".to_owned();
        let mut is_any_moving = false;
        for wanted in &wanted {
            let is_moving =
                moving.iter().any(|moving| moving.topic == wanted.topic && moving.partition == wanted.partition);
            is_any_moving |= is_moving;
            let topic = topics.iter().find(|topic| topic.name == wanted.topic);
            let current =
                topic.and_then(|topic| topic.partition(wanted.partition)).map(|partition| &partition.replicas);
            text.push_str(&status(wanted, current.map(Vec::as_slice).unwrap_or_default(), is_moving));
        }
        print(&format!("{text}\n"))?;
        if self.preserve_throttles || is_any_moving {
            return Ok(());
        }
        self.clear_throttles(client, &wanted).await
    }

    /// Takes away what limits the moving of partitions, as Kafka's tool does when all have moved.
    async fn clear_throttles(&self, client: &Client, wanted: &[Replicas]) -> Result<(), ToolError> {
        let live = client.describe_cluster().await?.brokers.into_iter().map(|broker| broker.id);
        let mut brokers: Vec<i32> = live.chain(wanted.iter().flat_map(|wanted| wanted.replicas.clone())).collect();
        brokers.sort_unstable();
        brokers.dedup();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        print(&format!("Clearing broker-level throttles on broker{} {}\n", plural(brokers.len()), list(&brokers)))?;
        for broker in brokers {
            let resource = ConfigResource { resource_type: ResourceType::Broker, name: broker.to_string() };
            let keys = [
                "leader.replication.throttled.rate",
                "follower.replication.throttled.rate",
                "replica.alter.log.dirs.io.max.bytes.per.second",
            ];
            client.alter_configs(&resource, &deletions(&keys), false).await?;
        }
        let mut topics: Vec<&str> = wanted.iter().map(|wanted| wanted.topic.as_str()).collect();
        topics.sort_unstable();
        topics.dedup();
        print(&format!("Clearing topic-level throttles on topic{} {}\n", plural(topics.len()), topics.join(",")))?;
        for topic in topics {
            let keys = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];
            client.alter_configs(&ConfigResource::topic(topic), &deletions(&keys), false).await?;
        }
        Ok(())
    }

    async fn generate(&self, client: &Client) -> Result<(), ToolError> {
        let wanted = plan::read_topics(self.topics_to_move_json_file.as_deref().unwrap_or(Path::new("")))?;
        let ids = self.broker_list.as_deref().unwrap_or_default();
        let id = |text: &str| {
            text.trim().parse::<i32>().map_err(|_| ToolError::Failed(format!("For input string: \"{}\"", text.trim())))
        };
        let ids: Vec<i32> = ids.split(',').map(id).collect::<Result<_, ToolError>>()?;
        let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let topics = client.topics(&names).await?;
        if let Some(missing) = topics.iter().find(|topic| is_missing(topic)) {
            return Err(ToolError::Failed(format!("Topic {} not found.", missing.name)));
        }
        let mut live: Vec<i32> = client.describe_cluster().await?.brokers.iter().map(|broker| broker.id).collect();
        live.retain(|broker| ids.contains(broker));
        let mut current = plan::current(&topics);
        for broker in client.brokers() {
            for dir in client.describe_log_dirs(broker.id).await? {
                plan::set_dir(&mut current, broker.id, &dir);
            }
        }
        let proposed = plan::spread(&topics, &live)?;
        let (current, proposed) = (plan::as_json(&current), plan::as_json(&proposed));
        Ok(print(&format!(
            "Current partition replica assignment\n{current}\n\nProposed partition reassignment configuration\n{proposed}\n"
        ))?)
    }
}

fn is_missing(topic: &Topic) -> bool {
    ErrorCode::from_code(topic.error_code) == Some(ErrorCode::UnknownTopicOrPartition)
}

fn deletions(keys: &[&str]) -> Vec<ConfigChange> {
    let deletion =
        |key: &&str| ConfigChange { name: (*key).to_owned(), operation: ConfigOperation::Delete, value: None };
    keys.iter().map(deletion).collect()
}

/// What has become of a partition of the plan.
fn status(wanted: &Replicas, current: &[i32], is_moving: bool) -> String {
    let name = format!("{}-{}", wanted.topic, wanted.partition);
    let ids = |ids: &[i32]| ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
    if is_moving {
        format!("Reassignment of partition {name} is still in progress.\n")
    } else if current == wanted.replicas {
        format!("Reassignment of partition {name} is completed.\n")
    } else {
        let (current, wanted) = (ids(current), ids(&wanted.replicas));
        format!(
            "There is no active reassignment of partition {name}, but replica set is {current} rather than {wanted}.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_is_told_in_kafkas_words() {
        let moving =
            Reassignment { topic: "t".into(), partition: 1, replicas: vec![1, 2], adding: vec![2], removing: vec![] };
        assert_eq!(moving_line(&moving), "t-1: replicas: 1,2. adding: 2.\n");
        let wanted = Replicas { topic: "t".into(), partition: 1, replicas: vec![2], dirs: vec![] };
        assert_eq!(status(&wanted, &[1], true), "Reassignment of partition t-1 is still in progress.\n");
        assert_eq!(status(&wanted, &[2], false), "Reassignment of partition t-1 is completed.\n");
        let other = "There is no active reassignment of partition t-1, but replica set is 1,3 rather than 2.\n";
        assert_eq!(status(&wanted, &[1, 3], false), other);
    }
}
