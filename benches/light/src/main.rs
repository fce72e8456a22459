//! A light Kafka client for benchmarks: batches are encoded once, several requests are in flight on
//! each connection, and answers are only looked at, so that the broker is the bottleneck.
//!
//! Prints one JSON object: bytes of record values, seconds, and latency percentiles of requests.

mod connection;
mod fetch;
mod measure;
mod produce;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Load for `benches/compare`.
#[derive(Debug, Parser)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Produce pre-encoded batches.
    Produce(produce::Options),
    /// Fetch from offset 0 on.
    Fetch(fetch::Options),
    /// Wait until ApiVersions and Metadata are answered; prints the milliseconds waited.
    Ready {
        #[command(flatten)]
        place: connection::Place,
        /// Give up after this many milliseconds.
        #[arg(long, default_value_t = 60_000)]
        timeout_ms: u64,
    },
}

fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Produce(options) => produce::run(&options),
        Command::Fetch(options) => fetch::run(&options),
        Command::Ready { place, timeout_ms } => connection::wait_ready(&place, timeout_ms),
    };
    match result {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("light: {error}");
            ExitCode::FAILURE
        }
    }
}
