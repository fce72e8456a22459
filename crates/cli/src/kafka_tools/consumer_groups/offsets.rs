//! `--describe --offsets`: a row for each partition that a group reads or has committed.

use std::collections::{BTreeMap, BTreeSet};

use stream_client::{Client, CommittedOffset, DescribedGroup, OffsetSpec};
use stream_types::ErrorCode;

use super::{ToolError, or_dash, tell_state, width};
use crate::output::print;

struct Row {
    topic: String,
    partition: i32,
    committed: Option<CommittedOffset>,
    end: Option<i64>,
    consumer: String,
    host: String,
    client: String,
}

impl Row {
    fn lag(&self) -> Option<i64> {
        Some(self.end? - self.committed.as_ref()?.offset)
    }
}

pub(super) async fn run(client: &Client, groups: &[DescribedGroup], verbose: bool) -> Result<(), ToolError> {
    let mut shown = Vec::new();
    for group in groups {
        shown.push((group, rows(client, group).await?));
    }
    for (group, rows) in shown {
        if tell_state(group, rows.len())? {
            print(&table(&group.group_id, &rows, verbose))?;
        }
    }
    Ok(())
}

/// The partitions of the member that has most come first, those of nobody last.
async fn rows(client: &Client, group: &DescribedGroup) -> Result<Vec<Row>, ToolError> {
    let committed = client.committed_offsets(&group.group_id).await?;
    let mut members: Vec<_> = group.members.iter().filter(|member| !member.assignment.is_empty()).collect();
    members.sort_by_key(|member| std::cmp::Reverse(member.assignment.len()));
    let mut assigned = BTreeSet::new();
    let mut wanted = Vec::new();
    for member in members {
        let mut partitions = member.assignment.clone();
        partitions.sort();
        for partition in partitions {
            assigned.insert(partition.clone());
            wanted.push((partition, [member.member_id.as_str(), &member.host, &member.client_id]));
        }
    }
    let unassigned = committed.keys().filter(|partition| !assigned.contains(*partition));
    wanted.extend(unassigned.map(|partition| (partition.clone(), ["-"; 3])));
    let ends = ends(client, wanted.iter().map(|(partition, _)| partition)).await?;
    let row = |((topic, partition), [consumer, host, client]): ((String, i32), [&str; 3])| Row {
        committed: committed.get(&(topic.clone(), partition)).cloned(),
        end: ends.get(&(topic.clone(), partition)).copied(),
        topic,
        partition,
        consumer: consumer.to_owned(),
        host: host.to_owned(),
        client: client.to_owned(),
    };
    Ok(wanted.into_iter().map(row).collect())
}

/// Where these partitions end; those that have no leader, or are gone, are left out.
async fn ends(
    client: &Client,
    partitions: impl Iterator<Item = &(String, i32)>,
) -> Result<BTreeMap<(String, i32), i64>, ToolError> {
    let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions {
        by_topic.entry(topic).or_default().push(*partition);
    }
    let mut ends = BTreeMap::new();
    let names: Vec<&str> = by_topic.keys().copied().collect();
    if names.is_empty() {
        return Ok(ends);
    }
    for topic in client.topics(&names).await? {
        let Some(wanted) = by_topic.get(topic.name.as_str()) else { continue };
        let has_leader = |index: &&i32| topic.partition(**index).is_some_and(|partition| partition.leader >= 0);
        let specs: Vec<_> = wanted.iter().filter(has_leader).map(|index| (*index, OffsetSpec::Latest)).collect();
        match client.list_offsets(&topic.name, &specs).await {
            Ok(found) => {
                ends.extend(found.into_iter().map(|(index, found)| ((topic.name.clone(), index), found.offset)));
            }
            Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ends)
}

fn table(group: &str, rows: &[Row], verbose: bool) -> String {
    let group_width = width(15, std::iter::once(group));
    let topic_width = width(15, rows.iter().map(|row| row.topic.as_str()));
    let consumer_width = width(15, rows.iter().map(|row| row.consumer.as_str()));
    let host_width = width(15, rows.iter().map(|row| row.host.as_str()));
    let line = |topic: &str, partition: &str, epoch: &str, offsets: [&str; 3], who: [&str; 3], group: &str| {
        let epoch = if verbose { format!(" {epoch:<15}") } else { String::new() };
        let [offset, end, lag] = offsets;
        let [consumer, host, client] = who;
        format!(
            "\n{group:<group_width$} {topic:<topic_width$} {partition:<10}{epoch} {offset:<15} {end:<15} {lag:<15} \
             {consumer:<consumer_width$} {host:<host_width$} {client}"
        )
    };
    let mut text = line(
        "TOPIC",
        "PARTITION",
        "LEADER-EPOCH",
        ["CURRENT-OFFSET", "LOG-END-OFFSET", "LAG"],
        ["CONSUMER-ID", "HOST", "CLIENT-ID"],
        "GROUP",
    );
    for row in rows {
        let epoch = row.committed.as_ref().and_then(|committed| committed.leader_epoch);
        let offset = or_dash(row.committed.as_ref().map(|committed| committed.offset));
        text += &line(
            &row.topic,
            &row.partition.to_string(),
            &or_dash(epoch),
            [&offset, &or_dash(row.end), &or_dash(row.lag())],
            [&row.consumer, &row.host, &row.client],
            group,
        );
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_without_an_offset_or_an_end_shows_dashes() {
        let committed = CommittedOffset { offset: 3, metadata: String::new(), leader_epoch: Some(2) };
        let row = |committed, end| Row {
            topic: "orders".into(),
            partition: 0,
            committed,
            end,
            consumer: "-".into(),
            host: "-".into(),
            client: "-".into(),
        };
        let rows = [row(Some(committed.clone()), Some(10)), row(None, Some(4)), row(Some(committed), None)];
        let lines = table("billing", &rows, true);
        let cells: Vec<Vec<&str>> = lines.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(cells[1][3], "LEADER-EPOCH");
        assert_eq!(cells[2][3..7], ["2", "3", "10", "7"]);
        assert_eq!(cells[3][3..7], ["-", "-", "4", "-"]);
        assert_eq!(cells[4][3..7], ["2", "3", "-", "-"]);
    }
}
