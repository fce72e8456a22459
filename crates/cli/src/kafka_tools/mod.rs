//! Kafka's own tools, answered by this binary: called as `kafka-topics.sh` (a link), or as `hanzo-stream kafka-topics`.
//!
//! One file a tool. A tool is a set of arguments that can be run ([`KafkaTool`]) and a row of [`TOOLS`]; it prints what
//! Kafka's tool of that name prints, and its exit status is 0 or 1 as Kafka's. The rest, which is equal for all, is here
//! and in [`server`].

mod acls;
mod api_versions;
mod client_properties;
mod cluster;
mod configs;
mod console_consumer;
mod console_producer;
mod consumer_groups;
mod delete_records;
mod error;
mod features;
mod get_offsets;
mod java;
mod json_file;
mod leader_election;
mod log_dirs;
mod metadata_quorum;
mod reassign;
mod run_class;
mod server;
mod topic_filter;
mod topics;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use self::error::ToolError;
use crate::command::block_on;

/// The release of Kafka whose tools are answered for.
const KAFKA_VERSION: &str = "4.3.1";

/// One of Kafka's tools: its arguments, and what it does with them.
trait KafkaTool: clap::Args {
    /// What it is for, in one line.
    const ABOUT: &'static str;

    /// The words as they are read, where Kafka's tool reads them in its own way.
    fn prepare(words: &[String]) -> Vec<String> {
        words.to_vec()
    }

    /// Does it.
    async fn run(self) -> Result<(), ToolError>;

    /// What Kafka's tool prints of a failure, and where; usage is always told on stderr.
    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(format!("Error: {error}"))
    }
}

/// Where a failure is told. Scripts look for Kafka's words where Kafka prints them.
enum Complaint {
    Stdout(String),
    Stderr(String),
}

/// A name that the binary answers to.
struct Tool {
    name: &'static str,
    /// What `kafka-run-class` calls it; the package is left off.
    classes: &'static [&'static str],
    start: fn(&'static Tool, &[String]) -> ExitCode,
}

/// Every tool that there is.
const TOOLS: &[Tool] = &[
    Tool { name: "kafka-topics", classes: &["TopicCommand"], start: start::<topics::Topics> },
    Tool {
        name: "kafka-console-producer",
        classes: &["ConsoleProducer"],
        start: start::<console_producer::ConsoleProducer>,
    },
    Tool {
        name: "kafka-console-consumer",
        classes: &["ConsoleConsumer"],
        start: start::<console_consumer::ConsoleConsumer>,
    },
    Tool {
        name: "kafka-consumer-groups",
        classes: &["ConsumerGroupCommand"],
        start: start::<consumer_groups::ConsumerGroups>,
    },
    Tool { name: "kafka-configs", classes: &["ConfigCommand"], start: start::<configs::Configs> },
    Tool { name: "kafka-acls", classes: &["AclCommand"], start: start::<acls::Acls> },
    Tool { name: "kafka-get-offsets", classes: &["GetOffsetShell"], start: start::<get_offsets::GetOffsets> },
    Tool { name: "kafka-log-dirs", classes: &["LogDirsCommand"], start: start::<log_dirs::LogDirs> },
    Tool {
        name: "kafka-reassign-partitions",
        classes: &["ReassignPartitionsCommand"],
        start: start::<reassign::Reassign>,
    },
    Tool {
        name: "kafka-delete-records",
        classes: &["DeleteRecordsCommand"],
        start: start::<delete_records::DeleteRecords>,
    },
    Tool {
        name: "kafka-leader-election",
        classes: &["LeaderElectionCommand"],
        start: start::<leader_election::LeaderElection>,
    },
    Tool {
        name: "kafka-metadata-quorum",
        classes: &["MetadataQuorumCommand"],
        start: start::<metadata_quorum::MetadataQuorum>,
    },
    Tool { name: "kafka-features", classes: &["FeatureCommand"], start: start::<features::Features> },
    Tool { name: "kafka-cluster", classes: &["ClusterTool"], start: start::<cluster::Cluster> },
    Tool {
        name: "kafka-broker-api-versions",
        classes: &["BrokerApiVersionsCommand"],
        start: start::<api_versions::ApiVersions>,
    },
    Tool { name: "kafka-run-class", classes: &[], start: run_class::start },
];

