//! `kafka-topics`: its arguments, which of them go together, and its five actions.

mod describe;

use clap::Args;
use stream_client::{Client, NewTopic, Topic};
use stream_types::ErrorCode;

use super::error::ToolError;
use super::server::ServerArguments;
use super::topic_filter::TopicFilter;
use super::{Complaint, KafkaTool};
use crate::output::print;
use crate::properties::key_and_value;

/// Arguments of `kafka-topics`.
#[derive(Debug, Args)]
pub(super) struct Topics {
    #[command(flatten)]
    server: ServerArguments,
    /// Create a topic
    #[arg(long)]
    create: bool,
    /// List the names of topics
    #[arg(long)]
    list: bool,
    /// Show partitions, replicas and configuration
    #[arg(long)]
    describe: bool,
    /// Give topics more partitions
    #[arg(long)]
    alter: bool,
    /// Delete topics
    #[arg(long)]
    delete: bool,
    /// The topic; but with --create a regular expression
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// The topic to describe, by its id
    #[arg(long, value_name = "ID")]
    topic_id: Option<String>,
    /// How many partitions [default: num.partitions of the broker]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    partitions: Option<i32>,
    /// How many copies [default: default.replication.factor of the broker]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    replication_factor: Option<i32>,
    /// The replicas of each partition in place of numbers: 1:2,2:3
    #[arg(long, value_name = "ID:ID,...")]
    replica_assignment: Option<String>,
    /// A configuration of the topic to create; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    config: Vec<String>,
    /// Without effect since Kafka 4.0
    #[arg(long, value_name = "KEY", hide = true)]
    delete_config: Vec<String>,
    /// Succeed if the topic to create exists
    #[arg(long)]
    if_not_exists: bool,
    /// Succeed if there is no such topic
    #[arg(long)]
    if_exists: bool,
    /// Leave out topics in which the cluster keeps its own state
    #[arg(long)]
    exclude_internal: bool,
    /// Only topics with a configuration of their own, without their partitions
    #[arg(long)]
    topics_with_overrides: bool,
    /// Only partitions with a replica that is not in sync
    #[arg(long)]
    under_replicated_partitions: bool,
    /// Only partitions without a leader
    #[arg(long)]
    unavailable_partitions: bool,
    /// Only partitions with fewer in-sync replicas than min.insync.replicas
    #[arg(long)]
    under_min_isr_partitions: bool,
    /// Only partitions with exactly min.insync.replicas in-sync replicas
    #[arg(long)]
    at_min_isr_partitions: bool,
    /// Without effect: how much is asked for at a time
    #[arg(long, value_name = "N", hide = true)]
    partition_size_limit_per_response: Option<i32>,
}

impl KafkaTool for Topics {
    const ABOUT: &'static str = "Create, list, describe, alter and delete topics";

    async fn run(self) -> Result<(), ToolError> {
        self.check()?;
        let client = self.server.client()?;
        match self.action() {
            "create" => self.create(&client).await,
            "list" => self.list(&client).await,
            "alter" => self.alter(&client).await,
            "delete" => self.delete(&client).await,
            _ => describe::run(&self, &client).await,
        }
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stdout(format!("Error while executing topic command : {error}"))
    }
}

impl Topics {
    /// Every action, and whether it is wanted.
    fn actions(&self) -> [(&'static str, bool); 5] {
        [
            ("create", self.create),
            ("list", self.list),
            ("describe", self.describe),
            ("alter", self.alter),
            ("delete", self.delete),
        ]
    }

    fn action(&self) -> &'static str {
        self.actions().into_iter().find(|(_, wanted)| *wanted).map_or("describe", |(name, _)| name)
    }

    /// Kafka's rules of what goes together.
    fn check(&self) -> Result<(), ToolError> {
        let usage = |message: &str| Err(ToolError::usage(message));
        if self.actions().into_iter().filter(|(_, wanted)| *wanted).count() != 1 {
            return usage("Command must include exactly one action: --list, --describe, --create, --alter or --delete");
        }
        if self.server.bootstrap_server.is_none() {
            return usage("--bootstrap-server must be specified");
        }
        if self.describe && self.if_exists && self.topic.is_none() && self.topic_id.is_none() {
            return usage("--topic or --topic-id is required to describe a topic");
        }
        if !self.list && !self.describe && self.topic.is_none() {
            return usage("Missing required argument \"[topic]\"");
        }
        if self.alter && !self.config.is_empty() {
            return usage(
                "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\" (To alter topic configurations, the kafka-configs tool can be used.)",
            );
        }
        if self.alter && self.partitions.is_none() {
            return usage("Missing required argument \"[partitions]\"");
        }
        self.check_combinations()
    }

