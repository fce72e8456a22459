//! The hanzo-stream binary: its command line. `server` starts the broker; the other commands are clients.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use stream_server::adopt::{self, AdoptArguments, ReportFormat};
use stream_server::config::{Arguments, Loaded, ServerConfig};
use stream_server::{broker, telemetry};

/// Wrong usage or configuration, as `docs/configuration.md` lists the exit codes.
const EXIT_CONFIGURATION: u8 = 2;

/// A Kafka-compatible event streaming broker in one binary.
#[derive(Parser)]
#[command(name = "hanzo-stream", version, propagate_version = true, arg_required_else_help = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[allow(clippy::large_enum_variant)]
enum Command {
    /// Run a broker; without options a whole cluster of one on localhost.
    #[command(after_help = SERVER_EXAMPLES)]
    Server(ServerArguments),
    /// Take over the data directory of a stopped Apache Kafka node (3.7 to 4.x, KRaft)
    #[command(after_help = ADOPT_EXAMPLES)]
    Adopt(AdoptCommand),
    #[command(flatten)]
    Client(stream_cli::Command),
}

const SERVER_EXAMPLES: &str = "\
Examples:
  hanzo-stream server
      Kafka on localhost:9092, metrics and health on http://localhost:8080, data in ./data
  hanzo-stream server --data-dir /var/lib/hanzo-stream --set listeners=PLAINTEXT://0.0.0.0:9092
      the same for other machines
  hanzo-stream server --config server.properties --check
      what a configuration comes to, without starting

Keys are those of Kafka's server.properties, and a few of our own that begin with 'hanzo.'.
Later sources win: the file, the environment (KAFKA_CFG_NUM_PARTITIONS=8 or
KAFKA_NUM_PARTITIONS=8), --set.

Exit status: 0 stopped as told, 2 wrong usage or configuration, 4 the storage failed.";

const ADOPT_EXAMPLES: &str = "\
Examples:
  hanzo-stream adopt /bitnami/kafka/data --dry-run
      what is there, and what of it cannot be carried; nothing is changed
  hanzo-stream adopt /bitnami/kafka/data
      the same, and then the directory is this broker's: Kafka will not start on it any more
  hanzo-stream adopt /disk1/kafka /disk2/kafka
      a node with several log.dirs

Exit status: 0 adopted (with --dry-run: it can be), 2 it cannot be, 4 the storage failed.";

#[derive(Args)]
struct AdoptCommand {
    /// Every one of the node's log.dirs
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,

    /// Say what is there and what of it cannot be carried, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// How the result is printed
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "table")]
    output: OutputFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum OutputFormat {
    /// A table
    Table,
    /// JSON
    Json,
}

#[derive(Args)]
struct ServerArguments {
    /// Read keys from a .properties file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Set a key, over file and environment; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,

    /// Keep the data here (the same as --set log.dirs=DIR) [default: ./data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Print the effective configuration, secrets hidden, and exit
    #[arg(long)]
    check: bool,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, such as num.partitions=8".to_owned()),
    }
}

fn main() -> ExitCode {
    if let Some(status) = stream_cli::run_called_as(std::env::args_os()) {
        return status;
    }
    let command_line = CommandLine::try_parse().unwrap_or_else(|error| refuse(&error));
    match command_line.command {
        Command::Server(arguments) => server(arguments),
        Command::Adopt(AdoptCommand { dirs, dry_run, output }) => {
            let format = match output {
                OutputFormat::Table => ReportFormat::Table,
                OutputFormat::Json => ReportFormat::Json,
            };
            adopt::run(&AdoptArguments { dirs, dry_run, format })
        }
        Command::Client(command) => stream_cli::run(command, CommandLine::command()),
    }
}

/// Says in one line what is wrong with the arguments; help and versions are no error.
fn refuse(error: &clap::Error) -> ! {
    use clap::error::ErrorKind;
    let is_wrong = error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !is_wrong {
        error.exit();
    }
    let text = error.render().to_string();
    let told =
        text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let mut line = String::new();
    for part in told.filter(|line| !line.is_empty()) {
        let part = part.trim_start_matches("error: ").trim_start_matches("tip: ");
        let joint = if line.is_empty() || line.ends_with(':') { " " } else { "; " };
        line.push_str(joint);
        line.push_str(part);
    }
    eprintln!("hanzo-stream:{line}; see --help");
    std::process::exit(EXIT_CONFIGURATION.into());
}

fn server(arguments: ServerArguments) -> ExitCode {
    let ServerArguments { config, set, data_dir, check } = arguments;
    let loaded = ServerConfig::load(&Arguments { config_file: config, set, data_dir });
    let Loaded { config, warnings } = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("hanzo-stream: {error}");
            return ExitCode::from(EXIT_CONFIGURATION);
        }
    };
    telemetry::logging::start(config.log_format, &config.log_level);
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    if check {
        print!("{}", config.describe());
        return ExitCode::SUCCESS;
    }
    broker::run(config)
}
