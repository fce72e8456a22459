//! Reading old segments and writing new ones. Runs on any thread; the log goes on meanwhile.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchError, BatchHeader};
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;
use stream_types::{Offset, WallMillis};

use super::filter::{Filter, Kept, emptied};
use super::key_map::KeyMap;
use super::plan::CompactionPlan;
use super::swap::{Files, IndexBuilder};
use crate::aborted;
use crate::disk::DiskFile;
use crate::error::{Context, DiskError};
use crate::name;
use crate::scan::{Scanner, Step, WALK_CHUNK_BYTES};
use crate::segment::Segment;

/// Written at once (bytes).
const WRITE_BYTES: usize = 1024 * 1024;

/// Why a compaction ended without a result. The log is as it was.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompactionError {
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A batch cannot be read, so it is not known what may go.
    #[error("{}: batch at position {position} is damaged: {source}", segment.display())]
    Corrupt {
        /// The segment's file.
        segment: PathBuf,
        /// Where in the file the batch begins (bytes).
        position: u64,
        /// What is wrong with it.
        source: BatchError,
    },
}

/// New segments, complete and durable under their `.swap` names, for
/// [`crate::Log::apply_compaction`].
#[derive(Debug)]
#[must_use = "the new segments have to be applied"]
pub struct Replacement {
    pub(crate) groups: Vec<Group>,
    pub(crate) first_dirty: Offset,
    pub(crate) bytes_before: u64,
    pub(crate) bytes_after: u64,
}

/// Old segments and the new one that takes their place.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) old: Vec<Arc<Segment>>,
    pub(crate) files: Files,
}

impl CompactionPlan {
    /// Writes what stays of the plan's segments. `key_bytes_max` limits the memory for keys; what does not fit
    /// is left for the next time.
    pub fn run(&self, now: WallMillis, key_bytes_max: usize) -> Result<Replacement, CompactionError> {
        let done = self.try_run(now, key_bytes_max);
        if done.is_err() {
            self.remove_leftovers();
        }
        done
    }

    fn try_run(&self, now: WallMillis, key_bytes_max: usize) -> Result<Replacement, CompactionError> {
        let keys = self.read_keys(key_bytes_max)?;
        let mut replacement = Replacement {
            groups: Vec::new(),
            first_dirty: if keys.is_full() { keys.end() } else { self.end },
            bytes_before: 0,
            bytes_after: 0,
        };
        let keeps_tombstones = Cell::new(self.segments.iter().any(|segment| self.stays_whole(segment)));
        for old in self.groups() {
            let filter = Filter {
                keys: &keys,
                log_start: self.log_start,
                now,
                delete_retention_ms: self.delete_retention_ms,
                keeps_tombstones: &keeps_tombstones,
            };
            let files = self.write_group(&old, filter)?;
            replacement.bytes_before += old.iter().map(|segment| segment.size()).sum::<u64>();
            replacement.bytes_after += files.size;
            replacement.groups.push(Group { old, files });
        }
        for group in &replacement.groups {
            group.files.rename_to_swap(&*self.disk)?;
        }
        self.disk.sync_dir(&self.dir).context("sync", &self.dir)?;
        Ok(replacement)
    }

    /// Gives the space back; what cannot be removed goes when the log is opened next.
    fn remove_leftovers(&self) {
        for group in self.groups() {
            let base_offset = group.first().map_or(Offset::ZERO, |segment| segment.base_offset);
            for state in [name::CLEANED, name::SWAP] {
                for suffix in [name::LOG, name::INDEX, name::TIME_INDEX] {
                    let path = name::path(&self.dir, base_offset, &format!("{suffix}{state}"));
                    let _ = self.disk.remove(&path);
                }
            }
        }
    }

    fn read_keys(&self, bytes_max: usize) -> Result<KeyMap, CompactionError> {
        let mut keys = KeyMap::new(self.first_dirty, bytes_max);
        let first = self.segments.partition_point(|segment| segment.base_offset <= self.first_dirty);
        for segment in self.segments.iter().skip(first.saturating_sub(1)) {
            let done = each_batch(segment, |batch| {
                let header = batch.header();
                if keys.is_full() {
                    return Ok(true);
                }
                if header.next_offset() > self.first_dirty {
                    add_keys(&mut keys, batch, self.log_start)?;
                }
                Ok(false)
            })?;
            if done {
                break;
            }
        }
        Ok(keys)
    }

    /// Neighbours that together are not larger than one segment.
    /// What its index says of aborted transactions is not carried to a new segment.
    fn stays_whole(&self, segment: &Segment) -> bool {
        aborted::has_any(&*self.disk, &self.dir, segment.base_offset)
    }

    fn groups(&self) -> Vec<Vec<Arc<Segment>>> {
        let mut groups: Vec<Vec<Arc<Segment>>> = Vec::new();
        let mut bytes = 0;
        let mut is_split = true;
        let ends = self.segments.iter().skip(1).map(|segment| segment.base_offset).chain([self.end]);
        for (segment, end) in self.segments.iter().zip(ends) {
            if self.stays_whole(segment) {
                is_split = true;
                continue;
            }
            bytes += segment.size();
            let limit = self.segment_bytes_max.min(i32::MAX as u64);
            match groups.last_mut().filter(|group| {
                let base = group.first().map_or(end, |first| first.base_offset);
                !is_split && bytes <= limit && end.0 - base.0 <= i64::from(i32::MAX)
            }) {
                Some(group) => group.push(Arc::clone(segment)),
                None => {
                    bytes = segment.size();
                    groups.push(vec![Arc::clone(segment)]);
                    is_split = false;
                }
            }
        }
        groups
    }