/// Runs one of Kafka's tools if the program was called by its name, or if its first argument is one.
///
/// `words` are the program's name and arguments. `None` means that the call is none for Kafka's tools.
pub fn run_called_as(words: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut words: Vec<String> = words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut name = tool_name(words.first()?);
    if !name.starts_with("kafka-") {
        words.remove(0);
        name = tool_name(words.first()?);
    }
    if !name.starts_with("kafka-") {
        return None;
    }
    let rest = words.get(1..).unwrap_or_default();
    Some(match TOOLS.iter().find(|tool| tool.name == name) {
        Some(tool) => (tool.start)(tool, rest),
        None => {
            let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
            eprintln!("{name}: hanzo-stream does not answer for this tool; it does for {}", names.join(", "));
            ExitCode::FAILURE
        }
    })
}

/// `kafka-topics` of `/opt/kafka/bin/kafka-topics.sh`.
fn tool_name(word: &str) -> String {
    let file = Path::new(word).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    file.strip_suffix(".sh").map(str::to_owned).unwrap_or(file)
}

fn start<T: KafkaTool>(tool: &'static Tool, words: &[String]) -> ExitCode {
    if words.iter().any(|word| word == "--version") {
        println!("{KAFKA_VERSION} (hanzo-stream {})", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let done = match parse::<T>(tool.name, words) {
        Ok(Some(arguments)) => block_on(arguments.run()).unwrap_or_else(|error| Err(error.into())),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    match error {
        ToolError::Done(status) => return ExitCode::from(status),
        ToolError::Usage(message) => eprintln!("{}: {message}", tool.name),
        error => match T::complaint(&error) {
            Complaint::Stdout(line) => println!("{line}"),
            Complaint::Stderr(line) => eprintln!("{line}"),
        },
    }
    ExitCode::FAILURE
}

/// The arguments; none if only help was wanted.
fn parse<T: KafkaTool>(name: &'static str, words: &[String]) -> Result<Option<T>, ToolError> {
    let command =
        clap::Command::new(name).no_binary_name(true).infer_long_args(true).disable_version_flag(true).after_help(
            format!("Kafka's {name} without a JVM; docs/cli.md lists what is not there. --version tells the release."),
        );
    let matched = T::augment_args(command).about(T::ABOUT).try_get_matches_from(T::prepare(words));
    match matched.and_then(|matches| T::from_arg_matches(&matches)) {
        Ok(arguments) => Ok(Some(arguments)),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            print!("{error}");
            Ok(None)
        }
        Err(error) => Err(ToolError::Usage(usage(&error))),
    }
}

/// What is wrong with the arguments, in one line.
fn usage(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let nearest = text(ContextKind::SuggestedArg).map(|nearest| format!("; did you mean {nearest}?"));
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let argument = text(ContextKind::InvalidArg).unwrap_or_default();
            let nearest = nearest.unwrap_or_else(|| "; --help lists what is".to_owned());
            format!("{argument} is not a recognized option{nearest}")
        }
        ErrorKind::MissingRequiredArgument => {
            format!("Missing required argument {}", text(ContextKind::InvalidArg).unwrap_or_default())
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
            first.strip_prefix("error: ").map(str::to_owned).unwrap_or(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_by_its_file_name() {
        for word in ["kafka-topics", "kafka-topics.sh", "/opt/bitnami/kafka/bin/kafka-topics.sh", "./kafka-topics"] {
            assert_eq!(tool_name(word), "kafka-topics");
        }
        let called = |words: &[&str]| run_called_as(words.iter().map(OsString::from)).is_some();
        assert!(!called(&["/usr/bin/hanzo-stream", "topics", "list"]));
        assert!(!called(&["hanzo-stream"]));
        assert!(called(&["/bin/kafka-topics.sh", "--version"]));
        assert!(called(&["hanzo-stream", "kafka-topics", "--version"]));
    }

    #[test]
    fn wrong_options_are_told_in_one_line_with_the_nearest() {
        let refusal = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            match parse::<topics::Topics>("kafka-topics", &words) {
                Err(ToolError::Usage(line)) => line,
                _ => String::new(),
            }
        };
        assert_eq!(refusal(&["--lits"]), "--lits is not a recognized option; did you mean --list?");
        assert!(!refusal(&["--partitions", "many"]).contains('\n'));
        // Abbreviations that can mean one thing only, and both ways to write a value.
        assert_eq!(refusal(&["--boot", "a:1", "--list"]), "");
        assert_eq!(refusal(&["--bootstrap-server=a:1", "--list"]), "");
    }
}
