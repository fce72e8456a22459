//! Snapshots of the state machine bound the log.

use bytes::Bytes;

use super::Node;
use crate::checkpoint::{Checkpoint, SnapshotId};
use crate::error::QuorumError;

/// Entries kept before a snapshot for followers that lag a little.
pub(super) const ENTRIES_KEPT: u64 = 500;

impl Node {
    /// Takes over the state machine's state as of the entry with Raft index `index`, which must
    /// have been handed out, and forgets older entries. An older snapshot than the last is ignored.
    ///
    /// Entries of Raft's own after `index`, which change nothing for the state machine, count as
    /// contained: the index of the last entry handed out is as good as [`Node::applied`].
    ///
    /// Written and synced before it returns. After an error the node has stopped.
    pub fn snapshot(&mut self, index: u64, data: Bytes) -> Result<(), QuorumError> {
        if self.stopped {
            return Err(QuorumError::Stopped);
        }
        assert!(index <= self.applied, "a snapshot holds what was handed out");
        let result = self.write_snapshot(index, data);
        self.stopped |= result.is_err();
        result
    }

    /// Raft index of the newest entry handed out or passed over: what [`Node::snapshot`] may cover.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Raft index of the last entry that the newest snapshot contains; 0 without one.
    pub fn snapshot_index(&self) -> u64 {
        self.raw.store().snapshot_id().map_or(0, |id| id.index)
    }

    fn write_snapshot(&mut self, index: u64, data: Bytes) -> Result<(), QuorumError> {
        let index = if index >= self.last_data { self.applied } else { index };
        if index <= self.snapshot_index() {
            return Ok(());
        }
        let term = self.raw.raft.raft_log.term(index).map_err(|error| QuorumError::Raft(error.to_string()))?;
        let id = SnapshotId { index, term };
        let later = self.members_since.partition_point(|(changed_at, _)| *changed_at <= index);
        let members = match later.checked_sub(1).and_then(|position| self.members_since.get(position)) {
            Some((_, members)) => members.clone(),
            None => self.raw.store().snapshot_members().unwrap_or_default(),
        };
        let cluster_id = self.cluster_id.clone().unwrap_or_default();
        let checkpoint = Checkpoint::new(id, cluster_id, members.clone(), data);
        if self.written.as_ref().is_some_and(|state| state.commit < index) {
            self.write_state()?;
        }
        self.files.replace(&id.file_name(), &checkpoint.encoded)?;
        let storage = self.raw.mut_store();
        storage.set_snapshot(id, members);
        let compacted = index.saturating_sub(ENTRIES_KEPT);
        if compacted > storage.base().index {
            storage.compact(compacted);
            // The entry at the base is kept: it says the term before the first one.
            self.journal.trim(compacted)?;
        }
        self.members_since.drain(..later);
        self.remove_old_checkpoints(id)
    }

    /// Removes snapshots older than the newest, which is durable.
    pub(super) fn remove_old_checkpoints(&mut self, newest: SnapshotId) -> Result<(), QuorumError> {
        for name in self.files.names()? {
            if SnapshotId::from_file_name(&name).is_some_and(|id| id < newest) {
                self.files.remove(&name)?;
            }
        }
        Ok(())
    }
}
