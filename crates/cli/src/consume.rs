//! `consume`: prints the records of a topic.

mod filter;
mod pretty;
pub(crate) mod record_format;

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use stream_client::{
    Client, ClientError, Consumer, ConsumerOptions, FetchedBatch, GroupConsumer, GroupEvent, GroupOptions, OffsetSpec,
    StartAt, wall_millis,
};
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;
use tokio::signal::unix::{SignalKind, signal};

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::progress;
use crate::time::parse_moment;
use filter::{Where, is_wanted};
use record_format::{Style, write_record};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream consume orders
      what comes from now on
  hanzo-stream consume orders --from-beginning --exit-at-end --format json
  hanzo-stream consume orders --group billing -n 100
  hanzo-stream consume orders --partition 3 --offset 1500 -n 1
  hanzo-stream consume orders --at 15m
  hanzo-stream consume orders --from-beginning --exit-at-end --where team_id=7 --pretty --show timestamp,headers
      only records whose value is JSON with that in it, indented";

/// Arguments of `consume`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ConsumeArguments {
    /// The topic
    topic: String,
    /// Start with the first record that is left; of a group, where it has committed nothing
    #[arg(long, conflicts_with_all = ["offset", "at"])]
    from_beginning: bool,
    /// Read as a member of this group, and commit
    #[arg(long, value_name = "ID", conflicts_with_all = ["partition", "offset", "at", "exit_at_end"])]
    group: Option<String>,
    /// Only this partition; may be repeated
    #[arg(long, value_name = "N")]
    partition: Vec<i32>,
    /// Start at an offset: a number, earliest, latest, or -N for N before the end
    #[arg(long, value_name = "OFFSET", value_parser = parse_start, allow_hyphen_values = true, requires = "partition")]
    offset: Option<Start>,
    /// Start with the first record at or after a time; '15m' is 15 minutes ago
    #[arg(long, value_name = "TIME", conflicts_with = "offset")]
    at: Option<String>,
    /// Only records with this key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only records whose value is JSON with something at this path, or with this value there; may be repeated
    #[arg(long = "where", value_name = "JSONPATH[=VALUE]")]
    wheres: Vec<Where>,
    /// Stop after so many records were printed
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_records: Option<u64>,
    /// Stop at what was the end when the command began
    #[arg(short = 'e', long)]
    exit_at_end: bool,
    /// Values as they are, or an object for each record
    #[arg(long, value_enum, default_value_t = RecordFormat::Text)]
    format: RecordFormat,
    /// Indent what is JSON
    #[arg(long)]
    pretty: bool,
    /// Print these in front of each value (format text), separated by commas
    #[arg(long, value_enum, value_name = "FIELDS", value_delimiter = ',')]
    show: Vec<Shown>,
    /// Also print keys, with this between key and value (format text)
    #[arg(long, value_name = "TEXT")]
    key_separator: Option<String>,
    /// Leave out records of transactions that are open or were aborted
    #[arg(long)]
    read_committed: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// How records are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum RecordFormat {
    /// Values, a line each
    Text,
    /// JSON, a line each
    Json,
}

/// What is printed beside the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Shown {
    /// When the record was made, or appended
    Timestamp,
    /// Its partition
    Partition,
    /// Its offset
    Offset,
    /// Its key
    Key,
    /// Its headers
    Headers,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    Earliest,
    Latest,
    Offset(i64),
    BeforeEnd(i64),
}

fn parse_start(text: &str) -> Result<Start, String> {
    match text {
        "earliest" => return Ok(Start::Earliest),
        "latest" => return Ok(Start::Latest),
        _ => {}
    }
    match (text.strip_prefix('-'), text.parse::<i64>()) {
        (Some(_), Ok(negative)) => Ok(Start::BeforeEnd(negative.saturating_neg())),
        (None, Ok(offset)) => Ok(Start::Offset(offset)),
        _ => Err("write a number, earliest, latest, or -N for N before the end".to_owned()),
    }
}

/// Prints records, and knows which was the last.
struct Printer<'a> {
    arguments: &'a ConsumeArguments,
    out: io::StdoutLock<'static>,
    line: Vec<u8>,
    printed: u64,
    bar: indicatif::ProgressBar,
    /// The next offset of each partition that something was printed of.
    next: BTreeMap<(String, i32), i64>,
}

