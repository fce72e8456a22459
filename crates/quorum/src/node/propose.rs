//! New entries.

use bytes::Bytes;
use raft::StateRole;
use stream_types::{LeaderEpoch, NodeId};

use super::{Leadership, Node};
use crate::error::ProposeError;

impl Node {
    /// Largest entry that may be proposed (bytes).
    pub const ENTRY_BYTES_MAX: usize = 8 * 1024 * 1024;

    /// Proposes an entry and returns the Raft index that it gets, if this node still leads when it
    /// is committed: then [`super::Effects::committed`] holds it with that index and the current
    /// term. If another entry comes with that index, or a later term begins, it was lost.
    ///
    /// Accepted only while the last leadership told was [`Leadership::Leading`].
    pub fn propose(&mut self, data: Bytes) -> Result<u64, ProposeError> {
        if data.len() > Self::ENTRY_BYTES_MAX {
            return Err(ProposeError::TooLarge { bytes: data.len() });
        }
        assert!(!data.is_empty(), "an empty entry is Raft's own");
        self.check_leading()?;
        self.raw.propose(Vec::new(), data.into()).map_err(|_| ProposeError::Busy)?;
        Ok(self.raw.raft.raft_log.last_index())
    }

    pub(super) fn check_leading(&self) -> Result<(), ProposeError> {
        let raft = &self.raw.raft;
        let epoch = LeaderEpoch(raft.term as i32);
        let told = self.told == Some(Leadership::Leading { epoch });
        if told && raft.state == StateRole::Leader && !self.stopped {
            return Ok(());
        }
        Err(ProposeError::NotLeader { leader: self.leader() })
    }

    /// The node that leads, as far as this one knows; itself only once it leads in earnest.
    pub fn leader(&self) -> Option<NodeId> {
        match self.leadership() {
            Leadership::Leading { .. } => Some(self.replica.node),
            Leadership::Following { leader, .. } => leader,
        }
    }

    /// Asks another voter to take over, as before a controlled shutdown. Returns whether one was asked.
    pub fn resign(&mut self) -> bool {
        if self.check_leading().is_err() {
            return false;
        }
        let successor = self
            .raw
            .raft
            .prs()
            .iter()
            .filter(|(id, progress)| {
                **id != self.id && progress.recent_active && self.members.conf_state.voters.contains(id)
            })
            .max_by_key(|(id, progress)| (progress.matched, **id))
            .map(|(id, _)| *id);
        if let Some(successor) = successor {
            self.raw.transfer_leader(successor);
        }
        successor.is_some()
    }
}
