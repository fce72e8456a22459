//! `groups reset-offsets`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgGroup, Args};
use serde_json::{Value, json};
use stream_client::{Client, ClientError, CommittedOffset, OffsetSpec, wall_millis};
use stream_types::ErrorCode;

use super::plan::{Destination, Known, Planned, plan};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, print, print_json};
use crate::time::{parse_duration, parse_moment};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream groups reset-offsets billing --topic orders --to-earliest
      the plan only
  hanzo-stream groups reset-offsets billing --topic orders:0,1 --to-datetime 2026-03-01T12:00:00Z --execute
  hanzo-stream groups reset-offsets billing --all-topics --shift-by -100 --execute
  hanzo-stream groups reset-offsets billing --all-topics --to-current --export > offsets.csv
  hanzo-stream groups reset-offsets billing --from-file offsets.csv --execute
      topic,partition,offset in each line, as kafka-consumer-groups.sh exports them";

/// Arguments of `groups reset-offsets`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("which").required(true).multiple(true).args(["topic", "all_topics", "from_file"])))]
#[command(group(ArgGroup::new("where").required(true).args(
    ["to_earliest", "to_latest", "to_current", "to_offset", "shift_by", "to_datetime", "by_duration", "from_file"])))]
pub struct ResetOffsetsArguments {
    /// The group's id
    group: String,
    /// A topic, or some of its partitions; may be repeated
    #[arg(long, value_name = "TOPIC[:PARTITION,...]")]
    topic: Vec<String>,
    /// Every partition that the group has committed
    #[arg(long)]
    all_topics: bool,
    /// To the first record that is left
    #[arg(long)]
    to_earliest: bool,
    /// To the end
    #[arg(long)]
    to_latest: bool,
    /// To what is committed; to the end where nothing is
    #[arg(long)]
    to_current: bool,
    /// To an offset
    #[arg(long, value_name = "OFFSET", value_parser = clap::value_parser!(i64).range(0..))]
    to_offset: Option<i64>,
    /// So many records on, or back if negative
    #[arg(long, value_name = "RECORDS", allow_negative_numbers = true)]
    shift_by: Option<i64>,
    /// To the first record at or after a time
    #[arg(long, value_name = "TIME")]
    to_datetime: Option<String>,
    /// To the first record of this long ago
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    by_duration: Option<Duration>,
    /// To the offsets of a file: topic,partition,offset in each line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["topic", "all_topics"])]
    from_file: Option<PathBuf>,
    /// Print the plan as such a file
    #[arg(long, conflicts_with = "execute")]
    export: bool,
    /// Do it; without this the plan is shown and nothing changes
    #[arg(long)]
    execute: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

type Partitions = BTreeSet<(String, i32)>;

pub(crate) async fn run(arguments: ResetOffsetsArguments) -> Result<(), CliError> {
    let destination = destination(&arguments)?;
    let client = arguments.connection.client()?;
    let group = &arguments.group;
    let tried = || format!("resetting offsets of group '{group}'");
    refuse_active_group(&client, group).await.tried(tried)?;
    let committed = client.committed_offsets(group).await.tried(tried)?;
    let wanted = arguments.from_file.as_deref().map(offsets_of_file).transpose()?;
    let partitions = match &wanted {
        Some(wanted) => wanted.keys().cloned().collect(),
        None => partitions(&client, &arguments, &committed).await?,
    };
    let mut known = look_up(&client, &partitions, &committed, destination).await.tried(tried)?;
    for known in &mut known {
        let key = (known.topic.clone(), known.partition);
        known.wanted = wanted.as_ref().and_then(|wanted| wanted.get(&key).copied());
    }
    let planned = plan(&known, destination);
    if arguments.execute {
        let offsets: BTreeMap<(String, i32), i64> =
            planned.iter().map(|planned| ((planned.topic.clone(), planned.partition), planned.offset)).collect();
        client.set_committed_offsets(group, &offsets).await.tried(tried)?;
    }
    if arguments.export {
        return print(&as_csv(&planned));
    }
    if arguments.connection.is_json() {
        return print_json(&as_json(group, &planned, arguments.execute));
    }
    as_rows(&planned).print()?;
    let done = if arguments.execute { "done" } else { "nothing was changed: --execute does it" };
    print(&format!("{done}\n"))
}

fn destination(arguments: &ResetOffsetsArguments) -> Result<Destination, CliError> {
    if arguments.to_earliest {
        return Ok(Destination::Earliest);
    }
    if arguments.from_file.is_some() {
        return Ok(Destination::Wanted);
    }
    if arguments.to_current {
        return Ok(Destination::Current);
    }
    if let Some(offset) = arguments.to_offset {
        return Ok(Destination::Offset(offset));
    }
    if let Some(records) = arguments.shift_by {
        return Ok(Destination::Shift(records));
    }
    if let Some(time) = &arguments.to_datetime {
        let time = parse_moment(time, wall_millis());
        return time.map(Destination::Time).map_err(|reason| CliError::usage(format!("--to-datetime: {reason}")));
    }
    if let Some(duration) = arguments.by_duration {
        return Ok(Destination::Time(wall_millis().saturating_sub(duration.as_millis() as i64)));
    }
    Ok(Destination::Latest)
}

/// Members would go on from where they are, and overwrite what is set here.
async fn refuse_active_group(client: &Client, group: &str) -> Result<(), ClientError> {
    match client.describe_group(group).await {
        Err(error) if error.code() == Some(ErrorCode::GroupIdNotFound) => Ok(()),
        Err(error) => Err(error),
        Ok(described) if described.members.is_empty() => Ok(()),
        Ok(described) => {
            let message = format!("it has {} members and is {}", described.members.len(), described.state);
            ClientError::check(format!("group '{group}'"), ErrorCode::NonEmptyGroup.code(), Some(&message))
        }
    }
}

async fn partitions(
    client: &Client,
    arguments: &ResetOffsetsArguments,
    committed: &BTreeMap<(String, i32), CommittedOffset>,
) -> Result<Partitions, CliError> {
    let mut partitions = Partitions::new();
    if arguments.all_topics {
        partitions.extend(committed.keys().cloned());
    }
    for wanted in &arguments.topic {
        let (topic, indexes) = parse_topic(wanted).map_err(CliError::usage)?;
        match indexes {
            Some(indexes) => partitions.extend(indexes.into_iter().map(|index| (topic.clone(), index))),
            None => {
                let found = client.topic(&topic).await.tried(|| format!("looking up topic '{topic}'"))?;
                partitions.extend(found.partitions.iter().map(|partition| (topic.clone(), partition.index)));
            }
        }
    }
    Ok(partitions)
}

/// `orders` or `orders:0,1`.
fn parse_topic(text: &str) -> Result<(String, Option<Vec<i32>>), String> {
    let Some((topic, list)) = text.rsplit_once(':') else { return Ok((text.to_owned(), None)) };
    let indexes: Result<Vec<i32>, _> = list.split(',').map(|index| index.trim().parse()).collect();
    match indexes {
        Ok(indexes) if indexes.iter().all(|index| *index >= 0) => Ok((topic.to_owned(), Some(indexes))),
        _ => Err(format!("--topic {text}: write TOPIC or TOPIC:0,1,2")),
    }
}

async fn look_up(
    client: &Client,
    partitions: &Partitions,
    committed: &BTreeMap<(String, i32), CommittedOffset>,
    destination: Destination,
) -> Result<Vec<Known>, ClientError> {
    let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions {
        by_topic.entry(topic).or_default().push(*partition);
    }
    let mut known = Vec::new();
    for (topic, indexes) in by_topic {
        let wanted = |spec| indexes.iter().map(|index| (*index, spec)).collect::<Vec<_>>();
        let earliest = client.list_offsets(topic, &wanted(OffsetSpec::Earliest)).await?;
        let latest = client.list_offsets(topic, &wanted(OffsetSpec::Latest)).await?;
        let at_time = match destination {
            Destination::Time(time) => client.list_offsets(topic, &wanted(OffsetSpec::At(time))).await?,
            _ => BTreeMap::new(),
        };
        for index in &indexes {
            let (Some(earliest), Some(latest)) = (earliest.get(index), latest.get(index)) else { continue };
            known.push(Known {
                topic: topic.to_owned(),
                partition: *index,
                committed: committed.get(&(topic.to_owned(), *index)).map(|committed| committed.offset),
                earliest: earliest.offset,
                latest: latest.offset,
                wanted: None,
                at_time: at_time.get(index).map(|found| found.offset).filter(|offset| *offset >= 0),
            });
        }
    }
    Ok(known)
}

/// Lines of `topic,partition,offset`.
fn offsets_of_file(path: &Path) -> Result<BTreeMap<(String, i32), i64>, CliError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::usage(format!("reading {}: {error}", path.display())))?;
    parse_offsets(&text)
        .map_err(|line| CliError::usage(format!("{}: line {line} is not TOPIC,PARTITION,OFFSET", path.display())))
}

