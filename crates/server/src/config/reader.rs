//! Reads typed values out of the settings, with the key's default and range.

use stream_metadata::config_def::{self, ConfigKey};

use super::error::ConfigError;
use super::keys;
use super::settings::{Setting, Settings, shown};

/// Typed access to the settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) settings: &'a Settings,
}

impl<'a> Reader<'a> {
    /// The value of an integer key.
    pub(crate) fn int(self, name: &str) -> Result<i32, ConfigError> {
        Ok(self.long(name)? as i32)
    }

    /// The value of an integer key whose range excludes negative numbers, as a size.
    pub(crate) fn size(self, name: &str) -> Result<usize, ConfigError> {
        Ok(usize::try_from(self.long(name)?).unwrap_or(0))
    }

    /// The value of an integer key; those of 32 bits stay within them by their range.
    pub(crate) fn long(self, name: &str) -> Result<i64, ConfigError> {
        let text = self.text_or_default(name);
        text.parse().map_err(|_| self.invalid(name, "it must be a whole number"))
    }

    /// The value of a `true`/`false` key.
    pub(crate) fn bool(self, name: &str) -> Result<bool, ConfigError> {
        let text = self.text_or_default(name);
        if text.eq_ignore_ascii_case("true") {
            Ok(true)
        } else if text.eq_ignore_ascii_case("false") {
            Ok(false)
        } else {
            Err(self.invalid(name, "it must be true or false"))
        }
    }

    /// The text of a key, or its default, which may be empty.
    pub(crate) fn text_or_default(self, name: &str) -> &'a str {
        self.text(name).unwrap_or(default(name))
    }

    /// The text of a key if one was given.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.settings.text(name)
    }

    /// The error that the value of `name` is wrong.
    pub(crate) fn invalid(self, name: &str, problem: impl Into<String>) -> ConfigError {
        invalid(name, self.settings.get(name), problem)
    }
}

/// The error that this value of `name` is wrong.
pub(crate) fn invalid(name: &str, setting: Option<&Setting>, problem: impl Into<String>) -> ConfigError {
    let fallback = config_def::broker_key(name).and_then(|key| key.default).unwrap_or_default();
    let value = setting.map_or(fallback, |setting| &setting.text);
    ConfigError::Invalid {
        key: name.to_owned(),
        value: shown(name, value).escape_debug().to_string(),
        given: setting.map_or(super::settings::Source::Default, |setting| setting.source.clone()),
        problem: problem.into(),
    }
}

/// Checks every value that was given against the type and range of its key.
pub(crate) fn check_all(settings: &Settings) -> Result<(), ConfigError> {
    for (name, setting) in settings.iter() {
        if setting.text.is_empty() {
            continue;
        }
        let Some(key) = config_def::broker_key(name) else { continue };
        check(key, &setting.text).map_err(|problem| invalid(name, Some(setting), problem))?;
    }
    Ok(())
}

/// What is wrong, without the key and value that the table's sentence begins with: the caller says them.
fn check(key: &ConfigKey, text: &str) -> Result<(), String> {
    config_def::validate_value(key, text).map_err(|sentence| {
        let beginning = format!("for configuration {}: ", key.name);
        sentence.split_once(&beginning).map_or(sentence.clone(), |(_, problem)| problem.to_owned())
    })
}

/// The default of a key that start-up reads; empty for none.
fn default(name: &str) -> &'static str {
    debug_assert!(keys::READ_KEYS.contains(&name), "{name} is read and not listed");
    config_def::broker_key(name).and_then(|key| key.default).unwrap_or_default()
}
