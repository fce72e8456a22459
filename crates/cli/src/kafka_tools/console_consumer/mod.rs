//! `kafka-console-consumer`: prints records as they come.
//!
//! Without `--group` Kafka's tool makes a group of a random name and reads all of it; here nobody joins anything.

mod deserializer;
mod formatter;
mod offsets_formatter;
mod reading;

use std::path::PathBuf;

use clap::Args;
use stream_client::StartAt;

use self::formatter::Formatter;
use self::reading::{Reading, Source};
use super::client_properties::{ClientPropertyArguments, Properties, pairs};
use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool, java};

/// Arguments of `kafka-console-consumer`.
#[derive(Debug, Args)]
pub(super) struct ConsoleConsumer {
    #[command(flatten)]
    server: ServerArguments,
    /// The topic
    #[arg(long)]
    topic: Option<String>,
    /// Every topic whose whole name this regular expression finds
    #[arg(long, value_name = "REGEX", alias = "whitelist")]
    include: Option<String>,
    /// Only this partition, from its end unless --offset says where
    #[arg(long, value_name = "N")]
    partition: Option<i32>,
    /// Where to begin in the partition: a number, earliest or latest
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    offset: Option<String>,
    /// Begin with the first record that is left, where a group has committed nothing
    #[arg(long)]
    from_beginning: bool,
    /// Read as a member of this group, and commit
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Stop after so many records
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    max_messages: Option<i64>,
    /// Stop when no record has come for so long
    #[arg(long, value_name = "MILLISECONDS", allow_hyphen_values = true)]
    timeout_ms: Option<i64>,
    /// Go on after a record that cannot be shown
    #[arg(long)]
    skip_message_on_error: bool,
    /// read_committed or read_uncommitted
    #[arg(long, value_name = "LEVEL")]
    isolation_level: Option<String>,
    /// What is shown: print.timestamp, print.partition, print.offset, print.headers, print.key, print.value,
    /// key.separator, line.separator, headers.separator, null.literal, ...; may be repeated
    #[arg(long, value_name = "KEY=VALUE", alias = "property")]
    formatter_property: Vec<String>,
    /// A file of formatter properties
    #[arg(long, value_name = "FILE")]
    formatter_config: Option<PathBuf>,
    /// DefaultMessageFormatter, NoOpMessageFormatter or OffsetsMessageFormatter, with or without package
    #[arg(long, value_name = "CLASS")]
    formatter: Option<String>,
    /// What keys are: StringDeserializer, ByteArrayDeserializer, ShortDeserializer, IntegerDeserializer,
    /// LongDeserializer or DoubleDeserializer, with or without package
    #[arg(long, value_name = "CLASS")]
    key_deserializer: Option<String>,
    /// What values are, likewise
    #[arg(long, value_name = "CLASS")]
    value_deserializer: Option<String>,
    /// No effect
    #[arg(long)]
    enable_systest_events: bool,
    #[command(flatten)]
    properties: ClientPropertyArguments,
}

impl KafkaTool for ConsoleConsumer {
    const ABOUT: &'static str = "Print the records of a topic";

    async fn run(self) -> Result<(), ToolError> {
        let source = self.source()?;
        let Some(servers) = self.server.bootstrap_server.clone() else {
            return Err(ToolError::usage("Missing required argument \"[bootstrap-server]\""));
        };
        let properties = self.properties.read(self.server.command_config.as_deref())?;
        let group = self.group(&properties)?;
        let reset = self.reset(&properties)?;
        let start = self.start()?.unwrap_or(reset);
        let read_committed = self.read_committed(&properties)?;
        let formatter = self.formatter()?;
        let client = properties.client(&servers, "console-consumer", None)?;
        let mut reading = Reading {
            client,
            source,
            start,
            group,
            commits: properties.get("enable.auto.commit") != Some("false"),
            read_committed,
            max_messages: self.max_messages.filter(|max| *max >= 0).map(|max| max as u64),
            timeout: self.timeout_ms.filter(|millis| *millis >= 0).map(|millis| millis as u64),
            skips_errors: self.skip_message_on_error,
            formatter,
            count: 0,
        };
        let result = reading.run().await;
        eprintln!("Processed a total of {} messages", reading.count);
        result
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(java::of_tool(error))
    }
}

