//! The files of a new segment, and how they take the place of old ones whatever happens.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_codec::batch::BatchHeader;
use stream_types::Offset;

use crate::disk::{Disk, DiskFile};
use crate::error::{Context, DiskError, LogError};
use crate::index::{Entry as _, OffsetEntry, TimeEntry};
use crate::name;
use crate::open::remove_if_there;
use crate::scan::{Scanner, Step, WALK_CHUNK_BYTES};
use crate::segment::MaxTimestamp;

/// Suffixes of a new segment's files; the log is the last, so that where it has a name, all have.
const SUFFIXES: [&str; 3] = [name::INDEX, name::TIME_INDEX, name::LOG];
/// Index entries are at least this far apart in an index that recovery writes (bytes).
const INTERVAL_BYTES: u32 = 4096;

/// A new segment's files, synced.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) dir: PathBuf,
    pub(crate) base_offset: Offset,
    pub(crate) size: u64,
    pub(crate) log: Arc<dyn DiskFile>,
    pub(crate) offset_index: Arc<dyn DiskFile>,
    pub(crate) time_index: Arc<dyn DiskFile>,
    pub(crate) max_timestamp: Option<MaxTimestamp>,
}

impl Files {
    pub(crate) fn rename_to_swap(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        for suffix in SUFFIXES {
            let from = self.path(suffix, name::CLEANED);
            disk.rename(&from, &self.path(suffix, name::SWAP)).context("rename", &from)?;
        }
        Ok(())
    }

    pub(crate) fn rename_to_final(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        for suffix in SUFFIXES {
            let from = self.path(suffix, name::SWAP);
            disk.rename(&from, &self.path(suffix, "")).context("rename", &from)?;
        }
        Ok(())
    }

    /// Takes back what [`Files::rename_to_swap`] has done: the log first, because the others mean nothing
    /// without it.
    pub(crate) fn remove(&self, disk: &dyn Disk) -> Result<(), LogError> {
        for suffix in SUFFIXES.into_iter().rev() {
            remove_if_there(disk, &self.path(suffix, name::SWAP))?;
        }
        Ok(())
    }

    fn path(&self, suffix: &str, state: &str) -> PathBuf {
        name::path(&self.dir, self.base_offset, &format!("{suffix}{state}"))
    }
}

/// Makes the indexes of a segment that is written or walked in one go.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    base_offset: Offset,
    interval_bytes: u32,
    offsets: Vec<u8>,
    times: Vec<u8>,
    unindexed: u64,
    indexed_timestamp: i64,
    max_timestamp: Option<MaxTimestamp>,
}

impl IndexBuilder {
    pub(crate) fn new(base_offset: Offset, interval_bytes: u32) -> IndexBuilder {
        IndexBuilder {
            base_offset,
            interval_bytes,
            offsets: Vec::new(),
            times: Vec::new(),
            unindexed: 0,
            indexed_timestamp: -1,
            max_timestamp: None,
        }
    }

    pub(crate) fn add(&mut self, header: &BatchHeader, position: u64) {
        let last_offset = header.last_offset();
        if header.max_timestamp > self.max_timestamp.map_or(-1, |max| max.timestamp) {
            self.max_timestamp = Some(MaxTimestamp { timestamp: header.max_timestamp, last_offset });
        }
        if self.unindexed > u64::from(self.interval_bytes) {
            let relative_offset = self.relative(last_offset);
            OffsetEntry { relative_offset, position: position as u32 }.encode(&mut self.offsets);
            self.add_time();
            self.unindexed = 0;
        }
        self.unindexed += header.size() as u64;
    }

    fn add_time(&mut self) {
        if let Some(max) = self.max_timestamp.filter(|max| max.timestamp > self.indexed_timestamp) {
            let relative_offset = self.relative(max.last_offset);
            TimeEntry { timestamp: max.timestamp, relative_offset }.encode(&mut self.times);
            self.indexed_timestamp = max.timestamp;
        }
    }

    fn relative(&self, offset: Offset) -> u32 {
        u32::try_from(offset.0 - self.base_offset.0).unwrap_or(u32::MAX)
    }

