//! `--delete` and `--delete-offsets`.

use std::collections::BTreeMap;

use stream_client::Client;
use stream_types::ErrorCode;

use super::{ToolError, reset::partitions_of, usage, width};
use crate::kafka_tools::java;
use crate::output::print;

/// Deletes groups, and says which could not be.
pub(super) async fn groups(client: &Client, groups: &[String]) -> Result<(), ToolError> {
    let mut deleted = Vec::new();
    let mut failed = Vec::new();
    for group in groups {
        match client.delete_group(group).await {
            Ok(()) => deleted.push(format!("'{group}'")),
            Err(error) => failed.push((group, java::of(&error))),
        }
    }
    let deleted = deleted.join(", ");
    if failed.is_empty() {
        return Ok(print(&format!("Deletion of requested consumer groups ({deleted}) was successful.\n"))?);
    }
    let mut text = String::from("\nError: Deletion of some consumer groups failed:\n");
    for (group, reason) in failed {
        text += &format!("* Group '{group}' could not be deleted due to: {reason}\n");
    }
    if !deleted.is_empty() {
        text += &format!("\nThese consumer groups were deleted successfully: {deleted}\n");
    }
    Ok(print(&text)?)
}

/// Deletes what a group has committed of topics, and says what became of each partition.
pub(super) async fn offsets(client: &Client, groups: &[String], topics: &[String]) -> Result<(), ToolError> {
    let [group] = groups else {
        return usage("Found multiple arguments for option group, but you asked for only one");
    };
    let mut answers: BTreeMap<(String, i32), Option<ErrorCode>> = BTreeMap::new();
    let mut partitions = Vec::new();
    for topic in topics {
        match partitions_of(client, topic).await {
            Ok(found) => partitions.extend(found),
            Err(ToolError::Cluster(error)) if error.code().is_some() => {
                answers.insert((topic.clone(), -1), error.code());
            }
            Err(error) => return Err(error),
        }
    }
    let mut whole = None;
    match client.delete_committed_offsets(group, &partitions).await {
        Ok(found) => answers.extend(found),
        Err(error) => {
            let Some(code) = error.code() else { return Err(error.into()) };
            whole = Some(code);
            answers.extend(partitions.into_iter().map(|partition| (partition, Some(code))));
        }
    }
    let in_part = answers.iter().filter(|((_, index), _)| *index >= 0).find_map(|(_, error)| *error);
    let verdict = match (whole, in_part) {
        (Some(code), _) => format!("\nError: {}\n", java::words(code)),
        (None, Some(_)) => "\nError: Encountered some partition-level error, see the follow-up details.\n".to_owned(),
        (None, None) => format!("Request succeeded for deleting offsets from group {group}.\n"),
    };
    Ok(print(&(verdict + &table(&answers)))?)
}

fn table(answers: &BTreeMap<(String, i32), Option<ErrorCode>>) -> String {
    let topic_width = width(15, answers.keys().map(|(topic, _)| topic.as_str()));
    let line =
        |topic: &str, partition: &str, status: &str| format!("\n{topic:<topic_width$} {partition:<10} {status:<15}");
    let mut text = line("TOPIC", "PARTITION", "STATUS");
    for ((topic, partition), error) in answers {
        let partition = if *partition >= 0 { partition.to_string() } else { "-".to_owned() };
        let status =
            error.map_or_else(|| "Successful".to_owned(), |code| format!("Error: {}", java::exception(code, None)));
        text += &line(topic, &partition, &status);
    }
    text + "\n"
}
