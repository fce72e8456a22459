//! One segment: a file of batches and its indexes.
//!
//! Files are opened when somebody needs them. A segment whose files were removed or replaced is
//! `retired`: who holds its file open reads on, nobody opens it again by name, because the name may
//! be another segment's by now.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use stream_codec::batch::{BatchError, BatchHeader};
use stream_types::Offset;

use crate::compact::Files;
use crate::disk::{Disk, DiskFile};
use crate::index::{Index, OffsetEntry, TimeEntry};
use crate::name;
use crate::scan::{LOOKUP_CHUNK_BYTES, Scanner, Step, WALK_CHUNK_BYTES};

/// The largest timestamp of a segment and the last offset of the batch that has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MaxTimestamp {
    pub(crate) timestamp: i64,
    pub(crate) last_offset: Offset,
}

/// A batch and where it begins in its segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    pub(crate) header: BatchHeader,
    pub(crate) position: u64,
}

/// A batch that is none, among those that were published; travels inside an [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[error("batch at position {position} is damaged: {source}")]
pub(crate) struct DamagedBatch {
    pub(crate) position: u64,
    pub(crate) source: BatchError,
}

#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) base_offset: Offset,
    pub(crate) offset_index: Index<OffsetEntry>,
    pub(crate) time_index: Index<TimeEntry>,
    disk: Arc<dyn Disk>,
    dir: Arc<Path>,
    /// Bytes of whole batches; what the writer has published.
    size: AtomicU64,
    slot: Mutex<Slot>,
    max_timestamp: Mutex<Option<MaxTimestamp>>,
}

#[derive(Debug, Default)]
struct Slot {
    file: Option<Arc<dyn DiskFile>>,
    retired: bool,
    /// Asked for since the last [`Segment::close_if_idle`].
    used: bool,
}

impl Segment {
    /// A segment whose files exist; nothing is opened.
    pub(crate) fn existing(disk: &Arc<dyn Disk>, dir: &Arc<Path>, base_offset: Offset, size: u64) -> Segment {
        Segment::build(disk, dir, base_offset, size, false)
    }

    /// A segment whose indexes will be written anew.
    pub(crate) fn without_indexes(disk: &Arc<dyn Disk>, dir: &Arc<Path>, base_offset: Offset, size: u64) -> Segment {
        Segment::build(disk, dir, base_offset, size, true)
    }

    /// A segment that a compaction has written; its files are open and need no name yet.
    pub(crate) fn swapped_in(disk: &Arc<dyn Disk>, dir: &Arc<Path>, files: &Files) -> Segment {
        let path = |suffix| name::path(dir, files.base_offset, suffix);
        let (offsets, times) = (Arc::clone(&files.offset_index), Arc::clone(&files.time_index));
        Segment {
            base_offset: files.base_offset,
            offset_index: Index::with_file(Arc::clone(disk), path(name::INDEX), offsets),
            time_index: Index::with_file(Arc::clone(disk), path(name::TIME_INDEX), times),
            disk: Arc::clone(disk),
            dir: Arc::clone(dir),
            size: AtomicU64::new(files.size),
            slot: Mutex::new(Slot { file: Some(Arc::clone(&files.log)), retired: false, used: true }),
            max_timestamp: Mutex::new(files.max_timestamp),
        }
    }

    fn build(disk: &Arc<dyn Disk>, dir: &Arc<Path>, base_offset: Offset, size: u64, anew: bool) -> Segment {
        let offset_path = name::path(dir, base_offset, name::INDEX);
        let time_path = name::path(dir, base_offset, name::TIME_INDEX);
        let (offset_index, time_index) = if anew {
            (Index::empty(Arc::clone(disk), offset_path), Index::empty(Arc::clone(disk), time_path))
        } else {
            (Index::existing(Arc::clone(disk), offset_path), Index::existing(Arc::clone(disk), time_path))
        };
        Segment {
            base_offset,
            offset_index,
            time_index,
            disk: Arc::clone(disk),
            dir: Arc::clone(dir),
            size: AtomicU64::new(size),
            slot: Mutex::new(Slot::default()),
            max_timestamp: Mutex::new(None),
        }
    }

    /// Creates an empty segment, or empties the one there is.
    pub(crate) fn create(disk: &Arc<dyn Disk>, dir: &Arc<Path>, base_offset: Offset) -> io::Result<Segment> {
        let segment = Segment::without_indexes(disk, dir, base_offset, 0);
        segment.slot.lock().file = Some(disk.create(&segment.log_path())?);
        Ok(segment)
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        name::path(&self.dir, self.base_offset, name::LOG)
    }

