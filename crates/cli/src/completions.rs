//! `completions`.

use clap::Args;
use clap_complete::Shell;

use crate::error::CliError;
use crate::output::print;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream completions bash > /etc/bash_completion.d/hanzo-stream
  hanzo-stream completions zsh > ~/.zfunc/_hanzo-stream";

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &CompletionsArguments, mut whole: clap::Command) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut whole, "hanzo-stream", &mut script);
    print(&String::from_utf8_lossy(&script))
}
