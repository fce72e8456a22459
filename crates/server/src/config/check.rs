//! The effective configuration as `server --check` prints it: a properties file, each given value with its source.

use std::fmt::Write;

use super::declared::DeclaredAccess;
use super::keys::honoured_keys;
use super::settings::{Settings, shown};

/// Older names of keys that always have a value, and what is refused where nothing else is said: their defaults would say something
/// else.
const REPLACED: &[&str] = &["allow.everyone.if.no.acl.found", "broker.id", "log.dir"];

/// All keys: those that were given or inferred first, with their source, then the defaults.
pub(crate) fn describe(settings: &Settings, declared: &DeclaredAccess) -> String {
    let mut text = String::new();
    for (key, setting) in settings.iter() {
        let value = shown(key, &setting.text);
        let _ = writeln!(text, "# {}\n{}={}", escape(&setting.source.to_string()), escape(key), escape(value));
    }
    for line in declared.describe() {
        let _ = writeln!(text, "# {}", escape(&line));
    }
    text.push_str("# defaults\n");
    let is_left_out = |name: &str| settings.get(name).is_none() && !REPLACED.contains(&name);
    for key in honoured_keys().filter(|key| is_left_out(key.name)) {
        let _ = writeln!(text, "{}={}", key.name, key.default.unwrap_or_default());
    }
    text
}

/// Writes control characters and backslashes so that the text can be read back.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            character if character.is_control() => {
                let _ = write!(escaped, "\\u{:04x}", character as u32);
            }
            character => escaped.push(character),
        }
    }
    escaped
}
