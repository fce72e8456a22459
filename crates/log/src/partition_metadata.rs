//! `partition.metadata`: which topic a directory belongs to (KIP-516).

use std::io;
use std::path::Path;
use std::sync::Arc;

use stream_types::Uuid;

use crate::disk::{Disk, DiskFile};
use crate::error::{Context, DiskError, LogError};
use crate::name;

const FILE_BYTES_MAX: usize = 4096;

/// Writes the file; it still has to be synced.
pub(crate) fn write(disk: &dyn Disk, dir: &Path, topic_id: Uuid) -> Result<Arc<dyn DiskFile>, DiskError> {
    let path = dir.join(name::PARTITION_METADATA);
    let file = disk.create(&path).context("create", &path)?;
    file.write_at(format!("version: 0\ntopic_id: {topic_id}").as_bytes(), 0).context("write", &path)?;
    Ok(file)
}

/// Reads the topic id of a partition's directory; `None` if the file is missing or empty, as a crash
/// right after the creation may leave it.
pub fn read_topic_id(disk: &dyn Disk, dir: &Path) -> Result<Option<Uuid>, LogError> {
    let path = dir.join(name::PARTITION_METADATA);
    let bytes = match disk.read(&path, FILE_BYTES_MAX) {
        Ok(bytes) if bytes.is_empty() => return Ok(None),
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("read", &path)?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let id = text.lines().find_map(|line| line.strip_prefix("topic_id:")?.trim().parse().ok());
    match id {
        Some(id) if text.starts_with("version: 0") => Ok(Some(id)),
        _ => Err(LogError::Malformed { path, reason: "no topic id".to_owned() }),
    }
}
