//! `dump`: what is in files of a data directory. Reads only, and needs no broker; the name says what a file is.

mod checkpoint;
mod index;
mod meaning;
mod metadata;
mod segment;
mod snapshot;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::error::CliError;
use crate::output::Format;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream dump data/orders-0/00000000000000000000.log
  hanzo-stream dump --records --output json data/orders-0/00000000000000000000.log
  hanzo-stream dump data/orders-0/00000000000000000000.index data/orders-0/leader-epoch-checkpoint
  hanzo-stream dump --records data/hanzo-metadata/00000000000000000000.log";

/// Arguments of `dump`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DumpArguments {
    /// Segments (.log), indexes (.index, .timeindex, .txnindex), producer snapshots (.snapshot) and checkpoints
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Also print the records of segments
    #[arg(long)]
    records: bool,
    /// A line for people, or a JSON object for scripts, for each item
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Where items go: a line each.
struct Sink {
    out: BufWriter<io::StdoutLock<'static>>,
    format: Format,
}

impl Sink {
    /// Prints an item in the form that was asked for.
    fn item(&mut self, line: &str, object: Value) -> Result<(), DumpError> {
        let written = match self.format {
            Format::Table => writeln!(self.out, "{line}"),
            Format::Json => writeln!(self.out, "{object}"),
        };
        written.map_err(DumpError::Output)
    }
}

/// Why a file cannot be printed to its end.
enum DumpError {
    /// Standard output failed.
    Output(io::Error),
    /// The file cannot be read.
    File(io::Error),
    /// The file is not what its name says.
    Malformed(String),
}

impl From<io::Error> for DumpError {
    fn from(error: io::Error) -> Self {
        DumpError::File(error)
    }
}

pub(crate) fn run(arguments: &DumpArguments) -> Result<(), CliError> {
    let mut sink = Sink { out: BufWriter::new(io::stdout().lock()), format: arguments.output };
    let mut failed = None;
    for path in &arguments.files {
        if arguments.files.len() > 1 && arguments.output == Format::Table {
            let written = writeln!(sink.out, "{}", path.display());
            written.map_err(|error| CliError::local("writing to standard output", &error))?;
        }
        let tried = format!("dumping {}", path.display());
        match dump(path, arguments.records, &mut sink) {
            Ok(()) => {}
            Err(DumpError::Output(error)) => return Err(CliError::local("writing to standard output", &error)),
            Err(DumpError::File(error)) => {
                failed.get_or_insert(CliError::local(tried, &error));
            }
            Err(DumpError::Malformed(reason)) => {
                failed.get_or_insert(CliError::Local { tried, reason, closed_pipe: false });
            }
        }
    }
    sink.out.flush().map_err(|error| CliError::local("writing to standard output", &error))?;
    failed.map_or(Ok(()), Err)
}

fn dump(path: &Path, records: bool, sink: &mut Sink) -> Result<(), DumpError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.trim_end_matches(".deleted").trim_end_matches(".cleaned").trim_end_matches(".swap");
    match name.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
        "log" | "checkpoint" => segment::dump(path, records, sink),
        "index" => index::dump_offsets(path, base_offset(name), sink),
        "timeindex" => index::dump_times(path, base_offset(name), sink),
        "txnindex" => index::dump_transactions(path, sink),
        "snapshot" => snapshot::dump(path, sink),
        _ if name == "leader-epoch-checkpoint" => checkpoint::dump_epochs(path, sink),
        _ if name.ends_with("-checkpoint") => checkpoint::dump_offsets(path, sink),
        _ => Err(DumpError::Malformed(
            "its name does not say what it is: .log, .index, .timeindex, .txnindex, .snapshot or a checkpoint"
                .to_owned(),
        )),
    }
}

/// The offset in a segment's name.
fn base_offset(name: &str) -> i64 {
    name.split('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
