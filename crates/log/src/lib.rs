//! One partition's segmented log over a small `Disk` trait, in Kafka's file formats.
//!
//! [`Log`] is the writer's half and belongs to one thread; [`LogReader`] is for everybody and never
//! waits for a write or a sync in progress. Nothing here knows a clock: time is an argument.

pub mod checkpoint;
pub mod disk;
pub mod log_dir;

mod aborted;
mod append;
mod check;
mod close;
mod compact;
mod config;
mod dir_health;
mod epoch;
mod error;
mod index;
mod log;
mod lookup;
mod name;
mod open;
mod partition_metadata;
mod producer;
mod read;
mod reader;
mod retain;
mod roll;
mod scan;
#[cfg(test)]
mod scratch;
mod segment;
mod sync;
mod tail;
mod truncate;
mod unread;
mod write;

pub use aborted::AbortedTransaction;
pub use append::{AppendOrigin, Appended};
pub use check::{CheckError, CheckRules, CheckedBatch};
pub use compact::{Compacted, CompactionError, CompactionPlan, Replacement};
pub use config::LogConfig;
pub use dir_health::DirHealth;
pub use epoch::EpochStart;
pub use error::{AppendError, DiskError, LogError, ReadError};
pub use log::{Log, Recovery};
pub use lookup::TimestampOffset;
pub use partition_metadata::read_topic_id;
pub use producer::ActiveProducer;
pub use read::{LogSlice, SlicePart};
pub use reader::{LogReader, LogSize, ReadBound};
pub use retain::Removal;
pub use sync::SyncWork;
pub use tail::TailBudget;
pub use unread::Kept;
