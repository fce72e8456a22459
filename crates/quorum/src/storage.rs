//! What Raft reads: entries since the last snapshot in memory, the snapshot from its file.
//!
//! `base.index ≤ snapshot.index ≤ last_index`, and `entries[i].index = base.index + 1 + i`. The
//! entries between base and snapshot are kept for followers that lag a little. Memory is bounded
//! by how often the caller hands over snapshots.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::{GetEntriesContext, RaftState, Storage, StorageError};

use crate::checkpoint::{Checkpoint, SnapshotId};
use crate::error::QuorumError;
use crate::membership::{Membership, Standing};
use crate::state_files::StateFiles;

/// Position of one entry: its index and the term it was proposed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Position {
    pub(crate) index: u64,
    pub(crate) term: u64,
}

#[derive(Debug)]
pub(crate) struct EntryStorage {
    files: Arc<StateFiles>,
    base: Position,
    entries: VecDeque<Entry>,
    pub(crate) hard_state: HardState,
    /// The newest snapshot and the members as of its index.
    snapshot: Option<(SnapshotId, Membership)>,
    /// Raft asked for a snapshot that names a newer member than the one on disk does.
    snapshot_wanted: Cell<bool>,
    read_error: RefCell<Option<QuorumError>>,
}

impl EntryStorage {
    pub(crate) fn new(files: Arc<StateFiles>) -> EntryStorage {
        EntryStorage {
            files,
            base: Position::default(),
            entries: VecDeque::new(),
            hard_state: HardState::default(),
            snapshot: None,
            snapshot_wanted: Cell::new(false),
            read_error: RefCell::new(None),
        }
    }

    pub(crate) fn base(&self) -> Position {
        self.base
    }

    pub(crate) fn last(&self) -> Position {
        self.entries.back().map_or(self.base, |entry| Position { index: entry.index, term: entry.term })
    }

    pub(crate) fn snapshot_id(&self) -> Option<SnapshotId> {
        self.snapshot.as_ref().map(|(id, _)| *id)
    }

    pub(crate) fn snapshot_members(&self) -> Option<Membership> {
        self.snapshot.as_ref().map(|(_, members)| members.clone())
    }

    /// Whether a member waits for a snapshot that is newer than the one on disk; asking clears it.
    pub(crate) fn take_snapshot_wanted(&self) -> bool {
        self.snapshot_wanted.take()
    }

    pub(crate) fn take_read_error(&self) -> Option<QuorumError> {
        self.read_error.take()
    }

    pub(crate) fn set_base(&mut self, base: Position) {
        assert!(self.entries.is_empty(), "the base lies before the first entry");
        self.base = base;
    }

    /// Appends `entries`, first cutting off what they replace.
    pub(crate) fn append(&mut self, entries: &[Entry]) {
        let Some(first) = entries.first() else { return };
        assert!(first.index > self.base.index, "compacted entries are never replaced");
        assert!(first.index <= self.last().index + 1, "entries follow each other");
        self.entries.truncate((first.index - self.base.index - 1) as usize);
        self.entries.extend(entries.iter().cloned());
    }

    pub(crate) fn entry(&self, index: u64) -> Option<&Entry> {
        self.entries.get(index.checked_sub(self.base.index + 1)? as usize)
    }

    /// A snapshot of our own state machine, which replaces entries that we have.
    pub(crate) fn set_snapshot(&mut self, id: SnapshotId, members: Membership) {
        self.snapshot = Some((id, members));
    }

    /// A leader's snapshot, which replaces everything that we have.
    pub(crate) fn install(&mut self, id: SnapshotId, members: Membership) {
        self.entries.clear();
        self.base = Position { index: id.index, term: id.term };
        self.snapshot = Some((id, members));
    }

    /// Forgets entries up to `index`, of which there must be a snapshot.
    pub(crate) fn compact(&mut self, index: u64) {
        assert!(self.snapshot_id().is_some_and(|id| index <= id.index), "only what a snapshot holds is forgotten");
        while self.entries.front().is_some_and(|entry| entry.index <= index) {
            let entry = self.entries.pop_front().expect("the front was just seen");
            self.base = Position { index: entry.index, term: entry.term };
        }
    }

    fn conf_state(&self) -> ConfState {
        self.snapshot.as_ref().map(|(_, members)| members.conf_state.clone()).unwrap_or_default()
    }
}

impl Storage for EntryStorage {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(RaftState::new(self.hard_state.clone(), self.conf_state()))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        if low <= self.base.index {
            return Err(StorageError::Compacted.into());
        }
        if high > self.last().index + 1 {
            return Err(StorageError::Unavailable.into());
        }
        let max_size = max_size.into().unwrap_or(u64::MAX);
        let mut entries = Vec::new();
        let mut size = 0u64;
        for index in low..high {
            let entry = self.entry(index).expect("the range was checked");
            size += (entry.data.len() + entry.context.len() + 32) as u64;
            if size > max_size && !entries.is_empty() {
                break;
            }
            entries.push(entry.clone());
        }
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index == self.base.index {
            return Ok(self.base.term);
        }
        if index < self.base.index {
            return Err(StorageError::Compacted.into());
        }
        self.entry(index).map(|entry| entry.term).ok_or(StorageError::Unavailable.into())
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.base.index + 1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.last().index)
    }

    fn snapshot(&self, request_index: u64, to: u64) -> raft::Result<Snapshot> {
        let unavailable = || Err(StorageError::SnapshotTemporarilyUnavailable.into());
        let usable = self
            .snapshot
            .as_ref()
            .filter(|(id, members)| id.index >= request_index && members.standing(to) != Standing::Stranger);
        let Some((id, _)) = usable else {
            self.snapshot_wanted.set(true);
            return unavailable();
        };
        match Checkpoint::read(&self.files, *id) {
            Ok(checkpoint) => Ok(checkpoint.into_raft()),
            Err(error) => {
                *self.read_error.borrow_mut() = Some(error);
                unavailable()
            }
        }
    }
}
