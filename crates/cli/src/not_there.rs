//! Commands that are promised and not there yet: each is refused in a line that says so.

use clap::Args;

use crate::error::CliError;

/// Whatever is said after the name.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct NotThereArguments {
    /// Not looked at
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    words: Vec<String>,
}

/// The refusal: what is not there, and what is.
pub(crate) fn refuse(name: &str, instead: &str) -> Result<(), CliError> {
    Err(CliError::usage(format!("'{name}' is not in this release yet; {instead}")))
}
