//! Leader and follower behaviour of one partition: in-sync replicas, the high watermark, leader
//! epochs, and who waits for what.
//!
//! This crate does not know the log: it is told offsets and answers with decisions.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod epoch;
mod follower;
mod isr;
mod leader;
mod progress;
mod purgatory;

pub use epoch::{EpochEnd, EpochMismatch, check_epoch, diverging, truncation_offset};
pub use follower::{FetchAnswer, FetchPosition, Follower, FollowerAction};
pub use isr::{FollowerStatus, IsrDecision, IsrProposal, NotAReplica};
pub use leader::{FlushPolicy, Leader};
