//! Where entries become durable.
//!
//! Segments in Kafka's own batch format, `<base offset, 20 digits>.log`, so that Kafka's tools and
//! ours can print them: one entry is one batch of one record, base offset = index − 1, leader
//! epoch = term, value = what was proposed. The key is ours:
//!
//! ```text
//! u8 version = 0 | u8 kind: 0 data, 1 change of members | u64 commit | u64 synced
//! ```
//!
//! `commit` is the highest index that was known to be committed when the entry was written: what a
//! reader of the entry may rely on (which members decide) needs no second file and no second sync.
//! `synced` is the last index that was durable then: it tells a torn tail, which is cut off, from
//! damage to what was promised, which is an error. Why not `stream_log::Log`: see the decision
//! `raft-entry-file`.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use raft::eraftpb::Entry;
use stream_codec::batch::{Batch, BatchBuilder, BatchHeader};
use stream_log::disk::{Disk, DiskFile};
use stream_types::{LeaderEpoch, Offset, WallMillis};

use crate::entry::{Kind, payload};
use crate::error::QuorumError;
use crate::state_files::is_no_space;

/// A segment that has grown beyond this is followed by a new one (bytes).
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// Disk space is reserved in steps of this size (bytes).
const ALLOCATION_BYTES: u64 = 1024 * 1024;
/// Reserved beyond the last entry, if there is space (bytes): every start appends, also on a disk that others have filled.
const HEADROOM_BYTES: u64 = 64 * 1024;
/// Largest segment that is read back: the last entry may go beyond [`SEGMENT_BYTES`].
const SEGMENT_READ_BYTES_MAX: usize = 1024 * 1024 * 1024;
const SUFFIX: &str = ".log";
const KEY_VERSION: u8 = 0;
const KEY_BYTES: usize = 18;

/// An entry as it is read back when the log is opened.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Recovered {
    pub(crate) index: u64,
    pub(crate) term: u64,
    pub(crate) kind: Kind,
    pub(crate) payload: Bytes,
    /// Highest index that was known to be committed when the entry was written.
    pub(crate) commit: u64,
    synced: u64,
}

#[derive(Debug)]
struct Segment {
    /// Index of its first entry.
    base: u64,
    path: PathBuf,
    len: u64,
}

/// The entries on disk.
#[derive(Debug)]
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// Oldest first; the last one is written.
    segments: Vec<Segment>,
    active: Option<Arc<dyn DiskFile>>,
    allocated: u64,
    /// Where each entry begins in its segment, from `first` on.
    first: u64,
    positions: VecDeque<u64>,
    synced: u64,
    dirty: bool,
}

