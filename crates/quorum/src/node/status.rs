//! What DescribeQuorum tells.

use raft::StateRole;
use stream_types::{LeaderEpoch, NodeId, Now, Offset};

use super::Node;
use crate::membership::Standing;
use crate::replica::Replica;

/// When a follower was last in touch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Contact {
    last_heard: Option<Now>,
    last_caught_up: Option<Now>,
}

/// The quorum as this node sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct QuorumStatus {
    /// The node that leads.
    pub leader: Option<NodeId>,
    /// The Raft term.
    pub leader_epoch: LeaderEpoch,
    /// First offset that is not committed yet.
    pub high_watermark: Offset,
    /// First offset that this node's log does not hold yet.
    pub log_end_offset: Offset,
    /// The voters, by node.
    pub voters: Vec<ReplicaStatus>,
    /// The learners, by node; Kafka calls them observers.
    pub observers: Vec<ReplicaStatus>,
}

/// One member. Only a leader knows the offsets and times of the others.
#[derive(Clone, PartialEq, Debug)]
pub struct ReplicaStatus {
    /// Which replica.
    pub replica: Replica,
    /// First offset that it is not known to hold; [`Offset::NONE`] if nothing is known.
    pub log_end_offset: Offset,
    /// When it last asked for or acknowledged entries.
    pub last_fetch: Option<Now>,
    /// When it last held everything.
    pub last_caught_up: Option<Now>,
}

impl Node {
    /// The quorum as this node sees it.
    pub fn status(&self) -> QuorumStatus {
        let raft = &self.raw.raft;
        let mut status = QuorumStatus {
            leader: self.leader(),
            leader_epoch: LeaderEpoch(raft.term as i32),
            high_watermark: Offset(raft.raft_log.committed as i64),
            log_end_offset: Offset(raft.raft_log.last_index() as i64),
            voters: Vec::new(),
            observers: Vec::new(),
        };
        for (id, replica) in &self.members.replicas {
            let member = self.replica_status(*id, *replica);
            match self.members.standing(*id) {
                Standing::Voter => status.voters.push(member),
                Standing::Learner => status.observers.push(member),
                Standing::Stranger => {}
            }
        }
        status
    }

    /// The cluster id, once it is known.
    pub fn cluster_id(&self) -> Option<&str> {
        self.cluster_id.as_deref()
    }

    /// Which replica this node is.
    pub fn replica(&self) -> Replica {
        self.replica
    }

    fn replica_status(&self, id: u64, replica: Replica) -> ReplicaStatus {
        let raft = &self.raw.raft;
        let leads = raft.state == StateRole::Leader;
        if id == self.id {
            let log_end_offset = Offset(raft.raft_log.last_index() as i64);
            let now = leads.then_some(self.now);
            return ReplicaStatus { replica, log_end_offset, last_fetch: now, last_caught_up: now };
        }
        let contact = self.contacts.get(&id).copied().filter(|_| leads).unwrap_or_default();
        let matched = raft.prs().get(id).filter(|_| leads).map(|progress| Offset(progress.matched as i64));
        ReplicaStatus {
            replica,
            log_end_offset: matched.unwrap_or(Offset::NONE),
            last_fetch: contact.last_heard,
            last_caught_up: contact.last_caught_up,
        }
    }

    pub(super) fn note_contact(&mut self, id: u64) {
        let raft = &self.raw.raft;
        let Some(progress) = raft.prs().get(id).filter(|_| raft.state == StateRole::Leader) else { return };
        let caught_up = progress.matched >= raft.raft_log.last_index();
        let contact = self.contacts.entry(id).or_default();
        contact.last_heard = Some(self.now);
        if caught_up {
            contact.last_caught_up = Some(self.now);
        }
    }
}
