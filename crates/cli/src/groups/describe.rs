//! `groups describe`: offsets, lag and members.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::{Value, json};
use stream_client::{Client, ClientError, CommittedOffset, DescribedGroup, GroupMember, OffsetSpec};
use stream_types::ErrorCode;

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, print, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream groups describe billing
  hanzo-stream groups describe billing --members";

/// Arguments of `groups describe`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DescribeArguments {
    /// The groups' ids
    #[arg(required = true)]
    groups: Vec<String>,
    /// Show members in place of offsets
    #[arg(long)]
    members: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// A partition that the group has committed or is reading.
#[derive(Clone, PartialEq, Eq, Debug)]
struct PartitionRow {
    topic: String,
    partition: i32,
    committed: Option<i64>,
    end: Option<i64>,
    member: Option<usize>,
}

impl PartitionRow {
    fn lag(&self) -> Option<i64> {
        Some((self.end? - self.committed?).max(0))
    }
}

pub(crate) async fn run(arguments: DescribeArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let mut objects = Vec::new();
    for (place, group) in arguments.groups.iter().enumerate() {
        let tried = || format!("describing group '{group}'");
        let described = client.describe_group(group).await.tried(tried)?;
        let committed = client.committed_offsets(group).await.tried(tried)?;
        let rows = partitions(&client, &described, &committed).await.tried(tried)?;
        if arguments.connection.is_json() {
            objects.push(as_json(&described, &rows));
            continue;
        }
        let gap = if place > 0 { "\n" } else { "" };
        print(&format!("{gap}{}\n", summary(&described, &rows)))?;
        let table = if arguments.members { member_rows(&described) } else { offset_rows(&described, &rows) };
        table.print()?;
    }
    if arguments.connection.is_json() { print_json(&objects.into()) } else { Ok(()) }
}

async fn partitions(
    client: &Client,
    group: &DescribedGroup,
    committed: &BTreeMap<(String, i32), CommittedOffset>,
) -> Result<Vec<PartitionRow>, ClientError> {
    let assigned = group.members.iter().flat_map(|member| member.assignment.iter().cloned());
    let all: BTreeSet<(String, i32)> = committed.keys().cloned().chain(assigned).collect();
    let mut by_topic: BTreeMap<&str, Vec<(i32, OffsetSpec)>> = BTreeMap::new();
    for (topic, partition) in &all {
        by_topic.entry(topic).or_default().push((*partition, OffsetSpec::Latest));
    }
    let mut ends = BTreeMap::new();
    for (topic, wanted) in by_topic {
        match client.list_offsets(topic, &wanted).await {
            Ok(found) => {
                ends.extend(found.into_iter().map(|(partition, end)| ((topic.to_owned(), partition), end.offset)))
            }
            // Offsets outlive the topic they were committed for.
            Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => {}
            Err(error) => return Err(error),
        }
    }
    let row = |key: (String, i32)| PartitionRow {
        committed: committed.get(&key).map(|committed| committed.offset),
        end: ends.get(&key).copied(),
        member: group.members.iter().position(|member| member.assignment.contains(&key)),
        topic: key.0,
        partition: key.1,
    };
    Ok(all.into_iter().map(row).collect())
}

fn total_lag(rows: &[PartitionRow]) -> i64 {
    rows.iter().filter_map(PartitionRow::lag).sum()
}

fn summary(group: &DescribedGroup, rows: &[PartitionRow]) -> String {
    let assignor = if group.assignor.is_empty() { String::new() } else { format!(", assignor {}", group.assignor) };
    format!(
        "{}  {}, members {}, lag {}, coordinator {}{assignor}",
        group.group_id,
        group.state,
        group.members.len(),
        total_lag(rows),
        group.coordinator
    )
}

fn offset_rows(group: &DescribedGroup, rows: &[PartitionRow]) -> Rows {
    let mut table = Rows::new(&["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER", "HOST"]);
    for row in rows {
        let member = row.member.and_then(|index| group.members.get(index));
        table.push(vec![
            row.topic.clone(),
            row.partition.to_string(),
            cell(row.committed),
            cell(row.end),
            cell(row.lag()),
            cell(member.map(|member| &member.member_id)),
            cell(member.map(|member| &member.host)),
        ]);
    }
    table
}

