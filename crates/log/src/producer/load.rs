//! The producers' state at an offset: the newest snapshot before it, and the batches since.

use std::path::Path;
use std::sync::Arc;

use stream_types::{Offset, WallMillis};

use super::Producers;
use crate::disk::Disk;
use crate::error::{Context, LogError};
use crate::name;
use crate::scan::{Scanner, Step, WALK_CHUNK_BYTES};
use crate::segment::Segment;

/// Largest snapshot that is read (bytes).
const SNAPSHOT_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// The offsets of a directory's snapshots, sorted.
pub(crate) fn list_snapshots(disk: &dyn Disk, dir: &Path) -> Result<Vec<Offset>, LogError> {
    let mut snapshots = Vec::new();
    for entry in disk.list(dir).context("list", dir)? {
        if let Some((offset, name::SNAPSHOT)) = name::parse(&entry.name) {
            snapshots.push(offset);
        }
    }
    snapshots.sort();
    Ok(snapshots)
}

/// The state at `offset`. A snapshot that is damaged is passed over for an older one. Expiry counts from
/// `now` for producers whose batches are read.
pub(crate) fn load(
    disk: &dyn Disk,
    dir: &Path,
    segments: &[Arc<Segment>],
    snapshots: &[Offset],
    offset: Offset,
    now: WallMillis,
) -> Result<Producers, LogError> {
    let mut producers = Producers::default();
    let mut from = segments.first().map_or(Offset::ZERO, |segment| segment.base_offset);
    for snapshot in snapshots.iter().rev().filter(|snapshot| **snapshot <= offset) {
        let path = name::path(dir, *snapshot, name::SNAPSHOT);
        let bytes = disk.read(&path, SNAPSHOT_BYTES_MAX).context("read", &path)?;
        if let Ok(read) = Producers::from_snapshot(&bytes, &path) {
            producers = read;
            from = *snapshot;
            break;
        }
    }
    if from < offset {
        replay(&mut producers, segments, from, offset, now)?;
    }
    Ok(producers)
}

fn replay(
    producers: &mut Producers,
    segments: &[Arc<Segment>],
    from: Offset,
    to: Offset,
    now: WallMillis,
) -> Result<(), LogError> {
    let first = segments.partition_point(|segment| segment.base_offset <= from).saturating_sub(1);
    for segment in segments.iter().skip(first).take_while(|segment| segment.base_offset < to) {
        let path = segment.log_path();
        let file = segment.file().context("open", &path)?;
        let mut scanner = Scanner::new(file, 0, segment.size(), WALK_CHUNK_BYTES);
        while let Step::Batch(header) = scanner.step().context("read", &path)? {
            if header.base_offset >= from && header.base_offset < to {
                producers.apply(&header, now);
            }
            scanner.skip(&header);
        }
    }
    Ok(())
}
