//! The files of Kafka's metadata log: the newest whole snapshot, and the segments after it.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use stream_log::disk::Disk;
use stream_metadata::adoption::{AdoptionError, KafkaMetadata};
use stream_types::Offset;

use super::error::{AdoptError, io_error};

/// Largest file that is read (bytes): Kafka's segments have at most 1 GiB.
const FILE_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;

/// What was read, and from where.
#[derive(Debug)]
pub(crate) struct ReadMetadata {
    pub(crate) metadata: KafkaMetadata,
    /// The snapshot that it began with.
    pub(crate) snapshot: Option<String>,
    /// Bytes of a batch that a crash tore at the end of the log.
    pub(crate) torn_bytes: usize,
}

/// Reads `__cluster_metadata-0` in `dir`.
pub(crate) fn read_metadata(disk: &dyn Disk, dir: &Path, cluster_id: &str) -> Result<ReadMetadata, AdoptError> {
    let log = dir.join(super::KAFKA_METADATA_DIR);
    let names: Vec<String> = disk
        .list(&log)
        .map_err(io_error("list", &log))?
        .into_iter()
        .filter(|entry| !entry.is_dir)
        .map(|entry| entry.name)
        .collect();
    let unreadable = |file: &str, source| AdoptError::Metadata { dir: dir.to_owned(), file: file.to_owned(), source };
    let (mut metadata, snapshot) = newest_snapshot(disk, &log, &names, cluster_id)?;
    let mut segments: Vec<(Offset, &String)> =
        names.iter().filter_map(|name| Some((offset_of(name.strip_suffix(".log")?)?, name))).collect();
    segments.sort();
    if let Some((first, name)) = segments.first()
        && *first > metadata.next_offset()
    {
        let gap = AdoptionError::Gap { expected: metadata.next_offset(), found: *first };
        return Err(unreadable(name, gap));
    }
    let mut torn_bytes = 0;
    for (position, (_, name)) in segments.iter().enumerate() {
        let bytes = read(disk, log.join(name))?;
        let ends = segments.get(position + 1).map(|(next, _)| *next);
        if ends.is_some_and(|next| next <= metadata.next_offset()) {
            continue;
        }
        torn_bytes = metadata.take_segment(bytes).map_err(|source| unreadable(name, source))?;
        if let Some(found) = ends
            && torn_bytes > 0
        {
            // Only the end of the log may be torn.
            return Err(unreadable(name, AdoptionError::Gap { expected: metadata.next_offset(), found }));
        }
    }
    Ok(ReadMetadata { metadata, snapshot, torn_bytes })
}

/// Takes the newest snapshot that is whole; one that is not was being written when the process ended.
fn newest_snapshot(
    disk: &dyn Disk,
    log: &Path,
    names: &[String],
    cluster_id: &str,
) -> Result<(KafkaMetadata, Option<String>), AdoptError> {
    let mut snapshots: Vec<(Offset, &String)> = names
        .iter()
        .filter_map(|name| {
            let (offset, epoch) = name.strip_suffix(".checkpoint")?.split_once('-')?;
            epoch.parse::<i32>().ok()?;
            Some((offset_of(offset)?, name))
        })
        .collect();
    snapshots.sort();
    for (end, name) in snapshots.into_iter().rev() {
        let mut metadata = KafkaMetadata::new(cluster_id);
        if metadata.take_snapshot(read(disk, log.join(name))?, end).is_ok() {
            return Ok((metadata, Some(name.clone())));
        }
    }
    Ok((KafkaMetadata::new(cluster_id), None))
}

fn read(disk: &dyn Disk, path: PathBuf) -> Result<Bytes, AdoptError> {
    Ok(disk.read(&path, FILE_BYTES_MAX).map_err(io_error("read", path))?.into())
}

fn offset_of(digits: &str) -> Option<Offset> {
    let is_number = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok().map(Offset) } else { None }
}
