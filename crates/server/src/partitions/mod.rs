//! The partitions this broker holds: their logs, who writes them, and who waits for them.
//!
//! A partition's [`Log`] is touched by one thread at a time: its worker, or, while that costs nobody
//! anything, the thread of a connection that produces. Everybody else reads through the [`LogReader`] and learns of progress through the high watermark, so that a write(2) or a
//! sync that takes half a second is felt by nobody but its own producer.

mod append;
mod direct;
mod fetch_waiter;
mod flusher;
mod log_dirs;
mod partition;
mod produce_job;
mod table;
mod topic_settings;
mod worker;

pub(crate) use fetch_waiter::FetchWaiter;
pub(crate) use flusher::Flusher;
pub(crate) use log_dirs::{FailedDir, LOGS_WORTH_A_VOLUME_SYNC, LogDirs};
pub(crate) use partition::{OpenPlan, Partition, Unsynced};
pub(crate) use produce_job::{AppendListener, AppendOutcome, AppendReply, ProduceJob};
pub(crate) use table::{PartitionTable, TopicPartitions};
pub(crate) use topic_settings::TopicSettings;
pub(crate) use worker::{Acks, AppendRequest, WorkerContext, WorkerEvent, Workers};
