//! Files of JSON that tools take: plans, partitions, offsets.

use std::path::Path;

use serde_json::Value;

use super::error::ToolError;

/// A file's contents; a mistake in it is told with the file's name.
pub(super) fn read<T>(path: &Path, parse: impl Fn(&Value) -> Result<T, String>) -> Result<T, ToolError> {
    let failed = |reason: String| ToolError::Failed(format!("{}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let json = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    parse(&json).map_err(failed)
}

/// The list under a key.
pub(super) fn list<'a>(json: &'a Value, key: &str) -> Result<&'a [Value], String> {
    json.get(key).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| format!("there is no list of {key}"))
}

/// A topic and the number of a partition.
pub(super) fn topic_and_partition(entry: &Value) -> Result<(String, i32), String> {
    let topic = entry.get("topic").and_then(Value::as_str).ok_or("an entry has no topic")?;
    let partition = entry.get("partition").and_then(number).ok_or("an entry has no partition")?;
    Ok((topic.to_owned(), partition))
}

/// A number of 32 bits.
pub(super) fn number(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|number| i32::try_from(number).ok())
}
