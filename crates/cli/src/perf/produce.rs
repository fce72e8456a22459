//! `perf produce`.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use parking_lot::Mutex;
use serde_json::json;
use stream_client::{Client, Delivery, Producer, ProducerRecord};
use tokio::time::{Instant, sleep_until};

use super::create_topic;
use super::payload::Payload;
use super::percentiles::Percentiles;
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};
use crate::produce::ProducerArguments;
use crate::progress;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream perf produce load --partitions 8 --records 1000000 --record-size 1000
  hanzo-stream perf produce load --records 100000 --throughput 5000 --acks 1 --compression lz4";

/// Records between two looks at the clock where a rate is kept.
const RATE_CHECK_RECORDS: u64 = 16;

/// Arguments of `perf produce`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PerfProduceArguments {
    /// The topic
    topic: String,
    /// How many records
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    records: u64,
    /// Size of a value (bytes)
    #[arg(long, value_name = "BYTES", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=100 << 20))]
    record_size: u32,
    /// At most so many records a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    throughput: Option<u64>,
    /// Create the topic with so many partitions, unless it exists
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Give every record a key of its own, so that keys choose the partition
    #[arg(long)]
    keys: bool,
    /// Requests on their way to a broker at once
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=64))]
    in_flight: u16,
    #[command(flatten)]
    tuning: ProducerArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
}

#[derive(Debug, Default)]
struct Measured {
    latencies: Percentiles,
    bytes: u64,
}

pub(crate) async fn run(arguments: PerfProduceArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    create_topic(&client, &arguments.topic, arguments.partitions).await?;
    let (measured, seconds) = measure(&client, &arguments).await?;
    let measured = measured.lock();
    let records = measured.latencies.count();
    let (rate, megabytes) = (records as f64 / seconds, measured.bytes as f64 / seconds / 1e6);
    if arguments.connection.is_json() {
        return print_json(&json!({
            "records": records,
            "bytes": measured.bytes,
            "seconds": seconds,
            "records_per_second": rate,
            "megabytes_per_second": megabytes,
            "latency": measured.latencies.as_json(),
        }));
    }
    print(&format!(
        "{records} records in {seconds:.2} s: {rate:.0} records/s, {megabytes:.1} MB/s\nlatency  {}\n",
        measured.latencies.summary()
    ))
}

async fn measure(client: &Client, arguments: &PerfProduceArguments) -> Result<(Arc<Mutex<Measured>>, f64), CliError> {
    let tried = || format!("producing to topic '{}'", arguments.topic);
    let bar = progress::records(Some(arguments.records));
    let measured = Arc::new(Mutex::new(Measured::default()));
    let (counting, moving) = (Arc::clone(&measured), bar.clone());
    let on_delivery = move |delivery: Delivery| {
        if delivery.result.is_err() {
            return;
        }
        let now = Instant::now();
        let mut measured = counting.lock();
        measured.bytes += delivery.bytes as u64;
        delivery.sent_at.iter().for_each(|sent_at| measured.latencies.add(now - *sent_at));
        moving.inc(delivery.sent_at.len() as u64);
    };
    let mut options = arguments.tuning.options();
    options.record_times = true;
    options.in_flight = usize::from(arguments.in_flight);
    let mut producer = Producer::start(client.clone(), options, on_delivery).await.tried(tried)?;
    let mut payload = Payload::new(arguments.record_size as usize);
    let start = Instant::now();
    for index in 0..arguments.records {
        let key = arguments.keys.then(|| index.to_string().into());
        let record = ProducerRecord { key, value: Some(payload.next()), ..ProducerRecord::default() };
        producer.send(&arguments.topic, record).await.tried(tried)?;
        match arguments.throughput {
            Some(rate) if rate < 1000 || index % RATE_CHECK_RECORDS == 0 => {
                sleep_until(start + Duration::from_secs_f64((index + 1) as f64 / rate as f64)).await;
            }
            // Answers are read and batches sent on this thread too.
            None if index % 256 == 0 => tokio::task::yield_now().await,
            _ => {}
        }
    }
    let flushed = producer.flush().await.tried(tried);
    bar.finish_and_clear();
    flushed?;
    Ok((measured, start.elapsed().as_secs_f64()))
}
