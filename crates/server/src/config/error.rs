//! Why a configuration is refused: one line each, with the source of the value and what to write instead.

use std::io;
use std::path::PathBuf;

use super::settings::Source;

/// A configuration the broker does not start with; the process exits with 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The `--config` file cannot be read.
    #[error("cannot read the configuration file {}: {error}; give --config a readable .properties file", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// A line of the `--config` file has no meaning.
    #[error("cannot read {} line {line}: {problem}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with the line.
        problem: String,
    },
    /// A value that its key does not allow.
    #[error("{key}={value} ({given}): {problem}")]
    Invalid {
        /// Kafka's name of the key.
        key: String,
        /// The value, or a placeholder for a secret.
        value: String,
        /// Where it was given.
        given: Source,
        /// What is wrong and what is allowed.
        problem: String,
    },
    /// A value that other values make necessary.
    #[error("{key} is not set: {problem}")]
    Missing {
        /// Kafka's name of the key.
        key: &'static str,
        /// Why it is needed, and an example.
        problem: String,
    },
    /// A security setting that this broker cannot honour: running without it would be open where its owner wants it closed.
    #[error(
        "{key} ({given}) asks for security that this broker does not have yet: {problem}; remove it, or keep the broker off untrusted networks"
    )]
    Security {
        /// The key, or the environment variable.
        key: String,
        /// Where it was given.
        given: Source,
        /// What cannot be honoured.
        problem: String,
    },
    /// A secret's file cannot be read.
    #[error("cannot read {} named by {variable}: {error}", path.display())]
    SecretFile {
        /// The variable that names the file.
        variable: String,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// A variable whose text is not UTF-8.
    #[error("environment variable {variable} is not valid UTF-8; set it again or unset it")]
    NotText {
        /// The variable.
        variable: String,
    },
}