    /// Writes and syncs the index files of a log that is `size` bytes long.
    pub(crate) fn write(
        mut self,
        disk: &dyn Disk,
        dir: &Path,
        base_offset: Offset,
        log: Arc<dyn DiskFile>,
        size: u64,
        state: &str,
    ) -> Result<Files, DiskError> {
        self.add_time();
        let write = |suffix: &str, content: &[u8]| -> Result<Arc<dyn DiskFile>, DiskError> {
            let path = name::path(dir, base_offset, &format!("{suffix}{state}"));
            let file = disk.create(&path).context("create", &path)?;
            file.write_at(content, 0).context("write", &path)?;
            file.sync_data().context("sync", &path)?;
            Ok(file)
        };
        Ok(Files {
            dir: dir.to_owned(),
            base_offset,
            size,
            log,
            offset_index: write(name::INDEX, &self.offsets)?,
            time_index: write(name::TIME_INDEX, &self.times)?,
            max_timestamp: self.max_timestamp,
        })
    }
}

/// Completes or takes back replacements of segments that a crash has interrupted. Whether there were any.
pub(crate) fn finish_swaps(disk: &dyn Disk, dir: &Path, names: &[String]) -> Result<bool, LogError> {
    let mut swapped = BTreeSet::new();
    let mut has_leftovers = false;
    for file_name in names {
        let Some((offset, suffix)) = name::parse(file_name) else { continue };
        if suffix.ends_with(name::CLEANED) {
            remove_if_there(disk, &dir.join(file_name))?;
            has_leftovers = true;
        } else if suffix.ends_with(name::SWAP) {
            swapped.insert(offset);
            has_leftovers = true;
        }
    }
    for base_offset in swapped {
        finish_swap(disk, dir, names, base_offset)?;
    }
    Ok(has_leftovers)
}

fn finish_swap(disk: &dyn Disk, dir: &Path, names: &[String], base_offset: Offset) -> Result<(), LogError> {
    let swap_path = name::path(dir, base_offset, &format!("{}{}", name::LOG, name::SWAP));
    let log_path = name::path(dir, base_offset, name::LOG);
    // Indexes are written anew from the log: which of their renames a crash has kept is not known.
    for suffix in [name::INDEX, name::TIME_INDEX] {
        remove_if_there(disk, &name::path(dir, base_offset, &format!("{suffix}{}", name::SWAP)))?;
    }
    let log = match disk.open(&swap_path) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Either nothing was replaced yet, and the old segment is whole, or the log has its name already.
            return match disk.open(&log_path) {
                Ok(log) => write_indexes(disk, dir, base_offset, log, &log_path).map(|_| ()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error).context("open", &log_path)?,
            };
        }
        Err(error) => Err(error).context("open", &swap_path)?,
    };
    let end = end_of(&log, base_offset, &swap_path)?;
    for file_name in names {
        let Some((offset, suffix)) = name::parse(file_name) else { continue };
        let is_replaced = offset >= base_offset && offset < end.max(Offset(base_offset.0 + 1));
        if is_replaced && name::SEGMENT_SUFFIXES.contains(&suffix) {
            remove_if_there(disk, &dir.join(file_name))?;
        }
    }
    disk.sync_dir(dir).context("sync", dir)?;
    write_indexes(disk, dir, base_offset, log, &swap_path)?;
    disk.rename(&swap_path, &log_path).context("rename", &swap_path)?;
    disk.sync_dir(dir).context("sync", dir)?;
    Ok(())
}

fn end_of(log: &Arc<dyn DiskFile>, base_offset: Offset, path: &Path) -> Result<Offset, LogError> {
    let len = log.len().context("measure", path)?;
    let mut scanner = Scanner::new(Arc::clone(log), 0, len, WALK_CHUNK_BYTES);
    let mut end = base_offset;
    loop {
        match scanner.step().context("read", path)? {
            Step::Batch(header) => {
                end = header.next_offset();
                scanner.skip(&header);
            }
            Step::End => return Ok(end),
            Step::Bad(error) => {
                return Err(LogError::Malformed { path: path.to_owned(), reason: error.to_string() });
            }
        }
    }
}

fn write_indexes(
    disk: &dyn Disk,
    dir: &Path,
    base_offset: Offset,
    log: Arc<dyn DiskFile>,
    path: &Path,
) -> Result<Files, LogError> {
    let len = log.len().context("measure", path)?;
    let mut index = IndexBuilder::new(base_offset, INTERVAL_BYTES);
    let mut scanner = Scanner::new(Arc::clone(&log), 0, len, WALK_CHUNK_BYTES);
    while let Step::Batch(header) = scanner.step().context("read", path)? {
        index.add(&header, scanner.position());
        scanner.skip(&header);
    }
    Ok(index.write(disk, dir, base_offset, log, len, "")?)
}
