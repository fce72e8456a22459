//! Offset and time indexes: arrays of fixed-size entries, sorted, in a file beside the segment.
//!
//! An index is a hint. Entries gather in memory and are appended to the file a block at a time; the
//! file is opened when somebody looks something up. Recovery writes it anew, so it is never synced
//! before its segment is closed. No lock is held while the disk works.

mod offset;
mod time;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{Disk, DiskFile, read_exact};

pub(crate) use offset::OffsetEntry;
pub(crate) use time::TimeEntry;

/// Entries that are read at once.
const BLOCK_ENTRIES: usize = 512;
/// Entries that gather in memory before they are written.
const PENDING_ENTRIES_MAX: usize = 256;

/// One entry of an index file.
pub(crate) trait Entry: Copy + fmt::Debug + Send + Sync + 'static {
    /// Size in the file.
    const BYTES: usize;
    /// Reads an entry from exactly [`Entry::BYTES`] bytes.
    fn decode(bytes: &[u8]) -> Self;
    /// Appends the entry.
    fn encode(self, out: &mut Vec<u8>);
}

/// A sorted array of entries, its end in memory and the rest in a file.
#[derive(Debug)]
pub(crate) struct Index<E> {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    state: Mutex<State<E>>,
}

#[derive(Debug)]
struct State<E> {
    /// Entries in the file; `None` until somebody asks.
    flushed: Option<usize>,
    file: Option<Arc<dyn DiskFile>>,
    pending: Vec<E>,
    /// The block of the file that was looked at last.
    block: Option<(usize, Arc<[E]>)>,
}

impl<E: Entry> Index<E> {
    /// An index that has a file already, or none if it has no entry.
    pub(crate) fn existing(disk: Arc<dyn Disk>, path: PathBuf) -> Self {
        Self::with_flushed(disk, path, None)
    }

    /// An index without entries; a file that happens to be there will be replaced.
    pub(crate) fn empty(disk: Arc<dyn Disk>, path: PathBuf) -> Self {
        Self::with_flushed(disk, path, Some(0))
    }

    /// An index whose entries are all in `file`, which may get its name later.
    pub(crate) fn with_file(disk: Arc<dyn Disk>, path: PathBuf, file: Arc<dyn DiskFile>) -> Self {
        let state = State { flushed: None, file: Some(file), pending: Vec::new(), block: None };
        Index { disk, path, state: Mutex::new(state) }
    }

