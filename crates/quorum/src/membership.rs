//! The members of the quorum as of one index of the log.
//!
//! The committed configuration is the authority: this value changes only when a committed
//! [`crate::change::Change`] is applied or a snapshot is installed.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, BytesMut};
use raft::eraftpb::ConfState;
use stream_types::NodeId;

use crate::reader::{Malformed, Reader, put_replica};
use crate::replica::Replica;

/// Most members, voters and learners, of one quorum.
pub(crate) const MEMBERS_MAX: usize = 1_000;

/// Voters, learners and who they are.
#[derive(Clone, Default, PartialEq, Debug)]
pub(crate) struct Membership {
    /// Raft's own view: ids only.
    pub(crate) conf_state: ConfState,
    /// The replica behind each id of `conf_state`.
    pub(crate) replicas: BTreeMap<u64, Replica>,
    /// Replicas that an operator removed from the voters: they are not promoted again by themselves.
    pub(crate) barred: BTreeSet<u64>,
}

/// What a replica is to the quorum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    Stranger,
    Learner,
    Voter,
}

impl Membership {
    pub(crate) fn standing(&self, id: u64) -> Standing {
        let state = &self.conf_state;
        if state.voters.contains(&id) || state.voters_outgoing.contains(&id) {
            Standing::Voter
        } else if state.learners.contains(&id) || state.learners_next.contains(&id) {
            Standing::Learner
        } else {
            Standing::Stranger
        }
    }

    /// Whether `id` alone decides: one voter and no change under way.
    pub(crate) fn is_sole_voter(&self, id: u64) -> bool {
        self.conf_state.voters == [id] && self.conf_state.voters_outgoing.is_empty()
    }

    pub(crate) fn is_joint(&self) -> bool {
        !self.conf_state.voters_outgoing.is_empty()
    }

    /// The replicas of one node: more than one while a wiped disk replaces the old one.
    pub(crate) fn replicas_of(&self, node: NodeId) -> impl Iterator<Item = (u64, Replica)> + '_ {
        self.replicas.iter().filter(move |(_, replica)| replica.node == node).map(|(id, replica)| (*id, *replica))
    }

    /// Takes over Raft's new view and forgets whom it no longer names.
    pub(crate) fn set_conf_state(&mut self, mut conf_state: ConfState) {
        for ids in [
            &mut conf_state.voters,
            &mut conf_state.learners,
            &mut conf_state.voters_outgoing,
            &mut conf_state.learners_next,
        ] {
            ids.sort_unstable();
        }
        self.conf_state = conf_state;
        let mut replicas = std::mem::take(&mut self.replicas);
        replicas.retain(|id, _| self.standing(*id) != Standing::Stranger);
        self.replicas = replicas;
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        for ids in [
            &self.conf_state.voters,
            &self.conf_state.learners,
            &self.conf_state.voters_outgoing,
            &self.conf_state.learners_next,
        ] {
            put_ids(out, ids.iter().copied());
        }
        out.put_u8(u8::from(self.conf_state.auto_leave));
        put_ids(out, self.barred.iter().copied());
        out.put_u32(self.replicas.len() as u32);
        for replica in self.replicas.values() {
            put_replica(out, *replica);
        }
    }

    pub(crate) fn decode(reader: &mut Reader) -> Result<Membership, Malformed> {
        let conf_state = ConfState {
            voters: ids(reader)?,
            learners: ids(reader)?,
            voters_outgoing: ids(reader)?,
            learners_next: ids(reader)?,
            auto_leave: reader.bool()?,
            ..ConfState::default()
        };
        let barred = ids(reader)?.into_iter().collect();
        let count = reader.u32()?;
        if count as usize > MEMBERS_MAX {
            return Err(Malformed::Value(u64::from(count)));
        }
        let mut replicas = BTreeMap::new();
        for _ in 0..count {
            let replica = reader.replica()?;
            replicas.insert(replica.raft_id(), replica);
        }
        let members = Membership { conf_state, replicas, barred };
        if members.is_coherent() { Ok(members) } else { Err(Malformed::Members) }
    }

    /// Whether Raft can take the configuration over as it is: it would panic if not.
    fn is_coherent(&self) -> bool {
        let state = &self.conf_state;
        let set = |ids: &[u64]| ids.iter().copied().collect::<BTreeSet<u64>>();
        let voters = set(&state.voters);
        let learners = set(&state.learners);
        let outgoing = set(&state.voters_outgoing);
        let next = set(&state.learners_next);
        let unique = voters.len() == state.voters.len()
            && learners.len() == state.learners.len()
            && outgoing.len() == state.voters_outgoing.len()
            && next.len() == state.learners_next.len();
        let named = |ids: &BTreeSet<u64>| ids.iter().all(|id| self.replicas.contains_key(id));
        unique
            && !voters.is_empty()
            && learners.is_disjoint(&voters)
            && learners.is_disjoint(&outgoing)
            && next.is_subset(&outgoing)
            && next.is_disjoint(&voters)
            && (!outgoing.is_empty() || !state.auto_leave)
            && [&voters, &learners, &outgoing, &next].into_iter().all(named)
    }
}

pub(crate) fn put_ids(out: &mut BytesMut, ids: impl ExactSizeIterator<Item = u64>) {
    out.put_u32(ids.len() as u32);
    for id in ids {
        out.put_u64(id);
    }
}

pub(crate) fn ids(reader: &mut Reader) -> Result<Vec<u64>, Malformed> {
    let count = reader.u32()?;
    if count as usize > MEMBERS_MAX {
        return Err(Malformed::Value(u64::from(count)));
    }
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = reader.u64()?;
        if id == 0 {
            return Err(Malformed::Value(id));
        }
        ids.push(id);
    }
    Ok(ids)
}
