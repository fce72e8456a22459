//! `produce`: the lines of standard input become records.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use parking_lot::Mutex;
use serde_json::{Value, json};
use stream_client::{Acks, Delivery, Producer, ProducerOptions, ProducerRecord};
use stream_codec::batch::RecordHeader;
use stream_codec::compression::Compression;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::print_json;
use crate::progress;
use crate::properties::key_and_value;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream produce orders < orders.jsonl
  hanzo-stream produce orders --key-separator : --header source=import --compression zstd --rate 1000";

/// Bytes of standard input that are read at once.
const READ_BYTES: usize = 64 * 1024;
/// Pieces of standard input that wait for the producer.
const PIECES_MAX: usize = 16;

/// Arguments of `produce`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ProduceArguments {
    /// The topic
    topic: String,
    /// What stands between key and value of a line; without it there are no keys
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    key_separator: Option<String>,
    /// A header of every record; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    header: Vec<(String, String)>,
    /// Send to this partition
    #[arg(long, value_name = "N")]
    partition: Option<i32>,
    /// At most so many records a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    #[command(flatten)]
    tuning: ProducerArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// How records are sent; `perf` takes the same.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProducerArguments {
    /// none, gzip, snappy, lz4 or zstd
    #[arg(long, value_name = "CODEC", default_value = "none", value_parser = compression)]
    pub(crate) compression: Compression,
    /// Who has to have a record before it counts as sent
    #[arg(long, value_enum, default_value_t = AcksArgument::All)]
    pub(crate) acks: AcksArgument,
    /// Size of a batch before compression (bytes)
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024, value_parser = batch_size)]
    pub(crate) batch_size: usize,
    /// How long a batch waits for more records
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = crate::time::parse_duration)]
    pub(crate) linger: Duration,
    /// Without the numbers by which a broker drops repeats and keeps order
    #[arg(long)]
    pub(crate) no_idempotence: bool,
}

/// Who has to have a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum AcksArgument {
    /// Nobody
    #[value(name = "0")]
    None,
    /// The leader
    #[value(name = "1")]
    Leader,
    /// Every replica in sync
    All,
}

impl ProducerArguments {
    pub(crate) fn options(&self) -> ProducerOptions {
        let acks = match self.acks {
            AcksArgument::None => Acks::None,
            AcksArgument::Leader => Acks::Leader,
            AcksArgument::All => Acks::All,
        };
        ProducerOptions {
            acks,
            compression: self.compression,
            batch_bytes: self.batch_size,
            linger: self.linger,
            idempotent: acks == Acks::All && !self.no_idempotence,
            ..ProducerOptions::default()
        }
    }
}

fn compression(name: &str) -> Result<Compression, String> {
    Compression::from_name(name).ok_or_else(|| "write none, gzip, snappy, lz4 or zstd".to_owned())
}

fn batch_size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|size| (1..=1 << 30).contains(size)).ok_or_else(|| "write 1 to 1073741824".to_owned())
}

/// What has been stored so far.
#[derive(Clone, Debug, Default)]
struct Stored {
    records: u64,
    bytes: u64,
    /// By partition: records, and the first and last offset.
    partitions: BTreeMap<i32, (u64, i64, i64)>,
}

impl Stored {
    fn add(&mut self, delivery: &Delivery) {
        let Ok(first) = delivery.result else { return };
        let count = u64::from(delivery.records.unsigned_abs());
        self.records += count;
        self.bytes += delivery.bytes as u64;
        let partition = self.partitions.entry(delivery.partition).or_insert((0, i64::MAX, -1));
        partition.0 += count;
        if first >= 0 {
            partition.1 = partition.1.min(first);
            partition.2 = partition.2.max(first + i64::from(delivery.records) - 1);
        }
    }

    fn as_json(&self, topic: &str) -> Value {
        let partition = |(index, (records, first, last)): (&i32, &(u64, i64, i64))| {
            json!({
                "partition": index,
                "records": records,
                "first_offset": (*last >= 0).then_some(first),
                "last_offset": (*last >= 0).then_some(last),
            })
        };
        json!({
            "topic": topic,
            "records": self.records,
            "bytes": self.bytes,
            "partitions": self.partitions.iter().map(partition).collect::<Vec<_>>(),
        })
    }
}

pub(crate) async fn run(arguments: ProduceArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let topic = &arguments.topic;
    let tried = || format!("producing to topic '{topic}'");
    // A missing topic is told before anything is typed.
    client.topic(topic).await.tried(tried)?;
    let stored = Arc::new(Mutex::new(Stored::default()));
    let bar = progress::records(None);
    let (counting, moving) = (Arc::clone(&stored), bar.clone());
    let on_delivery = move |delivery: Delivery| {
        counting.lock().add(&delivery);
        moving.inc(u64::from(delivery.records.unsigned_abs()));
    };
    let options = arguments.tuning.options();
    let mut producer = Producer::start(client.clone(), options, on_delivery).await.tried(tried)?;
    let sent = send_lines(&arguments, &mut producer).await;
    let flushed = producer.flush().await.tried(tried);
    bar.finish_and_clear();
    let stored = stored.lock().clone();
    if arguments.connection.is_json() {
        print_json(&stored.as_json(topic))?;
    } else if std::io::stderr().is_terminal() {
        eprintln!("{} records, {} bytes to {topic}", stored.records, stored.bytes);
    }
    sent.and(flushed)
}

