//! Who decides: learners join, listed voters are promoted one by one, operators add and remove.

use raft::ProgressState;
use raft::eraftpb::ConfChangeV2;
use stream_types::NodeId;

use super::{Leadership, Node};
use crate::change::{Change, Step};
use crate::error::ProposeError;
use crate::membership::{MEMBERS_MAX, Standing};
use crate::replica::Replica;

impl Node {
    /// Adds a replica that copies the log and decides nothing. A learner of the same node that it
    /// replaces (its disk was wiped) is dropped in the same step.
    pub fn add_learner(&mut self, replica: Replica) -> Result<u64, ProposeError> {
        self.check_change()?;
        if self.members.replicas.contains_key(&replica.raft_id()) {
            return Err(ProposeError::DuplicateReplica);
        }
        if self.members.replicas.len() >= MEMBERS_MAX {
            return Err(ProposeError::Busy);
        }
        let mut steps = vec![Step::AddLearner(replica)];
        for (id, _) in self.members.replicas_of(replica.node) {
            if self.members.standing(id) == Standing::Learner {
                steps.push(Step::Remove(id));
            }
        }
        self.propose_change(&Change::of(steps))
    }

    /// Makes a learner a voter. A voter of the same node that it replaces is removed in the same
    /// (joint) step.
    pub fn promote(&mut self, replica: Replica) -> Result<u64, ProposeError> {
        self.check_change()?;
        match self.members.standing(replica.raft_id()) {
            Standing::Stranger => return Err(ProposeError::UnknownReplica),
            Standing::Voter => return Err(ProposeError::DuplicateReplica),
            Standing::Learner => {}
        }
        let mut steps = vec![Step::AddVoter(replica)];
        for (id, other) in self.members.replicas_of(replica.node) {
            if other != replica {
                steps.push(Step::Remove(id));
            }
        }
        self.propose_change(&Change::of(steps))
    }

    /// Removes a voter. It may come back as a learner, but is not promoted again by itself.
    pub fn remove_voter(&mut self, replica: Replica) -> Result<u64, ProposeError> {
        self.check_change()?;
        let id = replica.raft_id();
        if self.members.standing(id) != Standing::Voter {
            return Err(ProposeError::UnknownReplica);
        }
        if self.members.is_sole_voter(id) {
            return Err(ProposeError::LastVoter);
        }
        self.propose_change(&Change { steps: vec![Step::Remove(id)], barred: vec![id] })
    }

    fn check_change(&self) -> Result<(), ProposeError> {
        self.check_leading()?;
        if self.raw.raft.has_pending_conf() || self.members.is_joint() {
            return Err(ProposeError::ChangeInProgress);
        }
        Ok(())
    }

    fn propose_change(&mut self, change: &Change) -> Result<u64, ProposeError> {
        self.raw.propose_conf_change(change.encode(), change.to_raft()).map_err(|_| ProposeError::Busy)?;
        Ok(self.raw.raft.raft_log.last_index())
    }

    /// What a leader does for the membership by itself. Returns whether it proposed something.
    pub(super) fn lead_members(&mut self) -> bool {
        if !matches!(self.leadership(), Leadership::Leading { .. }) || self.raw.raft.has_pending_conf() {
            return false;
        }
        if self.members.is_joint() {
            // A leader that fell before it left the joint configuration leaves it to its successor.
            return self.raw.propose_conf_change(Vec::new(), ConfChangeV2::default()).is_ok();
        }
        if self.check_leading().is_err() {
            return false;
        }
        match self.next_to_promote() {
            Some(replica) => self.promote(replica).is_ok(),
            None => false,
        }
    }

    /// A listed voter that is a learner and holds all that is committed.
    fn next_to_promote(&self) -> Option<Replica> {
        let committed = self.raw.raft.raft_log.committed;
        let listed = |node: &NodeId| self.config.voters.contains(node);
        self.members.conf_state.learners.iter().copied().find_map(|id| {
            let replica = *self.members.replicas.get(&id)?;
            let progress = self.raw.raft.prs().get(id)?;
            let ready =
                progress.recent_active && progress.state == ProgressState::Replicate && progress.matched >= committed;
            let wanted = listed(&replica.node) && !self.members.barred.contains(&id);
            (ready && wanted).then_some(replica)
        })
    }
}
