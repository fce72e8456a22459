//! The passing of time.

use raft::eraftpb::MessageType;
use raft::{ProgressState, SnapshotStatus, StateRole};
use stream_types::{Monotonic, Now, Uuid};

use super::Node;
use crate::election_timer::ELECTION_TICKS;
use crate::membership::Standing;
use crate::message::{Body, Envelope, Hello};

/// Length of one tick (milliseconds): elections after one to two seconds, heartbeats every 150 ms.
const TICK_MILLIS: u64 = 50;
/// Ticks that a late caller makes up for; the rest is forgotten, so that a pause is no election.
const TICKS_AT_ONCE_MAX: u32 = 3;
/// Ticks between two hellos of a node that is not a member.
const HELLO_TICKS: u64 = 10;
/// Ticks after which a snapshot that was sent and not acknowledged counts as lost.
const SNAPSHOT_TICKS: u64 = 4 * ELECTION_TICKS as u64;

impl Node {
    /// Tells the time. Call it at [`Node::next_deadline`] or more often, then [`Node::advance`].
    pub fn tick(&mut self, now: Now) {
        self.now = now;
        if self.stopped {
            return;
        }
        let mut made_up = 0;
        while self.next_tick <= now.monotonic {
            if made_up == TICKS_AT_ONCE_MAX {
                self.next_tick = now.monotonic;
                break;
            }
            made_up += 1;
            self.next_tick = self.next_tick.plus(std::time::Duration::from_millis(TICK_MILLIS));
            self.tick_once();
        }
    }

    /// When [`Node::tick`] is due; none while time changes nothing: a leader that is the only member.
    pub fn next_deadline(&self) -> Option<Monotonic> {
        let alone = self.members.replicas.len() == 1 && self.members.is_sole_voter(self.id);
        let quiet = alone && self.raw.raft.state == StateRole::Leader;
        if quiet || self.stopped { None } else { Some(self.next_tick) }
    }

    fn tick_once(&mut self) {
        self.ticks += 1;
        self.raw.tick();
        self.timer.settle(&mut self.raw);
        if self.ticks % HELLO_TICKS == 1 && self.members.standing(self.id) == Standing::Stranger {
            self.say_hello();
        }
        self.give_up_snapshots();
    }

    /// Asks every listed voter, and whoever leads, for a cluster to found or to join.
    fn say_hello(&mut self) {
        let leader = self.replica_of(self.raw.raft.leader_id).map(|replica| replica.node);
        let mut nodes = self.config.voters.clone();
        nodes.extend(leader);
        nodes.sort_unstable();
        nodes.dedup();
        nodes.retain(|node| *node != self.replica.node);
        for node in nodes {
            let hello = self.hello(false, Standing::Stranger);
            self.post(node, self.envelope(node, Uuid::ZERO, Body::Hello(hello)).encode());
        }
    }

    pub(super) fn hello(&self, answer: bool, standing: Standing) -> Hello {
        Hello {
            answer,
            empty: self.log_is_empty(),
            leads: matches!(self.leadership(), super::Leadership::Leading { .. }),
            standing,
        }
    }

    pub(super) fn envelope(&self, to_node: stream_types::NodeId, to_directory: Uuid, body: Body) -> Envelope {
        Envelope { cluster_id: self.cluster_id.clone(), from: self.replica, to_node, to_directory, body }
    }

    /// Raft sends nothing to a follower between a snapshot and its acknowledgement, and either may
    /// be lost.
    pub(super) fn note_snapshot_sent(&mut self, to: u64) {
        self.snapshots_sent.insert(to, self.ticks + SNAPSHOT_TICKS);
    }

    fn give_up_snapshots(&mut self) {
        if self.snapshots_sent.is_empty() {
            return;
        }
        let due: Vec<u64> =
            self.snapshots_sent.iter().filter(|(_, deadline)| **deadline <= self.ticks).map(|(to, _)| *to).collect();
        for to in due {
            self.snapshots_sent.remove(&to);
            let waits = self.raw.raft.prs().get(to).is_some_and(|progress| progress.state == ProgressState::Snapshot);
            if waits {
                self.raw.report_snapshot(to, SnapshotStatus::Failure);
            }
        }
    }

    /// Whether a message of this type may change a node whose log is empty.
    pub(super) fn fills_a_log(kind: MessageType) -> bool {
        matches!(kind, MessageType::MsgAppend | MessageType::MsgHeartbeat | MessageType::MsgSnapshot)
    }
}
