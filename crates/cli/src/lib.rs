//! The command line: one file per command.
//!
//! A command parses its arguments, asks the cluster through `stream_client`, and prints a table for people or JSON for
//! scripts. Errors are one line on stderr; the exit status is in [`CliError`].

mod acls;
mod cluster;
mod command;
mod completions;
mod configs;
mod connection;
mod consume;
mod dump;
mod error;
mod groups;
mod kafka_tools;
mod man;
mod not_there;
mod output;
mod perf;
mod produce;
mod progress;
mod properties;
mod time;
mod topics;
mod users;

pub use command::{Command, run};
pub use error::CliError;
pub use kafka_tools::run_called_as;
