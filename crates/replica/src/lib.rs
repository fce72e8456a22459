//! Leader and follower behaviour of one partition: in-sync replicas, the high watermark, leader
//! epochs, and who waits for what.
//!
//! This crate does not know the log: it is told offsets and answers with decisions.

mod leader;
mod purgatory;

pub use leader::{FlushPolicy, Leader};
