//! Produce with batches that were encoded once.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use stream_codec::Records;
use stream_codec::batch::BatchBuilder;
use stream_codec::compression::Compression;
use stream_wire::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};

use crate::connection::{self, CORRELATION_ID_AT, Connection, Place};
use crate::measure::Measured;

/// The newest version with topic names and without flexible fields.
const VERSION: i16 = 8;

/// What to produce.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// The topic; it must exist.
    #[arg(long)]
    topic: String,
    /// Its partitions, written in turn.
    #[arg(long, default_value_t = 1)]
    partitions: i32,
    /// Bytes of each record's value.
    #[arg(long, default_value_t = 1000)]
    record_bytes: usize,
    /// Bytes of record values in a batch.
    #[arg(long, default_value_t = 16_000)]
    batch_bytes: usize,
    /// none or lz4
    #[arg(long, default_value = "none")]
    compression: String,
    /// 1, or -1 for all
    #[arg(long, default_value_t = -1, allow_negative_numbers = true)]
    acks: i16,
    /// Requests in flight on each connection.
    #[arg(long, default_value_t = 5)]
    in_flight: usize,
    /// Connections, each with its own share of the partitions' turns.
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// How long (seconds).
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Stop after this many bytes of record values.
    #[arg(long, default_value_t = u64::MAX)]
    bytes_max: u64,
}

/// Produces as told; the report.
pub(crate) fn run(options: &Options) -> io::Result<String> {
    let frames: Vec<Vec<u8>> =
        (0..options.partitions).map(|partition| frame(options, partition)).collect::<io::Result<_>>()?;
    let records_per_batch = (options.batch_bytes / options.record_bytes).max(1);
    let value_bytes = (records_per_batch * options.record_bytes) as u64;
    let start = Instant::now();
    let mut total = Measured::default();
    std::thread::scope(|scope| -> io::Result<()> {
        let threads: Vec<_> = (0..options.connections)
            .map(|number| {
                let frames = frames.clone();
                scope.spawn(move || one_connection(options, number, frames, value_bytes, start))
            })
            .collect();
        for thread in threads {
            total.merge(thread.join().map_err(|_| io::Error::other("a connection's thread panicked"))??);
        }
        Ok(())
    })?;
    Ok(total.report())
}

fn one_connection(
    options: &Options,
    number: usize,
    mut frames: Vec<Vec<u8>>,
    value_bytes: u64,
    start: Instant,
) -> io::Result<Measured> {
    let mut connection = Connection::open(&options.place)?;
    let limit = Duration::from_secs_f64(options.seconds);
    let mut measured = Measured::default();
    let mut in_flight: VecDeque<Instant> = VecDeque::new();
    let mut next = number;
    let mut correlation_id = 0u32;
    loop {
        let enough = start.elapsed() >= limit
            || (measured.bytes + in_flight.len() as u64 * value_bytes) * options.connections as u64
                >= options.bytes_max;
        while !enough && in_flight.len() < options.in_flight {
            let count = frames.len();
            let frame = &mut frames[next % count];
            next += 1;
            frame[CORRELATION_ID_AT..CORRELATION_ID_AT + 4].copy_from_slice(&correlation_id.to_be_bytes());
            correlation_id += 1;
            in_flight.push_back(Instant::now());
            connection.send(frame)?;
        }
        let Some(sent) = in_flight.pop_front() else { break };
        let answer = Bytes::copy_from_slice(connection.receive()?);
        measured.latency(sent.elapsed());
        check(answer)?;
        measured.bytes += value_bytes;
    }
    measured.seconds = start.elapsed().as_secs_f64();
    Ok(measured)
}

fn check(answer: Bytes) -> io::Result<()> {
    let response = connection::decode::<ProduceRequest>(VERSION, answer)?;
    for partition in response.responses.iter().flat_map(|topic| &topic.partition_responses) {
        if partition.error_code != 0 {
            return Err(io::Error::other(format!("partition {}: error {}", partition.index, partition.error_code)));
        }
    }
    Ok(())
}

fn frame(options: &Options, partition: i32) -> io::Result<Vec<u8>> {
    let records = batch(options)?;
    let request = ProduceRequest {
        transactional_id: None,
        acks: options.acks,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: options.topic.as_str().into(),
            partition_data: vec![PartitionProduceData { index: partition, records: Some(Records::from(records)) }],
            ..Default::default()
        }],
    };
    connection::encode(VERSION, &request)
}

fn batch(options: &Options) -> io::Result<Bytes> {
    let compression = match options.compression.as_str() {
        "none" => Compression::None,
        "lz4" => Compression::Lz4,
        other => return Err(io::Error::other(format!("compression {other} is not known here"))),
    };
    let mut batch = BatchBuilder::new().compression(compression);
    let now = now_millis();
    for index in 0..(options.batch_bytes / options.record_bytes).max(1) {
        let value = value(index, options.record_bytes);
        batch.push(now, None, Some(&value), &[]);
    }
    batch.build().map_err(io::Error::other)
}

fn now_millis() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

/// JSON-like text that compresses about as events do.
fn value(index: usize, bytes: usize) -> Vec<u8> {
    let mut seed = index as u64 * 0x9e37_79b9_7f4a_7c15 + 1;
    let mut text = Vec::with_capacity(bytes + 64);
    while text.len() < bytes {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.extend_from_slice(
            format!("{{\"team_id\":\"team_{:08x}\",\"tokens\":{},", seed >> 32, seed >> 48).as_bytes(),
        );
    }
    text.truncate(bytes);
    text
}