/// The number of a line that is none, otherwise.
fn parse_offsets(text: &str) -> Result<BTreeMap<(String, i32), i64>, usize> {
    let mut offsets = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
        match fields.as_slice() {
            [""] => {}
            [topic, partition, offset] => {
                let (Ok(partition), Ok(offset)) = (partition.parse(), offset.parse()) else { return Err(number + 1) };
                offsets.insert(((*topic).to_owned(), partition), offset);
            }
            _ => return Err(number + 1),
        }
    }
    Ok(offsets)
}

fn as_csv(planned: &[Planned]) -> String {
    let line = |planned: &Planned| format!("{},{},{}\n", planned.topic, planned.partition, planned.offset);
    planned.iter().map(line).collect()
}

fn as_rows(planned: &[Planned]) -> Rows {
    let mut rows = Rows::new(&["TOPIC", "PARTITION", "COMMITTED", "NEW"]);
    for planned in planned {
        rows.push(vec![
            planned.topic.clone(),
            planned.partition.to_string(),
            cell(planned.committed),
            planned.offset.to_string(),
        ]);
    }
    rows
}

fn as_json(group: &str, planned: &[Planned], executed: bool) -> Value {
    let partition = |planned: &Planned| {
        json!({
            "topic": planned.topic,
            "partition": planned.partition,
            "committed_offset": planned.committed,
            "new_offset": planned.offset,
        })
    };
    json!({
        "group": group,
        "executed": executed,
        "partitions": planned.iter().map(partition).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_may_name_partitions() {
        assert_eq!(parse_topic("orders"), Ok(("orders".to_owned(), None)));
        assert_eq!(parse_topic("orders:0,2"), Ok(("orders".to_owned(), Some(vec![0, 2]))));
        for text in ["orders:", "orders:x", "orders:-1"] {
            assert!(parse_topic(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_plan_may_be_kept_in_a_file() {
        let planned = [Planned { topic: "orders".into(), partition: 1, committed: None, offset: 7 }];
        let read = parse_offsets(&as_csv(&planned)).expect("valid");
        assert_eq!(read, BTreeMap::from([(("orders".to_owned(), 1), 7)]));
        assert_eq!(parse_offsets("orders,0,1\norders,1\n"), Err(2));
        assert_eq!(parse_offsets("orders,0,end\n"), Err(1));
    }

    #[test]
    fn the_plan_is_told_in_both_outputs() {
        let planned = [Planned { topic: "orders".into(), partition: 1, committed: None, offset: 7 }];
        assert_eq!(
            as_rows(&planned).render(),
            "TOPIC   PARTITION  COMMITTED  NEW\norders          1          -    7\n"
        );
        let json = as_json("billing", &planned, false);
        assert_eq!(json["executed"], false);
        assert_eq!(json["partitions"][0]["new_offset"], 7);
    }
}
