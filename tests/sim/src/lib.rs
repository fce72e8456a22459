//! Deterministic simulation of the machines under virtual time.
//!
//! The real quorum, controller, metadata image, log, replica and group coordinator, on disks that lose power and
//! networks that lose messages. A seed decides everything; the same seed gives the same trace. `docs/testing.md` says
//! how to run it, repeat a seed and keep one.

pub mod broker;
pub mod cluster;
pub mod planted;
pub mod random;
pub mod regressions;
pub mod scenario;
pub mod trace;
pub mod violation;

mod schedule;
