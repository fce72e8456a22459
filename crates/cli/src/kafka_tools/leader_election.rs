//! `kafka-leader-election`.

use std::path::PathBuf;

use clap::Args;
use stream_client::{Election, ElectionResult};
use stream_types::ErrorCode;

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool, java, json_file};
use crate::output::print;

/// Arguments of `kafka-leader-election`.
#[derive(Debug, Args)]
pub(super) struct LeaderElection {
    #[command(flatten)]
    server: ServerArguments,
    /// Read Kafka client properties from a file; the older name of --command-config
    #[arg(long = "admin.config", value_name = "FILE", conflicts_with = "command_config")]
    admin_config: Option<PathBuf>,
    /// preferred: the first replica, if it is in sync; unclean: one that is not, if none is
    #[arg(long, value_name = "TYPE")]
    election_type: Option<String>,
    /// The topic of a partition
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// The partition
    #[arg(long, value_name = "N")]
    partition: Option<i32>,
    /// Every partition
    #[arg(long)]
    all_topic_partitions: bool,
    /// {"partitions":[{"topic":"orders","partition":0}]}
    #[arg(long, value_name = "FILE")]
    path_to_json_file: Option<PathBuf>,
}

impl KafkaTool for LeaderElection {
    const ABOUT: &'static str = "Elect the leaders of partitions";

    async fn run(mut self) -> Result<(), ToolError> {
        let election = self.election()?;
        let partitions = self.partitions()?;
        if let Some(file) = self.admin_config.take() {
            self.server.command_config = Some(file);
        }
        let client = self.server.client()?;
        let results = client.elect_leaders(election, partitions.as_deref()).await?;
        let name = if election == Election::Preferred { "PREFERRED" } else { "UNCLEAN" };
        let (text, failed) = told(name, &results);
        print(&text)?;
        match failed {
            0 => Ok(()),
            failed => Err(ToolError::Failed(format!("{failed} replica(s) could not be elected"))),
        }
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(error.to_string())
    }
}

impl LeaderElection {
    fn election(&self) -> Result<Election, ToolError> {
        match self.election_type.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("preferred") => Ok(Election::Preferred),
            Some("unclean") => Ok(Election::Unclean),
            Some(_) => Err(ToolError::usage("--election-type is preferred or unclean")),
            None => Err(ToolError::usage("Missing required option(s): election-type")),
        }
    }

    /// The partitions that are meant; none for all.
    fn partitions(&self) -> Result<Option<Vec<(String, i32)>>, ToolError> {
        let ways = [self.topic.is_some(), self.all_topic_partitions, self.path_to_json_file.is_some()];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Err(ToolError::usage(
                "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file",
            ));
        }
        if let Some(file) = &self.path_to_json_file {
            let read = json_file::read(file, |json| {
                json_file::list(json, "partitions")?.iter().map(json_file::topic_and_partition).collect()
            });
            return read.map(Some);
        }
        match (&self.topic, self.partition) {
            (Some(topic), Some(partition)) => Ok(Some(vec![(topic.clone(), partition)])),
            (Some(_), None) => Err(ToolError::usage("Missing required option(s): partition")),
            (None, Some(_)) => Err(ToolError::usage("Option partition is only allowed if topic is used")),
            (None, None) => Ok(None),
        }
    }
}

/// What is printed, and how many elections failed.
fn told(election: &str, results: &[ElectionResult]) -> (String, usize) {
    let mut text = String::new();
    let named = |wanted: ErrorCode| {
        let of_code = results.iter().filter(|result| result.error_code == wanted.code());
        of_code.map(|result| format!("{}-{}", result.topic, result.partition)).collect::<Vec<_>>().join(", ")
    };
    let (elected, needless) = (named(ErrorCode::None), named(ErrorCode::ElectionNotNeeded));
    if !elected.is_empty() {
        text.push_str(&format!("Successfully completed leader election ({election}) for partitions {elected}\n"));
    }
    if !needless.is_empty() {
        text.push_str(&format!("Valid replica already elected for partitions {needless}\n"));
    }
    let is_failed =
        |result: &&ElectionResult| result.error_code != 0 && result.error_code != ErrorCode::ElectionNotNeeded.code();
    let failed: Vec<&ElectionResult> = results.iter().filter(is_failed).collect();
    for result in &failed {
        let code = ErrorCode::from_code(result.error_code).unwrap_or(ErrorCode::UnknownServerError);
        text.push_str(&format!(
            "Error completing leader election ({election}) for partition: {}-{}: {}\n",
            result.topic,
            result.partition,
            java::exception(code, result.error_message.as_deref()),
        ));
    }
    (text, failed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elected_needless_and_failed_are_told_apart() {
        let result =
            |partition, error_code| ElectionResult { topic: "t".into(), partition, error_code, error_message: None };
        let results = [result(0, 0), result(1, 84), result(2, 80), result(3, 0)];
        let (text, failed) = told("PREFERRED", &results);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(failed, 1);
        assert_eq!(lines[0], "Successfully completed leader election (PREFERRED) for partitions t-0, t-3");
        assert_eq!(lines[1], "Valid replica already elected for partitions t-1");
        assert!(
            lines[2].starts_with("Error completing leader election (PREFERRED) for partition: t-2: org.apache.kafka")
        );
    }
}
