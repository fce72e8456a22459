//! One node of the quorum.
//!
//! Invariants:
//! - what [`Effects`] releases, messages as well as committed entries, rests on synced bytes only;
//! - `members` is the configuration as of `applied`, and before a change of members is applied, a
//!   commit index that covers it is durable: a node that restarts never decides with members that
//!   it already knew to be replaced;
//! - while the log is empty the node takes no part in elections, and it takes entries only from a
//!   leader that does not count this replica as a voter;
//! - after a storage error the node does nothing any more.

mod advance;
mod members;
mod open;
mod propose;
mod snapshot;
mod status;
mod step;
mod tick;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use raft::RawNode;
use stream_types::{LeaderEpoch, Monotonic, NodeId, Now, Offset, Uuid};

use crate::election_timer::ElectionTimer;
use crate::founding::Founding;
use crate::journal::Journal;
use crate::membership::Membership;
use crate::quorum_state::QuorumState;
use crate::replica::Replica;
use crate::state_files::StateFiles;
use crate::storage::EntryStorage;

pub use status::{QuorumStatus, ReplicaStatus};

/// Who a node is and whom it knows.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// `node.id`.
    pub node_id: NodeId,
    /// `directory.id` of the directory that holds the metadata log.
    pub directory_id: Uuid,
    /// `controller.quorum.voters`: whom to ask for a cluster, and, on the first start, who founds.
    pub voters: Vec<NodeId>,
    /// The cluster id, if it was configured or stored; otherwise it is learned from the founder.
    pub cluster_id: Option<String>,
    /// The cluster id to use if this node founds and `cluster_id` is unknown.
    pub new_cluster_id: String,
}

/// An entry that is committed, to be applied in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommittedEntry {
    /// Its Raft index; indexes have gaps where Raft's own entries are.
    pub index: u64,
    /// The term it was proposed in.
    pub term: u64,
    /// What was proposed.
    pub data: Bytes,
}

impl CommittedEntry {
    /// Its offset in the metadata log.
    pub fn offset(&self) -> Offset {
        Offset(self.index as i64 - 1)
    }

    /// The leader epoch it was proposed in.
    pub fn leader_epoch(&self) -> LeaderEpoch {
        LeaderEpoch(self.term as i32)
    }
}

/// A snapshot that replaces the state machine's whole state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstalledSnapshot {
    /// Raft index of the last entry that it contains.
    pub index: u64,
    /// That entry's term.
    pub term: u64,
    /// What [`Node::snapshot`] was given, here or on the leader.
    pub data: Bytes,
}

/// Who leads the metadata log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leadership {
    /// This node leads, and every entry of its predecessors has been handed out.
    Leading {
        /// Its term.
        epoch: LeaderEpoch,
    },
    /// This node does not lead, or not yet.
    Following {
        /// Who does, if that is known.
        leader: Option<NodeId>,
        /// The term.
        epoch: LeaderEpoch,
    },
}

/// What the caller is to do, in this order: install the snapshot, apply the committed entries,
/// take note of the leadership, send the messages.
///
/// Entries proposed by this node in an earlier leadership may still be among the committed ones.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// Replaces the state machine; everything in `committed` comes after it.
    pub installed_snapshot: Option<InstalledSnapshot>,
    /// Newly committed entries, each exactly once since [`Node::open`], without those of Raft itself.
    pub committed: Vec<CommittedEntry>,
    /// The new leadership, if it is another than what was last told.
    pub leadership: Option<Leadership>,
    /// What to send. May be lost, repeated and reordered.
    pub messages: Vec<(NodeId, Bytes)>,
    /// The cluster id, once, when it has become known.
    pub cluster_id: Option<String>,
    /// Someone waits for a snapshot newer than the last: call [`Node::snapshot`] soon.
    pub snapshot_wanted: bool,
}

/// A node of the quorum: see the file's head for what always holds.
pub struct Node {
    config: NodeConfig,
    replica: Replica,
    id: u64,
    raw: RawNode<EntryStorage>,
    files: Arc<StateFiles>,
    journal: Journal,
    /// What `quorum-state` holds; none before the first promise.
    written: Option<QuorumState>,
    cluster_id: Option<String>,
    /// The members as of `applied`.
    members: Membership,
    /// The members after each change that is newer than the last snapshot, by its index.
    members_since: Vec<(u64, Membership)>,
    /// Index of the last entry handed out or passed over.
    applied: u64,
    /// Index of the last entry handed out that the state machine saw.
    last_data: u64,
    timer: ElectionTimer,
    founding: Founding,
    /// This process founded the cluster: the first entry is its own.
    founded: bool,
    /// A leader said that this replica, whose log is empty, is not a voter of its quorum.
    welcomed: bool,
    /// A node that counts this replica, whose log is empty, as a voter.
    log_removed: Option<NodeId>,
    /// Replicas that wrote to us, so that they can be answered before they are members.
    correspondents: BTreeMap<u64, Replica>,
    /// When each follower was last heard, and last had everything.
    contacts: BTreeMap<u64, status::Contact>,
    /// Followers that a snapshot was sent to, and the tick at which it counts as lost.
    snapshots_sent: BTreeMap<u64, u64>,
    told: Option<Leadership>,
    pending: Effects,
    now: Now,
    next_tick: Monotonic,
    ticks: u64,
    stopped: bool,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("replica", &self.replica)
            .field("term", &self.raw.raft.term)
            .field("state", &self.raw.raft.state)
            .field("applied", &self.applied)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
