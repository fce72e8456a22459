//! The raw texts of all configuration sources, later ones over earlier ones; each text remembers where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What is shown instead of a secret.
pub(crate) const HIDDEN: &str = "[hidden]";

/// Where a value was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// Nobody gave it.
    Default,
    /// Concluded from other values; the text says from what.
    Inferred(&'static str),
    /// A line of the `--config` file.
    File {
        /// The file as named on the command line.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// A flag such as `--set`.
    Flag(&'static str),
}

impl Source {
    /// Whether somebody wrote this value down, rather than leaving it to the broker.
    pub fn is_explicit(&self) -> bool {
        !matches!(self, Source::Default | Source::Inferred(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("the default"),
            Source::Inferred(from) => write!(f, "inferred from {from}"),
            Source::File { path, line } => write!(f, "{} line {line}", path.display()),
            Source::Environment(name) => write!(f, "environment variable {name}"),
            Source::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A text and where it came from. The text may be a secret, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value as written, without surrounding white space.
    pub text: String,
    /// Who wrote it.
    pub source: Source,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value of {}", self.source)
    }
}

/// All values that somebody gave, by key. A later [`Settings::set`] of a key wins.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Settings {
    values: BTreeMap<String, Setting>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values.iter().map(|(key, setting)| (key, shown(key, &setting.text)))).finish()
    }
}

/// What may be shown of the value of `key`.
pub(crate) fn shown<'a>(key: &str, text: &'a str) -> &'a str {
    if stream_security::is_secret_key(key) { HIDDEN } else { text }
}

impl Settings {
    /// Gives `key` the value `text`, over whatever an earlier source said.
    pub fn set(&mut self, key: impl Into<String>, text: &str, source: Source) {
        self.values.insert(key.into(), Setting { text: text.trim().to_owned(), source });
    }

    /// Gives `key` a value unless a source already gave one that is not empty.
    pub fn infer(&mut self, key: &str, text: &str, from: &'static str) {
        if self.text(key).is_none() {
            self.set(key, text, Source::Inferred(from));
        }
    }

    /// What the sources say about `key`.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.values.get(key)
    }

    /// The text of `key`, if one was given that is not empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).map(|setting| setting.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Where `key` was given.
    pub fn source(&self, key: &str) -> Source {
        self.get(key).map_or(Source::Default, |setting| setting.source.clone())
    }

    /// Whether a secret was given in this file.
    pub(crate) fn has_secret_of(&self, file: &Path) -> bool {
        self.values.iter().any(|(key, setting)| {
            stream_security::is_secret_key(key) && matches!(&setting.source, Source::File { path, .. } if path == file)
        })
    }

    /// All keys that were given, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.values.iter().map(|(key, setting)| (key.as_str(), setting))
    }
}