impl Journal {
    /// Reads the entries that follow each other up to the end. Everything up to `covered` is also
    /// in a snapshot, so that gaps below it do not matter.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        covered: u64,
    ) -> Result<(Journal, Vec<Recovered>), QuorumError> {
        let mut journal = Journal {
            disk,
            dir: dir.to_owned(),
            segments: Vec::new(),
            active: None,
            allocated: 0,
            first: 1,
            positions: VecDeque::new(),
            synced: 0,
            dirty: false,
        };
        let bases = journal.segment_bases()?;
        let mut recovered: Vec<Recovered> = Vec::new();
        for (position, base) in bases.iter().enumerate() {
            let is_last = position + 1 == bases.len();
            journal.read_segment(*base, is_last, covered, &mut recovered)?;
        }
        journal.synced = journal.end() - 1;
        Ok((journal, recovered))
    }

    /// The index that the next entry gets.
    fn end(&self) -> u64 {
        self.first + self.positions.len() as u64
    }

    /// Appends entries, first cutting off those from the first new index on.
    pub(crate) fn append(&mut self, entries: &[Entry], commit: u64, now: WallMillis) -> Result<(), QuorumError> {
        let Some(first) = entries.first() else { return Ok(()) };
        assert!(first.index <= self.end(), "entries follow each other");
        assert!(first.index >= self.first, "what a snapshot holds is never replaced");
        if first.index < self.end() {
            self.cut(first.index)?;
        }
        if self.segments.last().is_none_or(|segment| segment.len >= SEGMENT_BYTES) {
            self.sync()?;
            self.start_segment(first.index)?;
        }
        let mut buffer = Vec::new();
        let mut positions = Vec::new();
        let len = self.segments.last().map_or(0, |segment| segment.len);
        for entry in entries {
            positions.push(len + buffer.len() as u64);
            buffer.put(self.batch(entry, commit, now)?);
        }
        let file = self.active.clone().expect("a segment was just made sure of");
        let end = len + buffer.len() as u64;
        self.reserve(&*file, end).map_err(|error| self.error("extending", error))?;
        file.write_at(&buffer, len).map_err(|error| self.error("writing", error))?;
        self.segments.last_mut().expect("a segment was just made sure of").len = end;
        self.positions.extend(positions);
        self.dirty = true;
        Ok(())
    }

    /// Reserves space up to `end` and some beyond it. What an earlier process reserved costs nothing.
    fn reserve(&mut self, file: &dyn DiskFile, end: u64) -> io::Result<()> {
        if end + HEADROOM_BYTES <= self.allocated {
            return Ok(());
        }
        let target = (end + HEADROOM_BYTES).next_multiple_of(ALLOCATION_BYTES);
        match file.allocate(self.allocated, target - self.allocated) {
            Ok(()) => self.allocated = target,
            Err(error) if is_no_space(&error) && end <= self.allocated => {}
            Err(error) if is_no_space(&error) => {
                file.allocate(self.allocated, end - self.allocated)?;
                self.allocated = end;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// When this has returned, everything appended survives a power loss.
    pub(crate) fn sync(&mut self) -> Result<(), QuorumError> {
        if let Some(file) = self.active.as_ref().filter(|_| self.dirty) {
            file.sync_data().map_err(|error| self.error("syncing", error))?;
            self.dirty = false;
        }
        self.synced = self.end() - 1;
        Ok(())
    }

    /// Drops everything; the next entry has index `next_index`. Durable when it has returned.
    pub(crate) fn restart_at(&mut self, next_index: u64) -> Result<(), QuorumError> {
        self.active = None;
        self.dirty = false;
        while let Some(segment) = self.segments.pop() {
            self.disk.remove(&segment.path).map_err(|error| self.error("removing", error))?;
        }
        self.sync_dir()?;
        self.positions.clear();
        self.first = next_index;
        self.synced = next_index - 1;
        Ok(())
    }

    /// Entries before `first_index` are not needed any more: whole segments of them are removed.
    pub(crate) fn trim(&mut self, first_index: u64) -> Result<(), QuorumError> {
        while self.segments.get(1).is_some_and(|next| next.base <= first_index) {
            let segment = self.segments.remove(0);
            self.disk.remove(&segment.path).map_err(|error| self.error("removing", error))?;
            let kept_from = self.segments[0].base;
            self.positions.drain(..(kept_from - self.first) as usize);
            self.first = kept_from;
        }
        Ok(())
    }

    /// Removes the entries from `index` on, durably: they must never be seen behind new ones.
    fn cut(&mut self, index: u64) -> Result<(), QuorumError> {
        let mut removed = false;
        while self.segments.len() > 1 && self.segments.last().is_some_and(|segment| segment.base >= index) {
            let segment = self.segments.pop().expect("there are at least two");
            self.disk.remove(&segment.path).map_err(|error| self.error("removing", error))?;
            self.active = None;
            removed = true;
        }
        if removed {
            self.sync_dir()?;
        }
        let position = self.positions[(index - self.first) as usize];
        self.positions.truncate((index - self.first) as usize);
        if self.active.is_none() {
            self.open_active()?;
        }
        let segment = self.segments.last_mut().expect("the entry lies in a segment");
        segment.len = position;
        let file = self.active.clone().expect("it was just opened");
        file.set_len(position).map_err(|error| self.error("cutting", error))?;
        file.sync_data().map_err(|error| self.error("syncing", error))?;
        self.allocated = position;
        self.dirty = false;
        self.synced = index - 1;
        Ok(())
    }

    fn batch(&self, entry: &Entry, commit: u64, now: WallMillis) -> Result<Bytes, QuorumError> {
        let mut key = Vec::with_capacity(KEY_BYTES);
        key.put_u8(KEY_VERSION);
        key.put_u8(Kind::of(entry).code());
        key.put_u64(commit);
        key.put_u64(self.synced);
        let mut builder = BatchBuilder::new()
            .base_offset(Offset(entry.index as i64 - 1))
            .leader_epoch(LeaderEpoch(entry.term as i32));
        builder.push(now.0, Some(&key), Some(payload(entry)), &[]);
        builder.build().map_err(|error| self.corrupt(format!("entry {}: {error}", entry.index)))
    }

    fn start_segment(&mut self, base: u64) -> Result<(), QuorumError> {
        let path = self.dir.join(format!("{:020}{SUFFIX}", base - 1));
        let file = self.disk.create(&path).map_err(|error| self.error("creating", error))?;
        self.sync_dir()?;
        self.segments.push(Segment { base, path, len: 0 });
        self.active = Some(file);
        self.allocated = 0;
        Ok(())
    }

    fn open_active(&mut self) -> Result<(), QuorumError> {
        let segment = self.segments.last().expect("there is a segment to open");
        let file = self.disk.open(&segment.path).map_err(|error| self.error("opening", error))?;
        self.allocated = segment.len;
        self.active = Some(file);
        Ok(())
    }

    fn sync_dir(&self) -> Result<(), QuorumError> {
        self.disk.sync_dir(&self.dir).map_err(|error| self.error("syncing", error))
    }

    fn segment_bases(&self) -> Result<Vec<u64>, QuorumError> {
        let names = self.disk.list(&self.dir).map_err(|error| self.error("listing", error))?;
        let mut bases: Vec<u64> = names
            .iter()
            .filter_map(|entry| entry.name.strip_suffix(SUFFIX))
            .filter(|digits| digits.len() == 20)
            .filter_map(|digits| digits.parse::<u64>().ok())
            .filter(|offset| *offset < i64::MAX as u64 / 2)
            .map(|offset| offset + 1)
            .collect();
        bases.sort_unstable();
        Ok(bases)
    }

    fn read_segment(
        &mut self,
        base: u64,
        is_last: bool,
        covered: u64,
        recovered: &mut Vec<Recovered>,
    ) -> Result<(), QuorumError> {
        if self.segments.is_empty() {
            self.first = base;
        } else if base != self.end() {
            if base <= self.end() || base > covered + 1 {
                return Err(self.corrupt(format!("a segment begins at index {base}, {} belongs there", self.end())));
            }
            // Segments below the snapshot were being removed when the power went.
            self.segments.clear();
            self.positions.clear();
            recovered.clear();
            self.first = base;
        }
        let path = self.dir.join(format!("{:020}{SUFFIX}", base - 1));
        let content = self.disk.read(&path, SEGMENT_READ_BYTES_MAX).map_err(|error| self.error("reading", error))?;
        let mut rest = Bytes::from(content);
        let mut position = 0;
        let before = recovered.len();
        while !rest.is_empty() {
            let Some((entry, size)) = read_entry(&rest, self.end()) else { break };
            self.positions.push_back(position);
            position += size as u64;
            rest.advance(size);
            recovered.push(entry);
        }
        let torn = !rest.is_empty();
        self.segments.push(Segment { base, path, len: position });
        if torn && (!is_last || promised_after(&rest, self.end())) {
            return Err(self.corrupt(format!("the entry with index {} at position {position} is damaged", self.end())));
        }
        if is_last {
            self.open_active()?;
            if torn {
                let file = self.active.clone().expect("it was just opened");
                file.set_len(position).map_err(|error| self.error("cutting", error))?;
                file.sync_data().map_err(|error| self.error("syncing", error))?;
            }
        }
        debug_assert_eq!(recovered.len() - before, self.positions.len() - (base - self.first) as usize);
        Ok(())
    }

    fn error(&self, action: &'static str, error: io::Error) -> QuorumError {
        let file = self.segments.last().map_or(self.dir.as_path(), |segment| segment.path.as_path());
        QuorumError::Io { action, file: file.display().to_string(), error }
    }

    fn corrupt(&self, reason: String) -> QuorumError {
        let file = self.segments.last().map_or(self.dir.as_path(), |segment| segment.path.as_path());
        QuorumError::Corrupt { file: file.display().to_string(), reason }
    }
}

/// The entry at the front of `bytes` and its size, if it is whole and has the expected index.
fn read_entry(bytes: &Bytes, index: u64) -> Option<(Recovered, usize)> {
    let header = BatchHeader::parse(bytes).ok()?;
    if header.base_offset.0 != index as i64 - 1 || header.partition_leader_epoch.0 < 0 {
        return None;
    }
    let batch = Batch::parse_checked(bytes).ok()?;
    let record = batch.records(header.body_size()).ok()?.next()?.ok()?;
    let mut key = record.key?;
    if key.len() != KEY_BYTES || key.get_u8() != KEY_VERSION {
        return None;
    }
    let kind = Kind::from_code(key.get_u8()).ok()?;
    let commit = key.get_u64();
    let synced = key.get_u64();
    let payload = Bytes::copy_from_slice(&record.value?);
    let term = header.partition_leader_epoch.0 as u64;
    Some((Recovered { index, term, kind, payload, commit, synced }, header.size()))
}

/// Whether an entry behind the damaged one says that the damaged one had been synced.
fn promised_after(rest: &Bytes, damaged: u64) -> bool {
    const LATER_MAX: u64 = 1_000_000;
    (1..rest.len()).any(|at| {
        let tail = rest.slice(at..);
        let Ok(header) = BatchHeader::parse(&tail) else { return false };
        let index = header.base_offset.0.wrapping_add(1) as u64;
        index > damaged
            && index - damaged < LATER_MAX
            && read_entry(&tail, index).is_some_and(|(entry, _)| entry.synced >= damaged)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash_disk::{CrashDisk, Random};

    const DIR: &str = "/metadata";

    fn entries(from: u64, to: u64, term: u64) -> Vec<Entry> {
        let entry = |index| Entry { index, term, data: Bytes::from(vec![term as u8; 20]), ..Entry::default() };
        (from..=to).map(entry).collect()
    }

    fn terms(recovered: &[Recovered]) -> Vec<u64> {
        recovered.iter().map(|entry| entry.term).collect()
    }

    fn open(disk: &CrashDisk) -> (Journal, Vec<Recovered>) {
        Journal::open(Arc::new(disk.clone()), Path::new(DIR), 0).unwrap()
    }

    fn ten(disk: &CrashDisk) -> Journal {
        disk.create_dir(Path::new(DIR)).unwrap();
        let (mut journal, _) = open(disk);
        journal.append(&entries(1, 10, 1), 0, WallMillis(0)).unwrap();
        journal.sync().unwrap();
        journal
    }

    #[test]
    fn a_tail_that_was_replaced_is_never_seen_behind_its_replacement() {
        for seed in 0..500 {
            let mut random = Random(seed);
            let mut disk = CrashDisk::default();
            let mut journal = ten(&disk);
            disk.fail_after_syncs(random.below(3));
            let replaced =
                journal.append(&entries(5, 5 + random.below(3), 2), 0, WallMillis(0)).and_then(|()| journal.sync());
            disk.crash(&mut random);
            let (_, recovered) = open(&disk);
            let terms = terms(&recovered);
            let old_again = terms.windows(2).any(|pair| pair[0] > pair[1]);
            assert!(!old_again, "seed {seed}: {terms:?}");
            assert!(terms.len() >= 4, "seed {seed}: {terms:?}");
            assert!(replaced.is_err() || terms[4] == 2, "seed {seed}: {terms:?}");
        }
    }

    #[test]
    fn trimming_removes_whole_segments_and_keeps_the_rest() {
        let disk = CrashDisk::default();
        let mut journal = ten(&disk);
        let large = Entry { index: 11, term: 1, data: vec![0; SEGMENT_BYTES as usize].into(), ..Entry::default() };
        journal.append(&[large], 0, WallMillis(0)).unwrap();
        journal.append(&entries(12, 20, 1), 0, WallMillis(0)).unwrap();
        journal.sync().unwrap();
        journal.trim(11).unwrap();
        assert_eq!(open(&disk).1.first().unwrap().index, 1);
        journal.trim(15).unwrap();
        let recovered = Journal::open(Arc::new(disk.clone()), Path::new(DIR), 15).unwrap().1;
        assert_eq!((recovered.first().unwrap().index, recovered.last().unwrap().index), (12, 20));
        journal.append(&entries(16, 16, 2), 0, WallMillis(0)).unwrap();
        journal.sync().unwrap();
        let recovered = Journal::open(Arc::new(disk), Path::new(DIR), 15).unwrap().1;
        assert_eq!(terms(&recovered), [1, 1, 1, 1, 2]);
    }

    #[test]
    fn starting_over_forgets_everything() {
        let disk = CrashDisk::default();
        let mut journal = ten(&disk);
        journal.restart_at(101).unwrap();
        assert!(open(&disk).1.is_empty());
        journal.append(&entries(101, 102, 3), 0, WallMillis(0)).unwrap();
        journal.sync().unwrap();
        assert_eq!(open(&disk).1.first().unwrap().index, 101);
    }
}