async fn send_lines(arguments: &ProduceArguments, producer: &mut Producer) -> Result<(), CliError> {
    let headers: Vec<RecordHeader> = arguments
        .header
        .iter()
        .map(|(key, value)| RecordHeader {
            key: Bytes::copy_from_slice(key.as_bytes()),
            value: Some(Bytes::copy_from_slice(value.as_bytes())),
        })
        .collect();
    let mut pieces = read_standard_input();
    let mut lines = Lines::default();
    let start = Instant::now();
    let mut count: u64 = 0;
    let mut ended = false;
    while !ended {
        match pieces.recv().await {
            Some(Ok(piece)) => lines.push(&piece),
            Some(Err(error)) => return Err(CliError::local("reading standard input", &error)),
            None => {
                lines.finish();
                ended = true;
            }
        }
        while let Some(line) = lines.next() {
            count += 1;
            let (key, value) = split_key(&line, arguments.key_separator.as_deref()).ok_or_else(|| {
                CliError::usage(format!("line {count} of standard input has no key separator; stopped before it"))
            })?;
            let record =
                ProducerRecord { partition: arguments.partition, key, value: Some(value), headers: headers.clone() };
            let tried = || format!("producing to topic '{}'", arguments.topic);
            producer.send(&arguments.topic, record).await.tried(tried)?;
            if let Some(rate) = arguments.rate {
                sleep_until(start + Duration::from_secs_f64(count as f64 / f64::from(rate))).await;
            }
        }
    }
    Ok(())
}

/// Key and value of a line; none if it has no separator where one is needed.
fn split_key(line: &Bytes, separator: Option<&str>) -> Option<(Option<Bytes>, Bytes)> {
    let Some(separator) = separator else { return Some((None, line.clone())) };
    let at = line.windows(separator.len()).position(|window| window == separator.as_bytes())?;
    Some((Some(line.slice(..at)), line.slice(at + separator.len()..)))
}

/// Standard input is read by a thread, because a terminal blocks whoever reads it.
pub(crate) fn read_standard_input() -> mpsc::Receiver<std::io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(PIECES_MAX);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let piece = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => Ok(Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default())),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_last = piece.is_err();
            if sender.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

/// Lines of what comes in pieces, without their ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    whole: std::collections::VecDeque<Bytes>,
    open: Vec<u8>,
}

impl Lines {
    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let mut parts = piece.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            self.open.extend_from_slice(part);
            if parts.peek().is_some() {
                self.close();
            }
        }
    }

    /// What is left is a line too.
    pub(crate) fn finish(&mut self) {
        if !self.open.is_empty() {
            self.close();
        }
    }

    fn close(&mut self) {
        let mut line = std::mem::take(&mut self.open);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        self.whole.push_back(line.into());
    }

    /// The next line that is whole.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        self.whole.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_lines(pieces: &[&str], expected: &[&str]) {
        let mut lines = Lines::default();
        pieces.iter().for_each(|piece| lines.push(piece.as_bytes()));
        lines.finish();
        let read: Vec<Bytes> = std::iter::from_fn(|| lines.next()).collect();
        assert_eq!(read, expected, "{pieces:?}");
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        check_lines(&["a\nb\n"], &["a", "b"]);
        check_lines(&["a", "b\nc", "\r\n", "d"], &["ab", "c", "d"]);
        check_lines(&["\n\n"], &["", ""]);
        check_lines(&[], &[]);
    }

    #[test]
    fn keys_end_at_the_first_separator() {
        let split = |line: &'static str, separator| split_key(&Bytes::from_static(line.as_bytes()), separator);
        assert_eq!(split("k::v::w", Some("::")), Some((Some("k".into()), "v::w".into())));
        assert_eq!(split("k:v", None), Some((None, "k:v".into())));
        assert_eq!(split("no key", Some(":")), None);
        assert_eq!(split(":v", Some(":")), Some((Some("".into()), "v".into())));
    }

    #[test]
    fn what_was_stored_is_told_by_partition() {
        let mut stored = Stored::default();
        let delivery = |partition, first: i64, records| Delivery {
            topic: "t".into(),
            partition,
            result: Ok(first),
            records,
            bytes: 10,
            sent_at: Vec::new(),
        };
        stored.add(&delivery(0, 5, 2));
        stored.add(&delivery(0, 7, 1));
        stored.add(&delivery(1, -1, 1));
        let json = stored.as_json("t");
        assert_eq!((json["records"].as_u64(), json["bytes"].as_u64()), (Some(4), Some(30)));
        assert_eq!(json["partitions"][0]["last_offset"], 7);
        assert_eq!(json["partitions"][1]["first_offset"], Value::Null);
    }
}