fn member_rows(group: &DescribedGroup) -> Rows {
    let mut table = Rows::new(&["MEMBER", "INSTANCE", "CLIENT", "HOST", "ASSIGNED"]);
    for member in &group.members {
        table.push(vec![
            member.member_id.clone(),
            cell(member.instance_id.as_deref()),
            member.client_id.clone(),
            member.host.clone(),
            assigned(member),
        ]);
    }
    table
}

/// `orders:0,1 payments:3`.
fn assigned(member: &GroupMember) -> String {
    let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in &member.assignment {
        by_topic.entry(topic).or_default().push(*partition);
    }
    let topics: Vec<String> =
        by_topic.into_iter().map(|(topic, list)| format!("{topic}:{}", crate::output::list(&list))).collect();
    if topics.is_empty() { "-".to_owned() } else { topics.join(" ") }
}

fn as_json(group: &DescribedGroup, rows: &[PartitionRow]) -> Value {
    let partition = |row: &PartitionRow| {
        json!({
            "topic": row.topic,
            "partition": row.partition,
            "committed_offset": row.committed,
            "end_offset": row.end,
            "lag": row.lag(),
            "member": row.member.and_then(|index| group.members.get(index)).map(|member| &member.member_id),
        })
    };
    let member = |member: &GroupMember| {
        let assignment: Vec<Value> = member
            .assignment
            .iter()
            .map(|(topic, partition)| json!({"topic": topic, "partition": partition}))
            .collect();
        json!({
            "member": member.member_id,
            "instance": member.instance_id,
            "client": member.client_id,
            "host": member.host,
            "assignment": assignment,
        })
    };
    json!({
        "group": group.group_id,
        "state": group.state,
        "protocol": group.protocol_type,
        "assignor": group.assignor,
        "coordinator": group.coordinator,
        "lag": total_lag(rows),
        "partitions": rows.iter().map(partition).collect::<Vec<_>>(),
        "members": group.members.iter().map(member).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> (DescribedGroup, Vec<PartitionRow>) {
        let member = GroupMember {
            member_id: "m-1".into(),
            instance_id: None,
            client_id: "c".into(),
            host: "/127.0.0.1".into(),
            assignment: vec![("orders".into(), 0), ("orders".into(), 1)],
            ..GroupMember::default()
        };
        let group = DescribedGroup {
            group_id: "billing".into(),
            state: "Stable".into(),
            protocol_type: "consumer".into(),
            assignor: "range".into(),
            coordinator: 1,
            members: vec![member],
            ..DescribedGroup::default()
        };
        let row = |partition, committed, end, member| PartitionRow {
            topic: "orders".into(),
            partition,
            committed,
            end,
            member,
        };
        (group, vec![row(0, Some(3), Some(10), Some(0)), row(1, None, Some(4), Some(0)), row(2, Some(9), None, None)])
    }

    #[test]
    fn lag_is_told_where_it_is_known() {
        let (group, rows) = group();
        assert_eq!(total_lag(&rows), 7);
        let text = offset_rows(&group, &rows).render();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "TOPIC   PARTITION  COMMITTED  END  LAG  MEMBER  HOST");
        assert_eq!(lines[1], "orders          0          3   10    7  m-1     /127.0.0.1");
        assert_eq!(lines[2], "orders          1          -    4    -  m-1     /127.0.0.1");
        let json = as_json(&group, &rows);
        assert_eq!(json["lag"], 7);
        assert_eq!(json["partitions"][1]["committed_offset"], Value::Null);
        assert_eq!(json["members"][0]["assignment"][1]["partition"], 1);
    }

    #[test]
    fn assignments_are_grouped_by_topic() {
        let (group, _) = group();
        assert_eq!(assigned(&group.members[0]), "orders:0,1");
    }
}