impl Printer<'_> {
    fn is_done(&self) -> bool {
        self.arguments.max_records.is_some_and(|max| self.printed >= max)
    }

    fn print(&mut self, fetched: &FetchedBatch) -> Result<(), CliError> {
        let partition = (fetched.topic.clone(), fetched.partition);
        let unreadable = |error: stream_codec::batch::BatchError| {
            let what = format!("partition {}-{}", fetched.topic, fetched.partition);
            let reason = format!("batch at offset {}: {error}", fetched.batch.header().base_offset);
            CliError::Cluster {
                tried: format!("reading topic '{}'", fetched.topic),
                error: Box::new(ClientError::Records { what, reason }),
            }
        };
        let style = Style {
            format: self.arguments.format,
            key_separator: self.arguments.key_separator.as_deref(),
            pretty: self.arguments.pretty,
            show: &self.arguments.show,
        };
        for record in fetched.batch.records(DECOMPRESSED_BATCH_BYTES_MAX).map_err(unreadable)? {
            let record = record.map_err(unreadable)?;
            let offset = fetched.batch.offset_of(&record).0;
            if offset < fetched.from_offset || self.is_done() {
                continue;
            }
            self.next.insert(partition.clone(), offset + 1);
            if !is_wanted(self.arguments.key.as_deref(), &self.arguments.wheres, &record) {
                continue;
            }
            write_record(&mut self.line, fetched, &record, &style);
            self.printed += 1;
        }
        if !self.is_done() {
            self.next.insert(partition, fetched.batch.header().next_offset().0);
        }
        self.bar.set_position(self.printed);
        let written = self.out.write_all(&self.line).and_then(|()| self.out.flush());
        self.line.clear();
        written.tried(|| "writing to standard output".to_owned())
    }
}

pub(crate) async fn run(arguments: ConsumeArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let mut interrupt = signal(SignalKind::interrupt()).tried(|| "listening for Ctrl-C".to_owned())?;
    let mut terminate = signal(SignalKind::terminate()).tried(|| "listening for SIGTERM".to_owned())?;
    let total = arguments.max_records.filter(|_| !io::IsTerminal::is_terminal(&io::stdout()));
    let bar = total.map_or_else(indicatif::ProgressBar::hidden, |total| progress::records(Some(total)));
    let mut printer = Printer {
        arguments: &arguments,
        out: io::stdout().lock(),
        line: Vec::new(),
        printed: 0,
        bar: bar.clone(),
        next: BTreeMap::new(),
    };
    let stop = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let result = match &arguments.group {
        Some(group) => as_member(&client, group, &arguments, &mut printer, stop).await,
        None => alone(&client, &arguments, &mut printer, stop).await,
    };
    bar.finish_and_clear();
    result
}

async fn alone(
    client: &Client,
    arguments: &ConsumeArguments,
    printer: &mut Printer<'_>,
    stop: impl Future<Output = ()>,
) -> Result<(), CliError> {
    let name = &arguments.topic;
    let tried = || format!("consuming topic '{name}'");
    let topic = client.topic(name).await.tried(tried)?;
    let mut partitions: Vec<i32> = topic.partitions.iter().map(|partition| partition.index).collect();
    if !arguments.partition.is_empty() {
        if let Some(missing) = arguments.partition.iter().find(|index| !partitions.contains(index)) {
            return Err(CliError::usage(format!(
                "topic '{name}' has no partition {missing}; it has {}",
                partitions.len()
            )));
        }
        partitions.clone_from(&arguments.partition);
    }
    let ends = match arguments.exit_at_end {
        true => Some(client.list_all_offsets(name, OffsetSpec::Latest).await.tried(tried)?),
        false => None,
    };
    let starts = starts(client, arguments, &partitions).await?;
    let options = ConsumerOptions { read_committed: arguments.read_committed, ..ConsumerOptions::default() };
    let mut consumer = Consumer::new(client.clone(), options);
    consumer.assign(&starts).await.tried(tried)?;
    tokio::pin!(stop);
    loop {
        let is_at_end = ends.as_ref().is_some_and(|ends| {
            let positions = consumer.positions();
            positions.iter().all(|((_, partition), at)| ends.get(partition).is_none_or(|end| *at >= end.offset))
        });
        if printer.is_done() || is_at_end {
            return Ok(());
        }
        // Batches may end in records that nobody sees: the end is looked for again after a while.
        let pause = tokio::time::sleep(std::time::Duration::from_millis(100));
        tokio::select! {
            batch = consumer.next() => printer.print(&batch.tried(tried)?)?,
            () = &mut stop => return Ok(()),
            () = pause, if ends.is_some() => {}
        }
    }
}

