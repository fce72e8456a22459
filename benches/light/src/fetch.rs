//! Fetch everything that a topic holds, looking at batch headers only.

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use stream_codec::batch::BatchHeader;
use stream_wire::fetch::{FetchPartition, FetchRequest, FetchTopic};
use stream_wire::metadata::{MetadataRequest, MetadataRequestTopic};

use crate::connection::{self, Connection, Place};
use crate::measure::Measured;

/// The newest version with topic names and without flexible fields.
const VERSION: i16 = 11;

/// What to fetch.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// The topic.
    #[arg(long)]
    topic: String,
    /// Bytes of each record's value, to count what came.
    #[arg(long, default_value_t = 1000)]
    record_bytes: u64,
    /// Most bytes of one partition in an answer.
    #[arg(long, default_value_t = 1024 * 1024)]
    partition_bytes: i32,
    /// Most bytes of one answer.
    #[arg(long, default_value_t = 50 * 1024 * 1024)]
    answer_bytes: i32,
    /// Stop after this many bytes of record values; otherwise at the end of the topic.
    #[arg(long, default_value_t = u64::MAX)]
    bytes_max: u64,
    /// How long at the most (seconds).
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
}

/// Fetches as told; the report.
pub(crate) fn run(options: &Options) -> io::Result<String> {
    let mut connection = Connection::open(&options.place)?;
    let topics = Some(vec![MetadataRequestTopic { name: Some(options.topic.as_str().into()), ..Default::default() }]);
    let metadata =
        connection.ask(9, &MetadataRequest { topics, allow_auto_topic_creation: false, ..Default::default() })?;
    let count = metadata.topics.first().map_or(0, |topic| topic.partitions.len());
    let mut offsets = vec![0i64; count];
    let mut measured = Measured::default();
    let start = Instant::now();
    let limit = Duration::from_secs_f64(options.seconds);
    while start.elapsed() < limit && measured.bytes < options.bytes_max {
        let request = request(options, &offsets);
        let sent = Instant::now();
        connection.send(&connection::encode(VERSION, &request)?)?;
        let answer = Bytes::copy_from_slice(connection.receive()?);
        measured.latency(sent.elapsed());
        let before = measured.bytes;
        advance(options, answer, &mut offsets, &mut measured)?;
        if measured.bytes == before {
            break;
        }
        // What was behind goes first next time, as a consumer's client does it.
        measured.seconds = start.elapsed().as_secs_f64();
    }
    Ok(measured.report())
}

fn request(options: &Options, offsets: &[i64]) -> FetchRequest {
    let partitions = offsets
        .iter()
        .enumerate()
        .map(|(partition, offset)| FetchPartition {
            partition: partition as i32,
            fetch_offset: *offset,
            partition_max_bytes: options.partition_bytes,
            ..Default::default()
        })
        .collect();
    FetchRequest {
        max_wait_ms: 100,
        min_bytes: 1,
        max_bytes: options.answer_bytes,
        topics: vec![FetchTopic { topic: options.topic.as_str().into(), partitions, ..Default::default() }],
        ..Default::default()
    }
}

fn advance(options: &Options, answer: Bytes, offsets: &mut [i64], measured: &mut Measured) -> io::Result<()> {
    let response = connection::decode::<FetchRequest>(VERSION, answer)?;
    for partition in response.responses.iter().flat_map(|topic| &topic.partitions) {
        if partition.error_code != 0 {
            return Err(io::Error::other(format!(
                "partition {}: error {}",
                partition.partition_index, partition.error_code
            )));
        }
        let records = partition.records.as_ref().and_then(|records| records.to_bytes()).unwrap_or_default();
        let mut rest = &records[..];
        // The last batch may be cut off.
        while let Ok(header) = BatchHeader::parse(rest) {
            if header.size() > rest.len() {
                break;
            }
            rest = &rest[header.size()..];
            if let Some(offset) = offsets.get_mut(partition.partition_index as usize) {
                *offset = header.next_offset().get();
            }
            measured.bytes += header.record_count as u64 * options.record_bytes;
        }
    }
    Ok(())
}
