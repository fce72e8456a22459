//! Reads typed values out of the settings, with the key's default and range.

use super::error::ConfigError;
use super::keys::{self, Key, Kind};
use super::settings::{Setting, Settings};

/// What error texts and `--check` show instead of a secret.
pub(crate) const HIDDEN: &str = "[hidden]";

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

    /// The value of an integer key; `Int` keys stay within 32 bits by their range.
    pub(crate) fn long(self, name: &str) -> Result<i64, ConfigError> {
        let key = key(name);
        match self.text(name) {
            Some(text) => parse_long(key, text).map_err(|problem| self.invalid(name, problem)),
            None => Ok(key.default.parse().expect("integer keys that are read have a default")),
        }
    }

    /// The value of a `true`/`false` key.
    pub(crate) fn bool(self, name: &str) -> Result<bool, ConfigError> {
        let text = self.text(name).unwrap_or(key(name).default);
        parse_bool(text).map_err(|problem| self.invalid(name, problem))
    }

    /// The text of a key, or its default, which may be empty.
    pub(crate) fn text_or_default(self, name: &str) -> &'a str {
        self.text(name).unwrap_or(key(name).default)
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
pub(crate) fn invalid(
    name: &str,
    setting: Option<&Setting>,
    problem: impl Into<String>,
) -> ConfigError {
    let value = setting.map_or("", |setting| &setting.text);
    ConfigError::Invalid {
        key: name.to_owned(),
        value: if super::security::is_secret(name) {
            HIDDEN.to_owned()
        } else {
            value.escape_debug().to_string()
        },
        given: setting.map_or(super::settings::Source::Default, |setting| setting.source.clone()),
        problem: problem.into(),
    }
}

/// Checks every value that was given against the type and range of its key.
pub(crate) fn check_all(settings: &Settings) -> Result<(), ConfigError> {
    for (name, setting) in settings.iter() {
        let Some(key) = keys::find(name) else { continue };
        if setting.text.is_empty() {
            continue;
        }
        let checked = match key.kind {
            Kind::Int(..) | Kind::Long(..) => parse_long(key, &setting.text).map(drop),
            Kind::Bool => parse_bool(&setting.text).map(drop),
            Kind::OneOf(words) if !words.contains(&setting.text.as_str()) => {
                Err(format!("give one of {}", words.join(", ")))
            }
            Kind::OneOf(_) | Kind::Text => Ok(()),
        };
        checked.map_err(|problem| invalid(name, Some(setting), problem))?;
    }
    Ok(())
}

fn key(name: &str) -> &'static Key {
    keys::find(name).expect("start-up reads only keys of its table")
}

fn parse_long(key: &Key, text: &str) -> Result<i64, String> {
    let (least, most) = match key.kind {
        Kind::Int(least, most) => (i64::from(least), i64::from(most)),
        Kind::Long(least, most) => (least, most),
        _ => (i64::MIN, i64::MAX),
    };
    match text.parse::<i64>() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(format!("give a whole number from {least} to {most}")),
    }
}

fn parse_bool(text: &str) -> Result<bool, String> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err("give true or false".to_owned())
    }
}