impl ConsoleConsumer {
    fn source(&self) -> Result<Source, ToolError> {
        let usage = |message: &str| Err(ToolError::usage(message));
        let source = match (&self.topic, &self.include) {
            (Some(topic), None) => Source::Topic(topic.clone(), self.partition),
            (None, Some(_)) if self.partition.is_some() => {
                return usage("The topic is required when partition is specified.");
            }
            (None, Some(pattern)) => Source::matching(pattern)?,
            _ => return usage("Exactly one of the following arguments is required: [topic], [include]"),
        };
        if self.partition.is_none() && self.offset.is_some() {
            return usage("The partition is required when offset is specified.");
        }
        if self.from_beginning && self.offset.is_some() {
            return usage("Options from-beginning and offset cannot be specified together.");
        }
        Ok(source)
    }

    fn group(&self, properties: &Properties) -> Result<Option<String>, ToolError> {
        let given = [self.group.as_deref(), properties.get("group.id")];
        let mut groups: Vec<&str> = given.into_iter().flatten().collect();
        groups.dedup();
        if groups.len() > 1 {
            let names: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
            return Err(ToolError::usage(format!(
                "The group ids provided in different places (directly using '--group', via '--command-property', or via \
                 '--command-config') do not match. Detected group ids: {}",
                names.join(", ")
            )));
        }
        if !groups.is_empty() && self.partition.is_some() {
            return Err(ToolError::usage("Options group and partition cannot be specified together."));
        }
        Ok(groups.first().map(|group| (*group).to_owned()))
    }

    /// Where to begin where nothing is committed.
    fn reset(&self, properties: &Properties) -> Result<StartAt, ToolError> {
        match (properties.get("auto.offset.reset"), self.from_beginning) {
            (Some("earliest"), _) | (None, true) => Ok(StartAt::Earliest),
            (Some(other), true) => Err(ToolError::failed(format!(
                "Can't simultaneously specify --from-beginning and 'auto.offset.reset={other}', please remove one option"
            ))),
            (Some("latest") | None, false) => Ok(StartAt::Latest),
            (Some(other), false) => Err(ToolError::failed(format!(
                "org.apache.kafka.common.config.ConfigException: Invalid value {other} for configuration \
                 auto.offset.reset: write earliest or latest"
            ))),
        }
    }

    fn start(&self) -> Result<Option<StartAt>, ToolError> {
        let Some(text) = &self.offset else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "earliest" => return Ok(Some(StartAt::Earliest)),
            "latest" => return Ok(Some(StartAt::Latest)),
            _ => {}
        }
        match text.parse() {
            Ok(offset) if offset >= 0 => Ok(Some(StartAt::Offset(offset))),
            _ => Err(ToolError::usage(format!(
                "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a \
                 non-negative long."
            ))),
        }
    }

    fn read_committed(&self, properties: &Properties) -> Result<bool, ToolError> {
        match self.isolation_level.as_deref().or(properties.get("isolation.level")) {
            None | Some("read_uncommitted") => Ok(false),
            Some("read_committed") => Ok(true),
            Some(other) => Err(ToolError::failed(format!(
                "org.apache.kafka.common.config.ConfigException: Invalid value {other} for configuration \
                 isolation.level: String must be one of: read_committed, read_uncommitted"
            ))),
        }
    }

    fn formatter(&self) -> Result<Formatter, ToolError> {
        let mut properties = pairs(self.formatter_config.as_deref(), &self.formatter_property)?;
        for (key, class) in
            [("key.deserializer", &self.key_deserializer), ("value.deserializer", &self.value_deserializer)]
        {
            if let Some(class) = class {
                properties.entry(key.to_owned()).or_insert_with(|| class.clone());
            }
        }
        Formatter::new(self.formatter.as_deref(), &properties)
    }
}
