//! Compaction: of each key, the last value stays (`cleanup.policy=compact`).
//!
//! Three steps, of which only the last is for the log's own thread: [`crate::Log::plan_compaction`] says which
//! closed segments take part, [`CompactionPlan::run`] reads them and writes what stays into new segments, and
//! [`crate::Log::apply_compaction`] puts those in their place.
//!
//! - Offsets stay. A batch that loses records keeps its offsets and sequence numbers; one that loses all goes,
//!   but for the last of its producer, and the last of a new segment: that one stays, empty if need be, so
//!   that a segment always reaches to the one after it.
//! - A tombstone stays until `delete.retention.ms` after it was first seen here; the batch remembers when
//!   that is (KIP-534).
//! - Records without a key go. Control batches stay. Records of transactions stay and supersede nothing. A segment
//!   with records of aborted transactions stays whole, and with it the index that says so; so do tombstones then.
//! - Only what is committed and synced takes part.
//!
//! Files of a new segment are `.cleaned` while they are written, then synced and renamed to `.swap`. From the
//! moment that `.log.swap` is durable the old segments of its range are superfluous: they are removed, and
//! then the new ones get their names. Opening a log finishes whatever a crash has left of that.

mod apply;
mod filter;
mod key_map;
mod plan;
mod run;
mod swap;

pub use apply::Compacted;
pub use plan::CompactionPlan;
pub use run::{CompactionError, Replacement};
pub(crate) use swap::{Files, finish_swaps};