    pub(crate) fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    pub(crate) fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Release);
    }

    /// The file, opened if it is not; `NotFound` if the segment is retired.
    pub(crate) fn file(&self) -> io::Result<Arc<dyn DiskFile>> {
        let mut slot = self.slot.lock();
        slot.used = true;
        if let Some(file) = &slot.file {
            return Ok(Arc::clone(file));
        }
        if slot.retired {
            return Err(io::Error::new(io::ErrorKind::NotFound, "segment was removed"));
        }
        let file = self.disk.open(&self.log_path())?;
        slot.file = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Says that the files are no longer this segment's.
    pub(crate) fn retire(&self) {
        self.slot.lock().retired = true;
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.slot.lock().retired
    }

    /// Closes the files; they are opened again when needed.
    pub(crate) fn close_files(&self) {
        let mut slot = self.slot.lock();
        if !slot.retired {
            slot.file = None;
        }
        drop(slot);
        self.offset_index.close_file();
        self.time_index.close_file();
    }

    /// Closes the files if nobody has used them since the last call.
    pub(crate) fn close_if_idle(&self) {
        if !std::mem::take(&mut self.slot.lock().used) {
            self.close_files();
        }
    }

    /// The first batch whose last offset is at least `offset`, among the first `end` bytes.
    pub(crate) fn locate(&self, offset: Offset, end: u64) -> io::Result<Option<Located>> {
        let relative = u32::try_from(offset.0 - self.base_offset.0).unwrap_or(0);
        let entry = self.offset_index.last_where(|entry| entry.relative_offset <= relative)?;
        if let Some(entry) = entry.filter(|entry| relative > 0 && u64::from(entry.position) < end) {
            let mut scanner = self.scanner(entry.position.into(), end)?;
            let indexed = self.base_offset.plus(entry.relative_offset.into());
            // An index that does not point at the batch it means is wrong altogether.
            if matches!(scanner.step()?, Step::Batch(header) if header.last_offset() == indexed) {
                return scan_for(scanner, offset);
            }
        }
        scan_for(self.scanner(0, end)?, offset)
    }

    fn scanner(&self, position: u64, end: u64) -> io::Result<Scanner> {
        Ok(Scanner::new(self.file()?, position, end, LOOKUP_CHUNK_BYTES))
    }

    /// The largest timestamp, from memory, else from the time index, else from the batches. `None`
    /// if the segment is empty or no batch has one.
    pub(crate) fn max_timestamp(&self) -> io::Result<Option<MaxTimestamp>> {
        if let Some(known) = *self.max_timestamp.lock() {
            return Ok(Some(known));
        }
        if self.size() == 0 {
            return Ok(None);
        }
        let indexed = self.time_index.last()?.map(|entry| MaxTimestamp {
            timestamp: entry.timestamp,
            last_offset: self.base_offset.plus(i64::from(entry.relative_offset)),
        });
        let found = match indexed {
            Some(found) => Some(found),
            None => self.scan_max_timestamp()?,
        };
        *self.max_timestamp.lock() = found;
        Ok(found)
    }

    pub(crate) fn set_max_timestamp(&self, found: Option<MaxTimestamp>) {
        *self.max_timestamp.lock() = found;
    }

    fn scan_max_timestamp(&self) -> io::Result<Option<MaxTimestamp>> {
        let mut scanner = Scanner::new(self.file()?, 0, self.size(), WALK_CHUNK_BYTES);
        let mut found: Option<MaxTimestamp> = None;
        while let Step::Batch(header) = scanner.step()? {
            if header.max_timestamp > found.map_or(-1, |found| found.timestamp) {
                found = Some(MaxTimestamp { timestamp: header.max_timestamp, last_offset: header.last_offset() });
            }
            scanner.skip(&header);
        }
        Ok(found)
    }
}

/// The first batch from the scanner's position on whose last offset is at least `offset`.
fn scan_for(mut scanner: Scanner, offset: Offset) -> io::Result<Option<Located>> {
    loop {
        let position = scanner.position();
        match scanner.step()? {
            Step::Batch(header) if header.last_offset() >= offset => return Ok(Some(Located { header, position })),
            Step::Batch(header) => scanner.skip(&header),
            Step::End => return Ok(None),
            Step::Bad(source) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, DamagedBatch { position, source }));
            }
        }
    }
}
