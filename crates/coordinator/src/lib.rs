//! The coordinator of groups: members, rebalances and committed offsets of one `__consumer_offsets`
//! partition as a deterministic machine. It is asked to handle commands, answers with records and
//! replies, and changes durably only where records are replayed.

pub mod group;

mod config;
mod error;
mod partition;
mod random;
mod record;
mod step;

pub use config::GroupConfig;
pub use error::CoordinatorError;
pub use group::GroupShard;
pub use group::command::{
    CommitOffsets, CommitPartition, CommitTopic, DeleteGroup, DeleteOffsets, DescribeGroup, FetchOffsets, FetchTopic,
    GroupCommand, Heartbeat, JoinGroup, JoinProtocol, LeaveGroup, LeavingMember, ListGroups, SyncAssignment, SyncGroup,
    TopicPartitions, TopicsDeleted,
};
pub use group::reply::{
    CommitReply, CommittedTopic, DeleteOffsetsReply, DescribeReply, DescribedMember, FetchReply, FetchedPartition,
    FetchedTopic, GroupReply, JoinMember, JoinReply, LeaveReply, LeftMember, ListedGroup, PartitionResult, SyncReply,
    TopicResults,
};
pub use partition::partition_for_group;
pub use step::{CoordinatorRecord, Step};
