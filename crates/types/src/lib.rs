//! Nouns without behaviour: ids, offsets, epochs, error codes, time values and limits.
//!
//! Every other crate may use these; this crate uses nothing. What can be swapped by mistake
//! (an offset for a sequence, a topic id for a cluster id) is a type of its own here.

mod error_code;
mod id;
mod time;
mod uuid;

pub mod limits;

pub use error_code::ErrorCode;
pub use id::{
    LeaderEpoch, NodeId, Offset, PartitionEpoch, PartitionIndex, ProducerEpoch, ProducerId, Sequence, TopicPartition,
};
pub use time::{Monotonic, Now, WallMillis};
pub use uuid::Uuid;
