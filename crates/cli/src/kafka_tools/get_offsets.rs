//! `kafka-get-offsets`, which was `kafka-run-class kafka.tools.GetOffsetShell`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use stream_client::{Client, ClientError, FoundOffset, OffsetSpec, Topic};

use super::error::ToolError;
use super::server::connect;
use super::topic_filter::TopicFilter;
use super::{Complaint, KafkaTool};
use crate::output::print;

/// Arguments of `kafka-get-offsets`.
#[derive(Debug, Args)]
pub(super) struct GetOffsets {
    /// Brokers to connect to first, separated by commas
    #[arg(long, value_name = "HOST:PORT,...", visible_alias = "broker-list")]
    bootstrap_server: Option<String>,
    /// Read Kafka client properties from a file
    #[arg(long, value_name = "FILE")]
    command_config: Option<PathBuf>,
    /// Topics, as a regular expression [default: all]
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Partitions by their numbers [default: all]
    #[arg(long, value_name = "N,...")]
    partitions: Option<String>,
    /// Topics and partitions: orders:0,pay.*:0-3,audit:5-
    #[arg(long, value_name = "TOPIC:N,...")]
    topic_partitions: Option<String>,
    /// latest or -1, earliest or -2, max-timestamp or -3, or milliseconds since 1970
    #[arg(long, value_name = "TIME", default_value = "latest", allow_negative_numbers = true)]
    time: String,
    /// Leave out topics in which the cluster keeps its own state
    #[arg(long)]
    exclude_internal_topics: bool,
}

impl KafkaTool for GetOffsets {
    const ABOUT: &'static str = "Show the offsets of partitions: their ends, their beginnings, or those of a time";

    async fn run(self) -> Result<(), ToolError> {
        let Some(servers) = &self.bootstrap_server else {
            return Err(ToolError::usage("Missing required argument \"[bootstrap-server]\""));
        };
        let rules = self.rules()?;
        let spec = self.spec()?;
        let client = connect(servers, self.command_config.as_deref())?;
        let mut topics = client.all_topics().await?;
        TopicFilter::apply(None, &mut topics, self.exclude_internal_topics);
        let is_meant = |topic: &str, partition: i32| rules.iter().any(|rule| rule.is_match(topic, partition));
        // Kafka's order is that of the text `topic-partition`.
        let mut lines: BTreeMap<String, String> = BTreeMap::new();
        let mut is_any_meant = false;
        for topic in &topics {
            let indexes = topic.partitions.iter().map(|partition| partition.index);
            let partitions: Vec<i32> = indexes.filter(|index| is_meant(&topic.name, *index)).collect();
            is_any_meant |= !partitions.is_empty();
            // Nothing here is kept elsewhere.
            let Some(spec) = spec else { continue };
            for (partition, found) in offsets(&client, topic, &partitions, spec).await? {
                if found.offset >= 0 {
                    let line = format!("{}:{partition}:{}\n", topic.name, found.offset);
                    lines.insert(format!("{}-{partition}", topic.name), line);
                }
            }
        }
        if !is_any_meant {
            return Err(failed("Could not match any topic-partitions with the specified filters"));
        }
        Ok(print(&lines.into_values().collect::<String>())?)
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(format!("Error occurred: {error}"))
    }
}

fn failed(message: impl Into<String>) -> ToolError {
    ToolError::Failed(message.into())
}

/// The offsets of a topic's partitions; those that cannot be had are named on stderr and left out.
async fn offsets(
    client: &Client,
    topic: &Topic,
    partitions: &[i32],
    spec: OffsetSpec,
) -> Result<BTreeMap<i32, FoundOffset>, ToolError> {
    let wanted: Vec<(i32, OffsetSpec)> = partitions.iter().map(|partition| (*partition, spec)).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    match client.list_offsets(&topic.name, &wanted).await {
        Err(ClientError::Refused { .. }) => {}
        found => return Ok(found?),
    }
    let mut found = BTreeMap::new();
    for wanted in wanted {
        match client.list_offsets(&topic.name, &[wanted]).await {
            Err(error @ ClientError::Refused { .. }) => {
                let name = &topic.name;
                eprintln!("Skip getting offsets for topic-partition {name}-{} due to error: {error}", wanted.0);
            }
            one => found.extend(one?),
        }
    }
    Ok(found)
}