    fn check_combinations(&self) -> Result<(), ToolError> {
        let reports = [
            ("under-replicated-partitions", self.under_replicated_partitions),
            ("unavailable-partitions", self.unavailable_partitions),
            ("under-min-isr-partitions", self.under_min_isr_partitions),
            ("at-min-isr-partitions", self.at_min_isr_partitions),
        ];
        let change = ["create", "alter"].as_slice();
        let options: Vec<(&str, bool, &[&str])> = [
            ("config", !self.config.is_empty(), change),
            ("partitions", self.partitions.is_some(), change),
            ("replication-factor", self.replication_factor.is_some(), &["create"]),
            ("replica-assignment", self.replica_assignment.is_some(), change),
            ("topics-with-overrides", self.topics_with_overrides, &["describe"]),
            ("if-exists", self.if_exists, &["alter", "delete", "describe"]),
            ("if-not-exists", self.if_not_exists, &["create"]),
            ("exclude-internal", self.exclude_internal, &["list", "describe"]),
        ]
        .into_iter()
        .chain(reports.into_iter().map(|(name, is_set)| (name, is_set, ["describe"].as_slice())))
        .collect();
        let conflict = |option: &str, other: &str| {
            Err(ToolError::usage(format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")))
        };
        for (option, is_set, actions) in options {
            if is_set && !actions.contains(&self.action()) {
                return conflict(option, self.action());
            }
        }
        if self.create && self.replica_assignment.is_some() {
            if self.partitions.is_some() {
                return conflict("replica-assignment", "partitions");
            }
            if self.replication_factor.is_some() {
                return conflict("replica-assignment", "replication-factor");
            }
        }
        match reports.into_iter().find(|(_, is_set)| *is_set && self.topics_with_overrides) {
            Some((report, _)) => conflict(report, "topics-with-overrides"),
            None => Ok(()),
        }
    }

    /// The topics that the name or expression means.
    async fn meant(&self, client: &Client) -> Result<Vec<Topic>, ToolError> {
        let filter = self.topic.as_deref().map(TopicFilter::new).transpose()?;
        let mut topics = client.all_topics().await?;
        TopicFilter::apply(filter.as_ref(), &mut topics, self.exclude_internal);
        Ok(topics)
    }

    /// The topics that are meant, of which there must be one.
    async fn existing(&self, client: &Client) -> Result<Vec<Topic>, ToolError> {
        let topics = self.meant(client).await?;
        match self.topic.as_deref().filter(|name| !name.is_empty()) {
            Some(name) if topics.is_empty() && !self.if_exists => {
                Err(ToolError::Failed(format!("Topic '{name}' does not exist as expected")))
            }
            _ => Ok(topics),
        }
    }

    async fn list(&self, client: &Client) -> Result<(), ToolError> {
        let topics = self.meant(client).await?;
        let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        Ok(print(&format!("{}\n", names.join("\n")))?)
    }

    async fn create(&self, client: &Client) -> Result<(), ToolError> {
        let name = self.topic.clone().unwrap_or_default();
        let invalid = || {
            ToolError::Failed(
                "requirement failed: Invalid topic config: all configs to be added must be in the format \"key=val\"."
                    .to_owned(),
            )
        };
        let config = |text: &String| match key_and_value(text) {
            Ok((key, value)) if !value.trim().is_empty() => Ok((key, value.trim().to_owned())),
            _ => Err(invalid()),
        };
        let configs: Vec<(String, String)> = self.config.iter().map(config).collect::<Result<_, _>>()?;
        if name.contains(['.', '_']) {
            print(
                "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.\n",
            )?;
        }
        let replication_factor = match self.replication_factor.map(i16::try_from) {
            None => -1,
            Some(Ok(factor)) if factor >= 1 => factor,
            Some(_) => {
                return Err(ToolError::Failed(
                    "The replication factor must be between 1 and 32767 inclusive".to_owned(),
                ));
            }
        };
        if self.partitions.is_some_and(|partitions| partitions < 1) {
            return Err(ToolError::Failed("The partitions must be greater than 0".to_owned()));
        }
        let assignments = self.assignments()?;
        let partitions = self.partitions.unwrap_or(-1);
        let topic = NewTopic { name: name.clone(), partitions, replication_factor, assignments, configs };
        match client.create_topic(&topic, false).await {
            Ok(_) => Ok(print(&format!("Created topic {name}.\n"))?),
            Err(error) if self.if_not_exists && error.code() == Some(ErrorCode::TopicAlreadyExists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn alter(&self, client: &Client) -> Result<(), ToolError> {
        let assignments = self.assignments()?;
        for topic in self.existing(client).await? {
            let new = assignments.get(topic.partitions.len()..).unwrap_or_default();
            client.create_partitions(&topic.name, self.partitions.unwrap_or_default(), new).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client) -> Result<(), ToolError> {
        for topic in self.existing(client).await? {
            client.delete_topic(&topic.name).await?;
        }
        Ok(())
    }

    /// `--replica-assignment 1:2,2:3`: the replicas of each partition.
    fn assignments(&self) -> Result<Vec<Vec<i32>>, ToolError> {
        let mut assignments: Vec<Vec<i32>> = Vec::new();
        let Some(text) = self.replica_assignment.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(assignments);
        };
        for (partition, text) in text.split(',').enumerate() {
            let broker = |text: &str| {
                text.trim().parse().map_err(|_| ToolError::Failed(format!("For input string: \"{}\"", text.trim())))
            };
            let brokers: Vec<i32> = text.split(':').map(broker).collect::<Result<_, ToolError>>()?;
            let is_repeated = |broker: &&i32| brokers.iter().filter(|other| other == broker).count() > 1;
            if let Some(broker) = brokers.iter().find(is_repeated) {
                return Err(ToolError::Failed(format!(
                    "Partition replica lists may not contain duplicate entries: {broker}"
                )));
            }
            if assignments.first().is_some_and(|first| first.len() != brokers.len()) {
                return Err(ToolError::Failed(format!(
                    "Partition {partition} has different replication factor: {brokers:?}"
                )));
            }
            assignments.push(brokers);
        }
        Ok(assignments)
    }
}
