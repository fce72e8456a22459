//! `man`.

use clap::Args;

use crate::error::{CliError, Tried};
use crate::output::print;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream man | man -l -
  hanzo-stream man topics create | man -l -
      of one command";

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ManArguments {
    /// The page of this command, such as 'topics create'; none for the whole
    command: Vec<String>,
}

pub(crate) fn run(arguments: &ManArguments, whole: clap::Command) -> Result<(), CliError> {
    let mut page = whole;
    page.build();
    let mut name = page.get_name().to_owned();
    for word in &arguments.command {
        let Some(found) = page.find_subcommand(word) else {
            return Err(CliError::usage(format!("there is no command '{name} {word}'; see 'hanzo-stream --help'")));
        };
        name = format!("{name}-{word}");
        page = found.clone();
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page).title(name).render(&mut text).tried(|| "writing the manual page".to_owned())?;
    print(&String::from_utf8_lossy(&text))
}