    fn write_group(&self, old: &[Arc<Segment>], filter: Filter<'_>) -> Result<Files, CompactionError> {
        let base_offset = old.first().map_or(Offset::ZERO, |segment| segment.base_offset);
        let mut writer = Writer::create(self, base_offset)?;
        let last_segment = old.iter().rev().find(|segment| segment.size() > 0);
        for segment in old {
            let is_last_segment = last_segment.is_some_and(|last| Arc::ptr_eq(last, segment));
            let size = segment.size();
            let mut position = 0;
            each_batch(segment, |batch| {
                position += batch.bytes().len() as u64;
                let header = batch.header();
                let is_last = is_last_segment && position == size;
                let is_producers_last =
                    header.has_producer_id() && self.producers.is_last_batch(header.producer_id, header.last_offset());
                match filter.apply(batch)? {
                    Kept::Whole => writer.push(batch.bytes()),
                    Kept::Part(bytes) => writer.push(&bytes),
                    Kept::Nothing if is_last || is_producers_last => writer.push(&emptied(batch)?),
                    Kept::Nothing => {}
                }
                if writer.is_due() {
                    writer.flush().map_err(Stop::Disk)?;
                }
                Ok(false)
            })?;
        }
        Ok(writer.finish()?)
    }
}

fn add_keys(keys: &mut KeyMap, batch: &Batch, log_start: Offset) -> Result<(), BatchError> {
    let header = batch.header();
    if header.attributes.is_control() || header.attributes.is_transactional() {
        keys.pass(header.next_offset());
        return Ok(());
    }
    batch.opened(DECOMPRESSED_BATCH_BYTES_MAX)?.each(|record| {
        let offset = batch.offset_of(&record);
        if let Some(key) = &record.key
            && offset >= log_start
        {
            keys.insert(key, offset);
        }
        if keys.is_full() {
            keys.pass(offset.plus(1));
        }
        Ok(!keys.is_full())
    })?;
    if !keys.is_full() {
        keys.pass(header.next_offset());
    }
    Ok(())
}

/// Why the walk over a segment's batches ended early.
enum Stop {
    Batch(BatchError),
    Disk(DiskError),
}

impl From<BatchError> for Stop {
    fn from(error: BatchError) -> Stop {
        Stop::Batch(error)
    }
}

/// Calls `visit` with each batch, whose checksum holds, until it says true; whether it did.
fn each_batch(segment: &Segment, mut visit: impl FnMut(&Batch) -> Result<bool, Stop>) -> Result<bool, CompactionError> {
    let path = segment.log_path();
    let file = segment.file().context("open", &path)?;
    let mut scanner = Scanner::new(file, 0, segment.size(), WALK_CHUNK_BYTES);
    loop {
        let position = scanner.position();
        let corrupt = |source| CompactionError::Corrupt { segment: path.clone(), position, source };
        let header: BatchHeader = match scanner.step_checked().context("read", &path)? {
            Step::Batch(header) => header,
            Step::End => return Ok(false),
            Step::Bad(source) => return Err(corrupt(source)),
        };
        let bytes = Bytes::copy_from_slice(scanner.batch(&header).context("read", &path)?);
        let batch = Batch::parse(&bytes).map_err(corrupt)?;
        match visit(&batch) {
            Ok(true) => return Ok(true),
            Ok(false) => scanner.skip(&header),
            Err(Stop::Batch(source)) => return Err(corrupt(source)),
            Err(Stop::Disk(error)) => return Err(error.into()),
        }
    }
}

/// Writes one new segment under its `.cleaned` names.
struct Writer<'a> {
    plan: &'a CompactionPlan,
    base_offset: Offset,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    buffer: Vec<u8>,
    written: u64,
    index: IndexBuilder,
}

impl<'a> Writer<'a> {
    fn create(plan: &'a CompactionPlan, base_offset: Offset) -> Result<Writer<'a>, DiskError> {
        let path = name::path(&plan.dir, base_offset, &format!("{}{}", name::LOG, name::CLEANED));
        let file = plan.disk.create(&path).context("create", &path)?;
        let index = IndexBuilder::new(base_offset, plan.index_interval_bytes);
        Ok(Writer { plan, base_offset, path, file, buffer: Vec::new(), written: 0, index })
    }

    fn push(&mut self, batch: &Bytes) {
        if let Ok(header) = BatchHeader::parse(batch) {
            self.index.add(&header, self.written + self.buffer.len() as u64);
        }
        self.buffer.extend_from_slice(batch);
    }

    fn is_due(&self) -> bool {
        self.buffer.len() >= WRITE_BYTES
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        self.file.write_at(&self.buffer, self.written).context("write", &self.path)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Files, DiskError> {
        self.flush()?;
        self.file.sync_data().context("sync", &self.path)?;
        let plan = self.plan;
        self.index.write(&*plan.disk, &plan.dir, self.base_offset, self.file, self.written, name::CLEANED)
    }
}
