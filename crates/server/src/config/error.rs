//! Why a configuration is refused: one line each, with the source of the value and what to write instead.

use std::io;
use std::path::PathBuf;

use stream_catalog::{CatalogError, Position};

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
        "{key} ({given}) asks for security that this broker does not have: {problem}; remove it only if nothing relies on it"
    )]
    Security {
        /// The key, or the environment variable.
        key: String,
        /// Where it was given.
        given: Source,
        /// What cannot be honoured.
        problem: String,
    },
    /// A key store or trust store that cannot be used.
    #[error("{key}={store}: {problem}")]
    Store {
        /// The key that names it.
        key: String,
        /// The file, or that it is in the configuration.
        store: String,
        /// What is wrong, and what helps.
        problem: String,
    },
    /// A secret's file cannot be read.
    #[error("cannot read {} named by {variable}: {error}; mount a readable file there, or unset the variable", path.display())]
    SecretFile {
        /// The variable that names the file.
        variable: String,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The catalog file cannot be read.
    #[error("cannot read {} named by hanzo.catalog.file ({given}): {error}; name a readable YAML file, or none", path.display())]
    CatalogUnreadable {
        /// The file.
        path: PathBuf,
        /// Who named it.
        given: Source,
        /// What the operating system said.
        error: io::Error,
    },
    /// The catalog file is wrong.
    #[error("{} {error}", path.display())]
    Catalog {
        /// The file.
        path: PathBuf,
        /// Where and how.
        error: CatalogError,
    },
    /// A user of the catalog file whose password is not to be had.
    #[error("{} {at}: {user} has no password: {problem}", path.display())]
    NoPassword {
        /// The catalog file.
        path: PathBuf,
        /// Where the user is declared.
        at: Position,
        /// Who.
        user: String,
        /// What is missing.
        problem: String,
    },
    /// A user who is declared twice, not in the same way.
    #[error("{user} has two passwords, of {first} and of {second}; keep one of them")]
    TwoPasswords {
        /// Who.
        user: String,
        /// One place.
        first: Source,
        /// The other.
        second: Source,
    },
    /// Lists of users and passwords that do not belong together.
    #[error("{users} names {users_len} and {passwords} names {passwords_len}; give each user one password")]
    UnevenCredentials {
        /// The variable of the users.
        users: &'static str,
        /// How many there are.
        users_len: usize,
        /// The variable of the passwords.
        passwords: &'static str,
        /// How many there are.
        passwords_len: usize,
    },
    /// Users with passwords that nobody would ask for.
    #[error(
        "{user} has a password ({given}), and no listener asks for one; give a listener SASL_SSL or SASL_PLAINTEXT in listener.security.protocol.map"
    )]
    NobodyAsks {
        /// The first of them.
        user: String,
        /// Who declared them.
        given: Source,
    },
    /// A variable whose text is not UTF-8.
    #[error("environment variable {variable} is not valid UTF-8; set it again or unset it")]
    NotText {
        /// The variable.
        variable: String,
    },
}
