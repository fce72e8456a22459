//! Checkpoint files: a version, a count, and a line for each entry.

use std::path::Path;

use serde_json::json;

use super::{DumpError, Sink};

pub(super) fn dump_epochs(path: &Path, sink: &mut Sink) -> Result<(), DumpError> {
    for entry in entries(&std::fs::read_to_string(path)?)? {
        let [epoch, start] = &entry[..] else { return Err(malformed(&entry)) };
        let object = json!({"epoch": number(epoch)?, "start_offset": number(start)?});
        sink.item(&format!("epoch {epoch} from offset {start}"), object)?;
    }
    Ok(())
}

pub(super) fn dump_offsets(path: &Path, sink: &mut Sink) -> Result<(), DumpError> {
    for entry in entries(&std::fs::read_to_string(path)?)? {
        let [topic, partition, offset] = &entry[..] else { return Err(malformed(&entry)) };
        let object = json!({"topic": topic, "partition": number(partition)?, "offset": number(offset)?});
        sink.item(&format!("{topic}-{partition} offset {offset}"), object)?;
    }
    Ok(())
}

fn number(text: &str) -> Result<i64, DumpError> {
    text.parse().map_err(|_| DumpError::Malformed(format!("'{text}' is not a number")))
}

fn malformed(entry: &[String]) -> DumpError {
    DumpError::Malformed(format!("'{}' is not an entry", entry.join(" ")))
}

fn entries(text: &str) -> Result<Vec<Vec<String>>, DumpError> {
    // Apache Kafka leaves a file empty until it has something to write.
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = text.lines();
    let version = lines.next().unwrap_or_default();
    if version.trim() != "0" {
        return Err(DumpError::Malformed(format!("version '{version}' is not 0")));
    }
    let announced = number(lines.next().unwrap_or_default())?;
    let words = |line: &str| line.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let entries: Vec<Vec<String>> = lines.map(words).filter(|words| !words.is_empty()).collect();
    if entries.len() as i64 != announced {
        return Err(DumpError::Malformed(format!("{announced} entries announced, {} found", entries.len())));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_counted() {
        assert!(matches!(entries("0\n2\n0 0\n1 55\n"), Ok(found) if found.len() == 2));
        assert!(entries("").is_ok_and(|found| found.is_empty()));
        for text in ["1\n0\n", "0\nx\n", "0\n2\n0 0\n"] {
            assert!(entries(text).is_err(), "{text}");
        }
    }
}
