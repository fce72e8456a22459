//! `--reset-offsets`: what the new offsets are, shown, exported or, with `--execute`, set.

use std::collections::BTreeMap;

use clap::Args;
use stream_client::{Client, ClientError, OffsetSpec, wall_millis};
use stream_types::ErrorCode;

use super::plan_file::{self, Plan};
use super::{ConsumerGroups, ToolError, usage, width};
use crate::kafka_tools::java;
use crate::output::print;
use crate::time::{parse_duration, parse_moment};

/// Where offsets go, and what is done.
#[derive(Debug, Args)]
pub(super) struct ResetArguments {
    /// Only show the new offsets, which is also the default
    #[arg(long)]
    dry_run: bool,
    /// Set the new offsets
    #[arg(long)]
    execute: bool,
    /// Show the new offsets as CSV, for --from-file
    #[arg(long)]
    export: bool,
    /// To an offset
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    to_offset: Option<String>,
    /// So many records on, or back if negative
    #[arg(long, value_name = "RECORDS", allow_hyphen_values = true)]
    shift_by: Option<String>,
    /// To the first record at or after a time: YYYY-MM-DDTHH:mm:SS.sss
    #[arg(long, value_name = "TIME")]
    to_datetime: Option<String>,
    /// To the first record of this long ago: PnDTnHnMnS
    #[arg(long, value_name = "DURATION")]
    by_duration: Option<String>,
    /// To the first record that is left
    #[arg(long)]
    to_earliest: bool,
    /// To the end
    #[arg(long)]
    to_latest: bool,
    /// To what is committed; to the end where nothing is
    #[arg(long)]
    to_current: bool,
    /// To the offsets of a file: topic,partition,offset, or with the group before that
    #[arg(long, value_name = "FILE")]
    from_file: Option<String>,
}

/// The new offset of each partition.
type Offsets = BTreeMap<(String, i32), i64>;

impl ResetArguments {
    /// Which options go together, in Kafka's words.
    pub(super) fn check(&self, has_groups: bool) -> Result<(), ToolError> {
        if self.dry_run && self.execute {
            return usage("Option [reset-offsets] only accepts one of [execute] and [dry-run]");
        }
        if !has_groups {
            return usage("Option [reset-offsets] takes one of these options: [group], [all-groups]");
        }
        let methods = [
            (self.to_offset.is_some(), "to-offset"),
            (self.to_datetime.is_some(), "to-datetime"),
            (self.by_duration.is_some(), "by-duration"),
            (self.to_earliest, "to-earliest"),
            (self.to_latest, "to-latest"),
            (self.to_current, "to-current"),
            (self.shift_by.is_some(), "shift-by"),
            (self.from_file.is_some(), "from-file"),
        ];
        let given: Vec<&str> = methods.iter().filter(|(given, _)| *given).map(|(_, name)| *name).collect();
        match given.as_slice() {
            [] => {
                let names: Vec<String> = methods.iter().map(|(_, name)| format!("[{name}]")).collect();
                let names = names.join(", ");
                usage(format!("Option '[reset-offsets]' requires one of the following scenarios: [{names}]"))
            }
            [_] => Ok(()),
            [first, second, ..] => usage(format!("Option \"[{first}]\" can't be used with option \"[{second}]\"")),
        }
    }
}

pub(super) async fn run(client: &Client, arguments: &ConsumerGroups) -> Result<(), ToolError> {
    let reset = &arguments.reset;
    if !reset.dry_run && !reset.execute {
        eprintln!("WARN: No action will be performed as the --execute option is missing.");
    }
    let is_single = arguments.group.len() == 1;
    let plan = match &reset.from_file {
        Some(file) => Some(plan_file::read(file, arguments.group.first().filter(|_| is_single))?),
        None => None,
    };
    let mut all: BTreeMap<String, Offsets> = BTreeMap::new();
    for group in arguments.groups(client).await? {
        let offsets = match active_state(client, &group).await? {
            None => of_group(client, arguments, &group, plan.as_ref()).await?,
            Some(state) => {
                print(&format!(
                    "\nError: Assignments can only be reset if the group '{group}' is inactive, but the current state is \
                     {state}.\n"
                ))?;
                Offsets::new()
            }
        };
        if reset.execute {
            client.set_committed_offsets(&group, &offsets).await.map_err(unwrapped)?;
        }
        all.insert(group, offsets);
    }
    let text = if reset.export { plan_file::write(&all, is_single) } else { table(&all) };
    Ok(print(&text)?)
}

