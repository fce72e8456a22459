//! `perf`: a load generator, one file a command.

mod consume;
mod latency;
mod payload;
mod percentiles;
mod produce;

use clap::Subcommand;
use stream_client::{Client, NewTopic};
use stream_types::ErrorCode;

use crate::error::{CliError, Tried};

/// Commands that measure.
#[derive(Debug, Subcommand)]
pub enum PerfCommand {
    /// Send records as fast as possible, or at a rate, and show how long they took
    Produce(produce::PerfProduceArguments),
    /// Read a topic as fast as possible
    Consume(consume::PerfConsumeArguments),
    /// Send one record after the other and wait until each is read
    Latency(latency::PerfLatencyArguments),
}

pub(crate) async fn run(command: PerfCommand) -> Result<(), CliError> {
    match command {
        PerfCommand::Produce(arguments) => produce::run(arguments).await,
        PerfCommand::Consume(arguments) => consume::run(arguments).await,
        PerfCommand::Latency(arguments) => latency::run(arguments).await,
    }
}

/// Creates a topic with so many partitions, unless it exists.
async fn create_topic(client: &Client, name: &str, partitions: Option<i32>) -> Result<(), CliError> {
    let Some(partitions) = partitions else { return Ok(()) };
    let topic = NewTopic {
        name: name.to_owned(),
        partitions,
        replication_factor: -1,
        assignments: Vec::new(),
        configs: Vec::new(),
    };
    match client.create_topic(&topic, false).await {
        Err(error) if error.code() != Some(ErrorCode::TopicAlreadyExists) => {
            Err(error).tried(|| format!("creating topic '{name}'"))
        }
        _ => Ok(()),
    }
}
