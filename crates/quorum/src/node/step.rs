//! What peers send.

use bytes::Bytes;
use raft::StateRole;
use raft::eraftpb::{Message, MessageType};
use stream_types::{NodeId, Uuid};

use super::Node;
use crate::error::StepError;
use crate::membership::Standing;
use crate::message::{Body, Envelope, Hello};
use crate::replica::Replica;
use crate::validate::Receiver;

/// Replicas outside the members whose ids are remembered so that they can be answered.
const CORRESPONDENTS_MAX: usize = 1_000;

impl Node {
    /// Takes a message that node `from` sent; call [`Node::advance`] afterwards.
    ///
    /// Bytes of a peer never stop this node: an error is the peer's and costs only its message.
    pub fn step(&mut self, from: NodeId, bytes: Bytes) -> Result<(), StepError> {
        if self.stopped {
            return Err(StepError::Stopped);
        }
        let envelope = Envelope::decode(bytes).map_err(|error| StepError::Malformed { reason: error.to_string() })?;
        if envelope.from.node != from {
            return Err(StepError::WrongSender { claimed: envelope.from.node });
        }
        if let (Some(ours), Some(theirs)) = (&self.cluster_id, &envelope.cluster_id)
            && ours != theirs
        {
            return Err(StepError::ClusterIdMismatch { ours: ours.clone(), theirs: theirs.clone() });
        }
        let for_us = envelope.to_node == self.replica.node
            && (envelope.to_directory == self.replica.directory || envelope.to_directory == Uuid::ZERO);
        if !for_us || envelope.from == self.replica {
            return Ok(());
        }
        match envelope.body {
            Body::Hello(hello) => self.step_hello(envelope.from, envelope.cluster_id, &hello),
            Body::Raft(message) => {
                let addressed = envelope.to_directory == self.replica.directory;
                let same_cluster = self.cluster_id.is_some() && envelope.cluster_id.is_some();
                if addressed && same_cluster { self.step_raft(envelope.from, *message) } else { Ok(()) }
            }
        }
    }

    fn step_hello(&mut self, from: Replica, cluster_id: Option<String>, hello: &Hello) -> Result<(), StepError> {
        if self.log_is_empty() {
            if !hello.empty {
                match (cluster_id, &self.cluster_id) {
                    (Some(cluster_id), None) => self.learn_cluster_id(cluster_id),
                    (None, _) => return Err(StepError::Impossible { reason: "a log without a cluster id" }),
                    _ => {}
                }
            }
            if hello.answer || hello.empty {
                self.founding.heard(from.node, hello.empty);
            }
            if hello.answer && hello.standing == Standing::Voter {
                self.log_removed = Some(from.node);
            }
            if hello.answer && hello.leads && hello.standing != Standing::Voter {
                self.welcomed = true;
            }
        }
        if !hello.answer {
            let standing = self.members.standing(from.raft_id());
            let answer = self.hello(true, standing);
            let envelope = self.envelope(from.node, from.directory, Body::Hello(answer));
            self.post(from.node, envelope.encode());
            if standing == Standing::Stranger {
                // If it cannot be added now, it says hello again.
                let _ = self.add_learner(from);
            }
        }
        Ok(())
    }

    fn step_raft(&mut self, from: Replica, message: Message) -> Result<(), StepError> {
        let kind = message.get_msg_type();
        if self.log_is_empty() && !(self.welcomed && Self::fills_a_log(kind)) {
            return Ok(());
        }
        Receiver { log: &self.raw.raft.raft_log, term: self.raw.raft.term }.check(&message)?;
        if kind == MessageType::MsgSnapshot {
            self.check_snapshot_cluster(&message)?;
        }
        let id = from.raft_id();
        if self.correspondents.len() < CORRESPONDENTS_MAX || self.correspondents.contains_key(&id) {
            self.correspondents.insert(id, from);
        }
        // Messages of strangers and of earlier terms are refused by the library; that is no error.
        let _ = self.raw.step(message);
        if matches!(kind, MessageType::MsgAppendResponse | MessageType::MsgHeartbeatResponse) {
            self.note_contact(id);
        }
        self.timer.settle(&mut self.raw);
        Ok(())
    }

    fn check_snapshot_cluster(&self, message: &Message) -> Result<(), StepError> {
        let content = message.get_snapshot().data.clone();
        let checkpoint = crate::checkpoint::Checkpoint::decode(content)
            .map_err(|error| StepError::Malformed { reason: error.to_string() })?;
        match &self.cluster_id {
            Some(ours) if *ours != checkpoint.cluster_id => {
                Err(StepError::ClusterIdMismatch { ours: ours.clone(), theirs: checkpoint.cluster_id })
            }
            _ => Ok(()),
        }
    }

    /// The replica behind a Raft id, as the members or an earlier message name it.
    pub(super) fn replica_of(&self, id: u64) -> Option<Replica> {
        self.members.replicas.get(&id).or_else(|| self.correspondents.get(&id)).copied()
    }

    /// A message to `node` could not be delivered: its follower is probed more slowly.
    pub fn report_unreachable(&mut self, node: NodeId) {
        if self.stopped || self.raw.raft.state != StateRole::Leader {
            return;
        }
        let ids: Vec<u64> = self.members.replicas_of(node).map(|(id, _)| id).collect();
        for id in ids {
            self.raw.report_unreachable(id);
        }
    }
}
