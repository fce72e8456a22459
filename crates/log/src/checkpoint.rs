//! The checkpoint files of a log directory: an offset for each partition.
//!
//! ```text
//! 0                      version
//! 2                      entries
//! topic 0 1234           topic, partition, offset
//! other-topic 3 55
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use stream_types::{Offset, PartitionIndex, TopicPartition};

use crate::disk::Disk;
use crate::error::{Context, LogError};

/// Everything below is synced.
pub const RECOVERY_POINT: &str = "recovery-point-offset-checkpoint";
/// First offsets that DeleteRecords and retention have left.
pub const LOG_START: &str = "log-start-offset-checkpoint";
/// High watermarks.
pub const REPLICATION: &str = "replication-offset-checkpoint";
/// Up to where compaction has come.
pub const CLEANER: &str = "cleaner-offset-checkpoint";

/// Largest checkpoint file that is read (bytes).
const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The offsets of one checkpoint file.
pub type Checkpoint = BTreeMap<TopicPartition, Offset>;

/// Reads the file `name` of a log directory; no file means no entries.
pub fn read(disk: &dyn Disk, log_dir: &Path, name: &str) -> Result<Checkpoint, LogError> {
    let path = log_dir.join(name);
    let bytes = match disk.read(&path, FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Checkpoint::new()),
        Err(error) => return Err(error).context("read", &path)?,
    };
    let malformed = |reason: String| LogError::Malformed { path: path.clone(), reason };
    let text = String::from_utf8(bytes).map_err(|_| malformed("not text".to_owned()))?;
    let mut lines = text.lines();
    if lines.next() != Some("0") {
        return Err(malformed("version is not 0".to_owned()));
    }
    let count: usize =
        lines.next().and_then(|line| line.parse().ok()).ok_or_else(|| malformed("no entry count".to_owned()))?;
    let mut checkpoint = Checkpoint::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (partition, offset) = parse_line(line).ok_or_else(|| malformed(format!("malformed entry {line:?}")))?;
        checkpoint.insert(partition, offset);
    }
    if checkpoint.len() != count {
        return Err(malformed(format!("{} entries, {count} announced", checkpoint.len())));
    }
    Ok(checkpoint)
}

fn parse_line(line: &str) -> Option<(TopicPartition, Offset)> {
    let mut words = line.split_ascii_whitespace();
    let topic = words.next()?;
    let partition = PartitionIndex(words.next()?.parse().ok()?);
    let offset = Offset(words.next()?.parse().ok()?);
    words.next().is_none().then(|| (TopicPartition::new(topic, partition), offset))
}

/// Replaces the file `name` of a log directory, durably.
pub fn write(disk: &dyn Disk, log_dir: &Path, name: &str, checkpoint: &Checkpoint) -> Result<(), LogError> {
    let mut text = format!("0\n{}\n", checkpoint.len());
    for (partition, offset) in checkpoint {
        let _ = writeln!(text, "{} {} {offset}", partition.topic, partition.partition);
    }
    let path = log_dir.join(name);
    Ok(disk.replace(&path, text.as_bytes()).context("replace", &path)?)
}
