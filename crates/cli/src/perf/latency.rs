//! `perf latency`: from the producer's hand to the consumer's.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use parking_lot::Mutex;
use serde_json::json;
use stream_client::{Client, Consumer, ConsumerOptions, Delivery, Producer, ProducerRecord, StartAt};
use tokio::time::Instant;

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
  hanzo-stream perf latency load --partitions 1 --records 5000 --record-size 100";

/// Records that are sent before measuring begins.
const WARM_UP_RECORDS: u64 = 20;

/// Arguments of `perf latency`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PerfLatencyArguments {
    /// The topic
    topic: String,
    /// How many records
    #[arg(long, value_name = "N", default_value_t = 1000)]
    records: u64,
    /// Size of a value (bytes)
    #[arg(long, value_name = "BYTES", default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=100 << 20))]
    record_size: u32,
    /// Create the topic with so many partitions, unless it exists
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    #[command(flatten)]
    tuning: ProducerArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
}

#[derive(Debug, Default)]
struct Measured {
    acknowledged: Percentiles,
    read: Percentiles,
}

pub(crate) async fn run(arguments: PerfLatencyArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    create_topic(&client, &arguments.topic, arguments.partitions).await?;
    let measured = measure(&client, &arguments).await?;
    let measured = measured.lock();
    if arguments.connection.is_json() {
        return print_json(&json!({
            "records": measured.read.count(),
            "produce": measured.acknowledged.as_json(),
            "end_to_end": measured.read.as_json(),
        }));
    }
    print(&format!(
        "{} records of {} bytes\nproduce     {}\nend to end  {}\n",
        measured.read.count(),
        arguments.record_size,
        measured.acknowledged.summary(),
        measured.read.summary()
    ))
}

async fn measure(client: &Client, arguments: &PerfLatencyArguments) -> Result<Arc<Mutex<Measured>>, CliError> {
    let name = &arguments.topic;
    let tried = || format!("measuring latency on topic '{name}'");
    client.topic(name).await.tried(tried)?;
    let mut consumer = Consumer::new(client.clone(), ConsumerOptions::default());
    consumer.assign(&[(name.clone(), 0, StartAt::Latest)]).await.tried(tried)?;
    let measured = Arc::new(Mutex::new(Measured::default()));
    let counting = Arc::clone(&measured);
    let on_delivery = move |delivery: Delivery| {
        let now = Instant::now();
        let mut measured = counting.lock();
        delivery.sent_at.iter().for_each(|sent_at| measured.acknowledged.add(now - *sent_at));
    };
    let mut options = arguments.tuning.options();
    options.record_times = true;
    options.linger = Duration::ZERO;
    let mut producer = Producer::start(client.clone(), options, on_delivery).await.tried(tried)?;
    let mut payload = Payload::new(arguments.record_size as usize);
    let bar = progress::records(Some(arguments.records));
    for index in 0..arguments.records + WARM_UP_RECORDS {
        if index == WARM_UP_RECORDS {
            *measured.lock() = Measured::default();
        }
        let record = ProducerRecord { partition: Some(0), value: Some(payload.next()), ..ProducerRecord::default() };
        let sent_at = Instant::now();
        producer.send(name, record).await.tried(tried)?;
        let reading = async {
            let read = consumer.next().await;
            measured.lock().read.add(sent_at.elapsed());
            read
        };
        tokio::try_join!(reading, producer.flush()).tried(tried)?;
        bar.set_position(index);
    }
    bar.finish_and_clear();
    Ok(measured)
}
