//! Raft for the metadata log: messages in and out are values.
//!
//! [`Node`] is a synchronous machine around tikv's `RawNode`. The caller tells it the time, hands
//! it what peers sent, proposes opaque entries, and performs the [`Effects`] it answers with. What
//! an entry means is not known here.
//!
//! The metadata log is an ordinary record log in which *offset = Raft index − 1* and *leader epoch
//! = Raft term*, so that the first entry, the founder's own membership, has offset 0. The end
//! offset of a snapshot is therefore the Raft index of the last entry that it contains.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod node;

mod change;
mod checkpoint;
mod election_timer;
mod entry;
mod error;
mod founding;
mod journal;
mod membership;
mod message;
mod quorum_state;
mod reader;
mod replica;
mod state_files;
mod storage;
mod validate;

#[cfg(test)]
#[path = "../tests/support/crash_disk.rs"]
mod crash_disk;

pub use error::{ProposeError, QuorumError, StepError};
pub use node::{CommittedEntry, Effects, InstalledSnapshot, Leadership, Node, NodeConfig, QuorumStatus, ReplicaStatus};
pub use replica::Replica;
