//! One change of the quorum's members, as an entry carries it.
//!
//! Raft applies ids only; the entry also says which replica an id stands for. An empty change
//! leaves a joint configuration, as Raft itself proposes it.

use bytes::{BufMut, Bytes, BytesMut};
use raft::eraftpb::{ConfChangeSingle, ConfChangeType, ConfChangeV2};

use crate::membership::{MEMBERS_MAX, ids, put_ids};
use crate::reader::{Malformed, Reader, put_replica};
use crate::replica::Replica;

/// What happens to one replica.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    AddVoter(Replica),
    AddLearner(Replica),
    Remove(u64),
}

/// Steps that take effect together, and ids that may not be promoted by themselves from now on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Change {
    pub(crate) steps: Vec<Step>,
    pub(crate) barred: Vec<u64>,
}

impl Change {
    pub(crate) fn of(steps: Vec<Step>) -> Change {
        Change { steps, barred: Vec::new() }
    }

    pub(crate) fn to_raft(&self) -> ConfChangeV2 {
        let mut change = ConfChangeV2::default();
        for step in &self.steps {
            let mut single = ConfChangeSingle::default();
            let (kind, id) = match step {
                Step::AddVoter(replica) => (ConfChangeType::AddNode, replica.raft_id()),
                Step::AddLearner(replica) => (ConfChangeType::AddLearnerNode, replica.raft_id()),
                Step::Remove(id) => (ConfChangeType::RemoveNode, *id),
            };
            single.set_change_type(kind);
            single.node_id = id;
            change.changes.push(single);
        }
        change
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = BytesMut::new();
        out.put_u32(self.steps.len() as u32);
        for step in &self.steps {
            match step {
                Step::AddVoter(replica) => {
                    out.put_u8(0);
                    put_replica(&mut out, *replica);
                }
                Step::AddLearner(replica) => {
                    out.put_u8(1);
                    put_replica(&mut out, *replica);
                }
                Step::Remove(id) => {
                    out.put_u8(2);
                    out.put_u64(*id);
                }
            }
        }
        put_ids(&mut out, self.barred.iter().copied());
        out.to_vec()
    }

    pub(crate) fn decode(bytes: Bytes) -> Result<Change, Malformed> {
        if bytes.is_empty() {
            return Ok(Change::default());
        }
        let mut reader = Reader::new(bytes);
        let count = reader.u32()?;
        if count as usize > MEMBERS_MAX {
            return Err(Malformed::Value(u64::from(count)));
        }
        let mut steps = Vec::new();
        for _ in 0..count {
            steps.push(match reader.u8()? {
                0 => Step::AddVoter(reader.replica()?),
                1 => Step::AddLearner(reader.replica()?),
                2 => Step::Remove(reader.u64()?),
                other => return Err(Malformed::Value(u64::from(other))),
            });
        }
        let barred = ids(&mut reader)?;
        reader.end()?;
        Ok(Change { steps, barred })
    }
}
