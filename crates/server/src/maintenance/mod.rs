//! The background work of logs, off the threads that serve clients and write records.
//!
//! One thread looks at the clock: free space every second, idle files, checkpoints, retention. What has to be done with
//! a log is done by its own worker ([`rounds`]); removing files and writing checkpoints is done here. Compaction has a
//! thread of its own, from the first compacted topic on.

mod cleaner;
mod disk_space;
mod maintainer;
mod retention;
mod rounds;
mod schedule;

pub(crate) use disk_space::{DiskSpace, Space};
pub(crate) use maintainer::Maintenance;
pub(crate) use retention::expire;
