//! `perf consume`.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use stream_client::{Consumer, ConsumerOptions, OffsetSpec, StartAt};
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;
use tokio::time::{Instant, timeout};

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{print, print_json};
use crate::progress;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream perf consume load
  hanzo-stream perf consume load --records 1000000 --fetch-size 4194304";

/// Arguments of `perf consume`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PerfConsumeArguments {
    /// The topic, read from its beginning
    topic: String,
    /// Stop after so many records [default: all that there are at the start]
    #[arg(long, value_name = "N")]
    records: Option<u64>,
    /// Most bytes of a partition in one answer
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, value_parser = clap::value_parser!(i32).range(1..))]
    fetch_size: i32,
    /// Open batches and read every record, as an application would; without it only batch headers are read
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: PerfConsumeArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let name = &arguments.topic;
    let tried = || format!("consuming topic '{name}'");
    let topic = client.topic(name).await.tried(tried)?;
    let earliest = client.list_all_offsets(name, OffsetSpec::Earliest).await.tried(tried)?;
    let latest = client.list_all_offsets(name, OffsetSpec::Latest).await.tried(tried)?;
    let ends: i64 = latest.values().map(|found| found.offset).sum();
    let available = (ends - earliest.values().map(|found| found.offset).sum::<i64>()).unsigned_abs();
    let wanted = arguments.records.unwrap_or(available).min(available);
    let starts: Vec<_> =
        topic.partitions.iter().map(|partition| (name.clone(), partition.index, StartAt::Earliest)).collect();
    let options = ConsumerOptions { partition_max_bytes: arguments.fetch_size, ..ConsumerOptions::default() };
    let mut consumer = Consumer::new(client.clone(), options);
    consumer.assign(&starts).await.tried(tried)?;
    let bar = progress::records(Some(wanted));
    let start = Instant::now();
    let (mut records, mut bytes) = (0u64, 0u64);
    while records < wanted {
        // Gaps that compaction has left are offsets without records: the last of them never come.
        let Ok(batch) = timeout(Duration::from_secs(2), consumer.next()).await else { break };
        let batch = batch.tried(tried)?.batch;
        records += match arguments.open {
            true => {
                batch.records(DECOMPRESSED_BATCH_BYTES_MAX).map_or(0, |all| all.filter(Result::is_ok).count() as u64)
            }
            false => u64::from(batch.header().record_count.unsigned_abs()),
        };
        bytes += batch.bytes().len() as u64;
        bar.set_position(records);
    }
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let (rate, megabytes) = (records as f64 / seconds, bytes as f64 / seconds / 1e6);
    if arguments.connection.is_json() {
        return print_json(&json!({
            "records": records,
            "bytes": bytes,
            "seconds": seconds,
            "records_per_second": rate,
            "megabytes_per_second": megabytes,
        }));
    }
    print(&format!("{records} records in {seconds:.2} s: {rate:.0} records/s, {megabytes:.1} MB/s as stored\n"))
}