/// Topics, and which of their partitions.
#[derive(Debug)]
struct Rule {
    topics: TopicFilter,
    partitions: Partitions,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Partitions {
    All,
    These(Vec<i32>),
    /// From the first number to before the second.
    Between(i32, i32),
}

impl Rule {
    fn is_match(&self, topic: &str, partition: i32) -> bool {
        let is_one = match &self.partitions {
            Partitions::All => true,
            Partitions::These(numbers) => numbers.contains(&partition),
            Partitions::Between(first, end) => (*first..*end).contains(&partition),
        };
        is_one && self.topics.is_match(topic)
    }

    /// `TOPIC`, `TOPIC:N`, `TOPIC:N-M`, `TOPIC:N-`, `TOPIC:-M`; without a topic it is every one.
    fn parse(text: &str) -> Result<Rule, ToolError> {
        let invalid = || failed(format!("Invalid rule specification: {text}"));
        let number = |text: &str, default: i32| match text {
            "" => Ok(default),
            text => text.parse::<i32>().map_err(|_| invalid()),
        };
        let (topic, partitions) = text.split_once(':').unwrap_or((text, ""));
        let partitions = match partitions.split_once('-') {
            Some((first, end)) => Partitions::Between(number(first, 0)?, number(end, i32::MAX)?),
            None if partitions.is_empty() => Partitions::All,
            None => Partitions::These(vec![number(partitions, 0)?]),
        };
        let topics = TopicFilter::new(if topic.is_empty() { ".*" } else { topic })?;
        Ok(Rule { topics, partitions })
    }
}

impl GetOffsets {
    fn rules(&self) -> Result<Vec<Rule>, ToolError> {
        if let Some(text) = &self.topic_partitions {
            if self.topic.is_some() || self.partitions.is_some() {
                return Err(failed("--topic-partitions cannot be used with --topic or --partitions"));
            }
            return text.split(',').map(Rule::parse).collect();
        }
        let topics = TopicFilter::new(self.topic.as_deref().unwrap_or(".*"))?;
        let partitions = match self.partitions.as_deref().filter(|text| !text.is_empty()) {
            None => Partitions::All,
            Some(text) => {
                let numbers: Result<Vec<i32>, _> = text.split(',').map(str::parse).collect();
                let expected = "--partitions expects a comma separated list of numeric partition ids, but received: ";
                Partitions::These(numbers.map_err(|_| failed(format!("{expected}{text}")))?)
            }
        };
        Ok(vec![Rule { topics, partitions }])
    }

    /// What is looked for; none for what only tiered storage has.
    fn spec(&self) -> Result<Option<OffsetSpec>, ToolError> {
        Ok(Some(match self.time.as_str() {
            "latest" | "-1" => OffsetSpec::Latest,
            "earliest" | "-2" | "earliest-local" | "-4" => OffsetSpec::Earliest,
            "max-timestamp" | "-3" => OffsetSpec::MaxTimestamp,
            "latest-tiered" | "-5" | "earliest-pending-upload" | "-6" => return Ok(None),
            text => match text.parse() {
                Ok(time) if time >= 0 => OffsetSpec::At(time),
                _ => {
                    return Err(failed(format!(
                        "Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp"
                    )));
                }
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_named_one_by_one_or_from_and_to() {
        let is_match =
            |rule: &str, topic: &str, partition: i32| Rule::parse(rule).expect("valid").is_match(topic, partition);
        for (rule, inside, outside) in [("t:1", 1, 2), ("t:1-3", 2, 3), ("t:1-", 1, 0), ("t:-2", 1, 2), (":1", 1, 0)] {
            assert!(is_match(rule, "t", inside), "{rule}");
            assert!(!is_match(rule, "t", outside), "{rule}");
        }
        assert!(is_match("t", "t", 7));
        assert!(!is_match("t:1", "u", 1));
        assert!(Rule::parse("t:x").is_err());
    }
}