async fn starts(
    client: &Client,
    arguments: &ConsumeArguments,
    partitions: &[i32],
) -> Result<Vec<(String, i32, StartAt)>, CliError> {
    let name = &arguments.topic;
    let everywhere = |start: StartAt| partitions.iter().map(|index| (name.clone(), *index, start)).collect();
    if let Some(text) = &arguments.at {
        let time = parse_moment(text, wall_millis()).map_err(|reason| CliError::usage(format!("--at: {reason}")))?;
        return Ok(everywhere(StartAt::Time(time)));
    }
    Ok(match arguments.offset {
        _ if arguments.from_beginning => everywhere(StartAt::Earliest),
        Some(Start::Earliest) => everywhere(StartAt::Earliest),
        Some(Start::Offset(offset)) => everywhere(StartAt::Offset(offset)),
        Some(Start::Latest) | None => match arguments.exit_at_end {
            // The end of now is behind whoever starts there.
            true if arguments.offset.is_none() => everywhere(StartAt::Earliest),
            _ => everywhere(StartAt::Latest),
        },
        Some(Start::BeforeEnd(count)) => {
            let tried = || format!("looking up offsets of topic '{name}'");
            let earliest = client.list_all_offsets(name, OffsetSpec::Earliest).await.tried(tried)?;
            let latest = client.list_all_offsets(name, OffsetSpec::Latest).await.tried(tried)?;
            let start = |index: &i32| {
                let first = earliest.get(index).map_or(0, |found| found.offset);
                let end = latest.get(index).map_or(0, |found| found.offset);
                (name.clone(), *index, StartAt::Offset(end.saturating_sub(count).max(first)))
            };
            partitions.iter().map(start).collect()
        }
    })
}

async fn as_member(
    client: &Client,
    group: &str,
    arguments: &ConsumeArguments,
    printer: &mut Printer<'_>,
    stop: impl Future<Output = ()>,
) -> Result<(), CliError> {
    let name = &arguments.topic;
    let tried = || format!("consuming topic '{name}' in group '{group}'");
    client.topic(name).await.tried(tried)?;
    let start = if arguments.from_beginning { StartAt::Earliest } else { StartAt::Latest };
    let mut options = GroupOptions::new(group, vec![name.clone()], start);
    options.consumer.read_committed = arguments.read_committed;
    let mut member = GroupConsumer::new(client.clone(), options);
    tokio::pin!(stop);
    loop {
        if printer.is_done() {
            break;
        }
        tokio::select! {
            event = member.next() => match event.tried(tried)? {
                GroupEvent::Batch(batch) => printer.print(&batch)?,
                // What others were given is theirs to commit.
                GroupEvent::Assigned(assigned) => printer.next.retain(|partition, _| assigned.contains(partition)),
            },
            () = &mut stop => break,
        }
    }
    // Exactly what was printed is committed, also where that ends inside of a batch.
    member.commit_at(&printer.next).await.tried(tried)?;
    member.leave().await.tried(tried)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_numbers_or_words() {
        assert_eq!(parse_start("12"), Ok(Start::Offset(12)));
        assert_eq!(parse_start("-12"), Ok(Start::BeforeEnd(12)));
        assert_eq!(parse_start("earliest"), Ok(Start::Earliest));
        assert_eq!(parse_start("latest"), Ok(Start::Latest));
        for text in ["", "first", "-", "1.5"] {
            assert!(parse_start(text).is_err(), "{text}");
        }
    }
}