    fn with_flushed(disk: Arc<dyn Disk>, path: PathBuf, flushed: Option<usize>) -> Self {
        let state = State { flushed, file: None, pending: Vec::new(), block: None };
        Index { disk, path, state: Mutex::new(state) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Entries in all.
    pub(crate) fn len(&self) -> io::Result<usize> {
        let (flushed, _) = self.opened()?;
        Ok(flushed + self.state.lock().pending.len())
    }

    /// The last entry.
    pub(crate) fn last(&self) -> io::Result<Option<E>> {
        self.last_where(|_| true)
    }

    /// The last entry of those at the front that satisfy `wanted`.
    pub(crate) fn last_where(&self, wanted: impl Fn(&E) -> bool) -> io::Result<Option<E>> {
        {
            let state = self.state.lock();
            let count = state.pending.partition_point(&wanted);
            if let Some(entry) = count.checked_sub(1).and_then(|last| state.pending.get(last)) {
                return Ok(Some(*entry));
            }
            if let (Some(flushed), Some((number, block))) = (state.flushed, &state.block) {
                let count = block.partition_point(&wanted);
                let is_last_block = number * BLOCK_ENTRIES + block.len() >= flushed;
                if count > 0 && (count < block.len() || is_last_block) {
                    return Ok(block.get(count - 1).copied());
                }
            }
        }
        let (flushed, file) = self.opened()?;
        let Some(file) = file.filter(|_| flushed > 0) else { return Ok(None) };
        // Invariant: blocks before `low` begin with a wanted entry, those from `high` on do not.
        let (mut low, mut high) = (0, flushed.div_ceil(BLOCK_ENTRIES));
        while low < high {
            let middle = low + (high - low) / 2;
            if wanted(&read_entries::<E>(&*file, middle * BLOCK_ENTRIES, 1)?[0]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(number) = low.checked_sub(1) else { return Ok(None) };
        let first = number * BLOCK_ENTRIES;
        let block: Arc<[E]> = read_entries(&*file, first, BLOCK_ENTRIES.min(flushed - first))?.into();
        let count = block.partition_point(&wanted);
        let entry = count.checked_sub(1).and_then(|last| block.get(last).copied());
        self.state.lock().block = Some((number, block));
        Ok(entry)
    }

    /// Adds an entry at the end; only the writer may.
    pub(crate) fn push(&self, entry: E) {
        self.state.lock().pending.push(entry);
    }

    /// Whether enough entries have gathered to be written.
    pub(crate) fn is_flush_due(&self) -> bool {
        self.state.lock().pending.len() >= PENDING_ENTRIES_MAX
    }

    /// Writes what has gathered; only the writer may. An error leaves the index as it was.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let (flushed, file) = self.opened()?;
        let (bytes, count) = {
            let state = self.state.lock();
            let mut bytes = Vec::with_capacity(state.pending.len() * E::BYTES);
            state.pending.iter().for_each(|entry| entry.encode(&mut bytes));
            (bytes, state.pending.len())
        };
        let file = match file {
            Some(file) if count > 0 => file,
            None if count > 0 => self.disk.create(&self.path)?,
            _ => return Ok(()),
        };
        file.write_at(&bytes, (flushed * E::BYTES) as u64)?;
        let mut state = self.state.lock();
        state.pending.drain(..count);
        state.pending.shrink_to(0);
        state.flushed = Some(flushed + count);
        state.file = Some(file);
        state.block = None;
        Ok(())
    }

    /// Writes what has gathered, creates the file if there is none, and gives it back to be synced.
    pub(crate) fn finish(&self) -> io::Result<Arc<dyn DiskFile>> {
        self.flush()?;
        let (_, file) = self.opened()?;
        let file = match file {
            Some(file) => file,
            None => self.disk.create(&self.path)?,
        };
        self.state.lock().file = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Closes the file and forgets what was read of it.
    pub(crate) fn close_file(&self) {
        let mut state = self.state.lock();
        state.file = None;
        state.block = None;
    }

    fn opened(&self) -> io::Result<(usize, Option<Arc<dyn DiskFile>>)> {
        {
            let state = self.state.lock();
            match (state.flushed, &state.file) {
                (Some(0), file) => return Ok((0, file.clone())),
                (Some(flushed), Some(file)) => return Ok((flushed, Some(Arc::clone(file)))),
                _ => {}
            }
        }
        let known = self.state.lock().file.clone();
        let file = match known.map_or_else(|| self.disk.open(&self.path), Ok) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let in_file = match &file {
            Some(file) => usize::try_from(file.len()?).unwrap_or(usize::MAX) / E::BYTES,
            None => 0,
        };
        let mut state = self.state.lock();
        let flushed = *state.flushed.get_or_insert(in_file);
        state.file = file;
        Ok((flushed.min(in_file), state.file.clone()))
    }
}

fn read_entries<E: Entry>(file: &dyn DiskFile, first: usize, count: usize) -> io::Result<Vec<E>> {
    let mut bytes = vec![0; count * E::BYTES];
    read_exact(file, &mut bytes, (first * E::BYTES) as u64)?;
    Ok(bytes.chunks_exact(E::BYTES).map(E::decode).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::file::FileDisk;
    use crate::scratch::Scratch;

    fn lookup(index: &Index<OffsetEntry>, offset: u32) -> Option<u32> {
        let entry = index.last_where(|entry| entry.relative_offset <= offset).expect("reads");
        entry.map(|entry| entry.position)
    }

    #[test]
    fn lookups_agree_with_a_plain_search_in_every_state() {
        let scratch = Scratch::new();
        let path = scratch.path().join("0.index");
        let index = Index::<OffsetEntry>::empty(Arc::new(FileDisk), path.clone());
        assert_eq!(lookup(&index, 10), None);
        let count = 3 * BLOCK_ENTRIES as u32 + 17;
        for i in 0..count {
            index.push(OffsetEntry { relative_offset: 10 * i + 5, position: i });
            if i % 700 == 699 {
                index.flush().expect("writes");
            }
        }
        let check = |index: &Index<OffsetEntry>| {
            for offset in (0..10 * count + 20).step_by(3).chain((0..10 * count).rev().step_by(1111)) {
                let expected = (offset >= 5).then(|| ((offset - 5) / 10).min(count - 1));
                assert_eq!(lookup(index, offset), expected, "{offset}");
            }
            assert_eq!(index.len().expect("reads"), count as usize);
        };
        check(&index);
        index.flush().expect("writes");
        check(&index);
        index.close_file();
        check(&index);
        check(&Index::existing(Arc::new(FileDisk), path));
    }

    #[test]
    fn an_index_without_entries_has_no_file_until_it_is_finished() {
        let scratch = Scratch::new();
        let path = scratch.path().join("0.timeindex");
        let index = Index::<TimeEntry>::empty(Arc::new(FileDisk), path.clone());
        index.flush().expect("nothing to write");
        assert!(!path.exists());
        index.finish().expect("creates");
        assert_eq!(std::fs::metadata(&path).expect("exists").len(), 0);
        let missing = Index::<TimeEntry>::existing(Arc::new(FileDisk), scratch.path().join("missing"));
        assert!(missing.last().expect("no entry").is_none());
    }
}
