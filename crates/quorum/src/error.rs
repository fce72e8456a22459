//! What can go wrong in the quorum.

use std::io;

use stream_types::NodeId;

/// An operating error: after any of these the node does nothing any more until it is opened again.
#[derive(Debug, thiserror::Error)]
pub enum QuorumError {
    /// The metadata directory could not be read or written.
    #[error("{action} {file} of the metadata log failed: {error}")]
    Io {
        /// What was tried, as a present participle.
        action: &'static str,
        /// The file's name within the metadata directory.
        file: String,
        /// What the disk answered.
        error: io::Error,
    },
    /// A file holds bytes that this broker never writes.
    #[error("{file} of the metadata log is corrupt: {reason}")]
    Corrupt {
        /// The file's name within the metadata directory.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The log ends before an entry that is known to be committed; it is never cut off silently.
    #[error("the metadata log ends at index {last_index}, but entries up to {commit} were committed")]
    CommittedLost {
        /// Last index that could be read.
        last_index: u64,
        /// Highest index that is known to be committed.
        commit: u64,
    },
    /// The log holds entries but the file with term and vote is missing.
    #[error("quorum-state is missing although the metadata log holds {entries} entries")]
    VoteLost {
        /// How many entries the log holds.
        entries: u64,
    },
    /// The directory belongs to another cluster, node or directory id.
    #[error("the metadata log belongs to {field} {stored}, not {configured}")]
    Foreign {
        /// Which id differs.
        field: &'static str,
        /// The id in `quorum-state`.
        stored: String,
        /// The id that was configured.
        configured: String,
    },
    /// The quorum counts this replica among its voters, but its metadata log is empty: the log was
    /// removed without giving the directory a new id.
    #[error(
        "node {witness} counts this directory as a voter, but its metadata log is empty: it needs a new directory.id"
    )]
    LogRemoved {
        /// The node that said so.
        witness: NodeId,
    },
    /// An earlier error stopped this node.
    #[error("the metadata log stopped after an earlier storage error")]
    Stopped,
    /// The Raft library refused something that is ours to get right.
    #[error("raft: {0}")]
    Raft(String),
}

/// Why an entry was not accepted. Nothing was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProposeError {
    /// This node does not lead, or has not yet committed an entry of its own term.
    #[error("not the leader of the metadata log")]
    NotLeader {
        /// Who leads, if that is known.
        leader: Option<NodeId>,
    },
    /// The entry is larger than [`crate::Node::ENTRY_BYTES_MAX`].
    #[error("an entry of {bytes} bytes is too large")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Too many bytes wait to be committed, or leadership is being handed over: try again.
    #[error("too much waits to be committed")]
    Busy,
    /// A change of the voters or learners is under way: try again.
    #[error("another change of the quorum's members is under way")]
    ChangeInProgress,
    /// The replica is not a member, so that it cannot be promoted or removed.
    #[error("no such replica in the quorum")]
    UnknownReplica,
    /// The replica already is what it was to become.
    #[error("the replica already is a member")]
    DuplicateReplica,
    /// The last voter cannot be removed.
    #[error("the last voter cannot be removed")]
    LastVoter,
}

/// Why a peer's message was dropped. The peer is at fault, not this node.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StepError {
    /// The bytes are not a message of this protocol.
    #[error("malformed quorum message: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// The peer belongs to another cluster.
    #[error("the peer belongs to cluster {theirs}, not {ours}")]
    ClusterIdMismatch {
        /// Our cluster id.
        ours: String,
        /// The peer's.
        theirs: String,
    },
    /// The message claims to come from another node than the connection.
    #[error("the message claims to come from node {claimed}")]
    WrongSender {
        /// The node that the message names.
        claimed: NodeId,
    },
    /// A well-formed message that no correct peer sends.
    #[error("impossible quorum message: {reason}")]
    Impossible {
        /// What is impossible about it.
        reason: &'static str,
    },
    /// An earlier storage error stopped this node.
    #[error("the metadata log stopped after an earlier storage error")]
    Stopped,
}