/// The state of a group that has members.
async fn active_state(client: &Client, group: &str) -> Result<Option<String>, ToolError> {
    match client.describe_group(group).await {
        Ok(described) if matches!(described.state.as_str(), "Empty" | "Dead") => Ok(None),
        Ok(described) => Ok(Some(described.state)),
        Err(error) if error.code() == Some(ErrorCode::GroupIdNotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Only the broker's words, as Kafka's tool prints errors of this action.
fn unwrapped(error: ClientError) -> ToolError {
    match error.code() {
        Some(code) => ToolError::failed(java::words(code)),
        None => error.into(),
    }
}

async fn of_group(
    client: &Client,
    arguments: &ConsumerGroups,
    group: &str,
    plan: Option<&Plan>,
) -> Result<Offsets, ToolError> {
    let reset = &arguments.reset;
    if let Some(plan) = plan {
        let Some(wanted) = plan.get(group) else {
            print(&format!("\nError: No reset plan for group {group} found\n"))?;
            return Ok(Offsets::new());
        };
        return in_range(client, wanted.clone()).await;
    }
    let committed: Offsets = client
        .committed_offsets(group)
        .await?
        .into_iter()
        .map(|(partition, committed)| (partition, committed.offset))
        .collect();
    let partitions = partitions(client, arguments, &committed).await?;
    check_exist(client, &partitions).await?;
    if let Some(text) = &reset.to_offset {
        let offset = number(text, "to-offset")?;
        return in_range(client, partitions.into_iter().map(|partition| (partition, offset)).collect()).await;
    }
    if let Some(text) = &reset.shift_by {
        let shift = number(text, "shift-by")?;
        let mut wanted = Offsets::new();
        for (topic, index) in partitions {
            let Some(offset) = committed.get(&(topic.clone(), index)) else {
                return usage(format!(
                    "Cannot shift offset for partition {topic}-{index} since there is no current committed offset"
                ));
            };
            wanted.insert((topic, index), offset.saturating_add(shift));
        }
        return in_range(client, wanted).await;
    }
    if let Some(time) = time(reset)? {
        return at_time(client, &partitions, time).await;
    }
    if reset.to_current {
        let mut offsets = look_up(client, &partitions, OffsetSpec::Latest).await?;
        for (partition, offset) in &mut offsets {
            *offset = committed.get(partition).copied().unwrap_or(*offset);
        }
        return Ok(offsets);
    }
    let spec = if reset.to_earliest { OffsetSpec::Earliest } else { OffsetSpec::Latest };
    look_up(client, &partitions, spec).await
}

fn number(text: &str, option: &str) -> Result<i64, ToolError> {
    text.parse().map_err(|_| ToolError::failed(format!("Cannot parse argument '{text}' of option {option}")))
}

fn time(reset: &ResetArguments) -> Result<Option<i64>, ToolError> {
    if let Some(text) = &reset.to_datetime {
        if !text.contains('T') {
            return Err(ToolError::failed(
                "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 format",
            ));
        }
        let unparseable = |_| ToolError::failed(format!("java.text.ParseException: Unparseable date: \"{text}\""));
        return parse_moment(text, 0).map(Some).map_err(unparseable);
    }
    let Some(text) = &reset.by_duration else { return Ok(None) };
    let wrong = || ToolError::failed("Text cannot be parsed to a Duration");
    if !text.starts_with(['P', 'p']) {
        return Err(wrong());
    }
    let duration = parse_duration(text).map_err(|_| wrong())?;
    Ok(Some(wall_millis().saturating_sub(duration.as_millis() as i64)))
}

async fn partitions(
    client: &Client,
    arguments: &ConsumerGroups,
    committed: &Offsets,
) -> Result<Vec<(String, i32)>, ToolError> {
    if arguments.all_topics {
        return Ok(committed.keys().cloned().collect());
    }
    if arguments.topic.is_empty() {
        return usage("One of the reset scopes should be defined: --all-topics, --topic.");
    }
    let mut partitions = Vec::new();
    for topic in &arguments.topic {
        match partitions_of(client, topic).await {
            Ok(found) => partitions.extend(found),
            Err(ToolError::Cluster(error)) => return Err(unwrapped(*error)),
            Err(error) => return Err(error),
        }
    }
    Ok(partitions)
}

/// The partitions that `orders` or `orders:0,1` means.
pub(super) async fn partitions_of(client: &Client, wanted: &str) -> Result<Vec<(String, i32)>, ToolError> {
    let Some((topic, list)) = wanted.split_once(':') else {
        let topic = client.topic(wanted).await?;
        return Ok(topic.partitions.iter().map(|partition| (wanted.to_owned(), partition.index)).collect());
    };
    if list.is_empty() || list.contains(':') {
        return usage(format!("Invalid topic arg '{wanted}', expected topic name and partitions"));
    }
    list.split(',')
        .map(|index| match index.parse::<i32>() {
            Ok(number) => Ok((topic.to_owned(), number)),
            Err(_) => usage(format!("Invalid partition '{index}' specified in topic arg '{wanted}''")),
        })
        .collect()
}

async fn check_exist(client: &Client, partitions: &[(String, i32)]) -> Result<(), ToolError> {
    let mut missing = Vec::new();
    for (topic, index) in partitions {
        let found = client.known_topic(topic).await?;
        if found.partition(*index).is_none() {
            missing.push(format!("{topic}-{index}"));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(ToolError::failed(format!("The partitions \"{}\" do not exist", missing.join(","))))
}

async fn look_up(client: &Client, partitions: &[(String, i32)], spec: OffsetSpec) -> Result<Offsets, ToolError> {
    let mut by_topic: BTreeMap<&str, Vec<(i32, OffsetSpec)>> = BTreeMap::new();
    for (topic, index) in partitions {
        by_topic.entry(topic).or_default().push((*index, spec));
    }
    let mut offsets = Offsets::new();
    for (topic, wanted) in by_topic {
        let found = client.list_offsets(topic, &wanted).await?;
        offsets.extend(found.into_iter().map(|(index, found)| ((topic.to_owned(), index), found.offset)));
    }
    Ok(offsets)
}

async fn at_time(client: &Client, partitions: &[(String, i32)], time: i64) -> Result<Offsets, ToolError> {
    let mut offsets = look_up(client, partitions, OffsetSpec::At(time)).await?;
    let none: Vec<_> = offsets.iter().filter(|(_, offset)| **offset < 0).map(|(key, _)| key.clone()).collect();
    for (topic, index) in &none {
        print(&format!(
            "\nWarn: Partition {index} from topic {topic} is empty. Falling back to latest known offset.\n"
        ))?;
    }
    offsets.extend(look_up(client, &none, OffsetSpec::Latest).await?);
    Ok(offsets)
}

/// Offsets that a partition does not hold become the nearest that it does.
async fn in_range(client: &Client, mut wanted: Offsets) -> Result<Offsets, ToolError> {
    let partitions: Vec<_> = wanted.keys().cloned().collect();
    let earliest = look_up(client, &partitions, OffsetSpec::Earliest).await?;
    let latest = look_up(client, &partitions, OffsetSpec::Latest).await?;
    for ((topic, index), offset) in &mut wanted {
        let key = (topic.clone(), *index);
        let (Some(first), Some(end)) = (earliest.get(&key), latest.get(&key)) else { continue };
        let (bound, side) = match *offset {
            high if high > *end => (end, "higher than latest"),
            low if low < *first => (first, "lower than earliest"),
            _ => continue,
        };
        eprintln!(
            "WARN New offset ({offset}) is {side} offset for topic partition {topic}-{index}. Value will be set to {bound}"
        );
        *offset = *bound;
    }
    Ok(wanted)
}

fn table(all: &BTreeMap<String, Offsets>) -> String {
    let group_width = width(15, all.keys().map(String::as_str));
    let topic_width = width(15, all.values().flat_map(BTreeMap::keys).map(|(topic, _)| topic.as_str()));
    let line = |group: &str, topic: &str, partition: &str, offset: &str| {
        format!("\n{group:<group_width$} {topic:<topic_width$} {partition:<10} {offset}")
    };
    let mut text = String::new();
    if !all.is_empty() {
        text += &line("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET");
    }
    for (group, offsets) in all {
        for ((topic, index), offset) in offsets {
            text += &line(group, topic, &index.to_string(), &offset.to_string());
        }
    }
    text + "\n"
}
