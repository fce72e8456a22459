//! What a group shard can be asked, in the broker's words.

use bytes::Bytes;
use stream_codec::Str;
use stream_types::{LeaderEpoch, Offset, PartitionIndex, Uuid};

/// A command to one group shard.
#[derive(Clone, PartialEq, Debug)]
pub enum GroupCommand {
    /// Become or stay a member; answered when the rebalance is over.
    Join(JoinGroup),
    /// Bring or fetch the assignment of a generation.
    Sync(SyncGroup),
    /// A member is alive.
    Heartbeat(Heartbeat),
    /// Members go.
    Leave(LeaveGroup),
    /// Store offsets.
    CommitOffsets(CommitOffsets),
    /// Read committed offsets.
    FetchOffsets(FetchOffsets),
    /// Forget committed offsets of topics that nobody in the group consumes.
    DeleteOffsets(DeleteOffsets),
    /// State and members of one group.
    Describe(DescribeGroup),
    /// The groups of this shard.
    List(ListGroups),
    /// Forget an empty group and its offsets.
    Delete(DeleteGroup),
    /// Topics are gone from the cluster: forget their offsets.
    TopicsDeleted(TopicsDeleted),
}

/// Become or stay a member.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct JoinGroup {
    /// The group.
    pub group_id: Str,
    /// Empty: the coordinator gives one.
    pub member_id: Str,
    /// Of a static member (KIP-345).
    pub group_instance_id: Option<Str>,
    /// From the request's header; the beginning of a new member id.
    pub client_id: Str,
    /// The client's address as Kafka prints it: `/127.0.0.1`.
    pub client_host: Str,
    /// Silence after which a member is removed (milliseconds).
    pub session_timeout_ms: i32,
    /// How long a rebalance waits for this member; version 0 of JoinGroup has the session timeout here.
    pub rebalance_timeout_ms: i32,
    /// `consumer`, `connect`, ...
    pub protocol_type: Str,
    /// What the member can do, the best first.
    pub protocols: Vec<JoinProtocol>,
    /// Why the member joins (KIP-800), for the log.
    pub reason: Option<Str>,
    /// A new dynamic member must come again with the id it is given (KIP-394): version 4 and later.
    pub requires_known_member_id: bool,
    /// The member understands `skip_assignment` (KIP-814): version 9 and later.
    pub supports_skipping_assignment: bool,
}

/// A protocol of a member, and what it says about itself in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JoinProtocol {
    /// `range`, `cooperative-sticky`, ...
    pub name: Str,
    /// For consumers a subscription.
    pub metadata: Bytes,
}

/// Bring or fetch an assignment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SyncGroup {
    /// The group.
    pub group_id: Str,
    /// The generation that JoinGroup told.
    pub generation_id: i32,
    /// The member.
    pub member_id: Str,
    /// Of a static member.
    pub group_instance_id: Option<Str>,
    /// Checked where given (version 5 and later).
    pub protocol_type: Option<Str>,
    /// Checked where given (version 5 and later).
    pub protocol_name: Option<Str>,
    /// From the leader only.
    pub assignments: Vec<SyncAssignment>,
}

/// What the leader gives a member.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SyncAssignment {
    /// The member.
    pub member_id: Str,
    /// For consumers the partitions.
    pub assignment: Bytes,
}

/// A member is alive.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Heartbeat {
    /// The group.
    pub group_id: Str,
    /// The generation the member is in.
    pub generation_id: i32,
    /// The member.
    pub member_id: Str,
    /// Of a static member.
    pub group_instance_id: Option<Str>,
}

/// Members go.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LeaveGroup {
    /// The group.
    pub group_id: Str,
    /// Who; versions 0 to 2 name one.
    pub members: Vec<LeavingMember>,
}

/// Who leaves: by member id, or by instance id with an empty member id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeavingMember {
    /// Empty for a static member removed by its instance id.
    pub member_id: Str,
    /// Of a static member.
    pub group_instance_id: Option<Str>,
    /// Why (KIP-800), for the log.
    pub reason: Option<Str>,
}

/// Store offsets.
#[derive(Clone, PartialEq, Debug)]
pub struct CommitOffsets {
    /// The group; may be empty.
    pub group_id: Str,
    /// -1 from consumers that are no members.
    pub generation_id_or_member_epoch: i32,
    /// Empty from consumers that are no members.
    pub member_id: Str,
    /// Of a static member.
    pub group_instance_id: Option<Str>,
    /// How long to keep the offsets (versions 2 to 4, milliseconds); -1: as the broker is configured.
    pub retention_time_ms: i64,
    /// What to store.
    pub topics: Vec<CommitTopic>,
}

impl Default for CommitOffsets {
    fn default() -> Self {
        CommitOffsets {
            group_id: Str::EMPTY,
            generation_id_or_member_epoch: -1,
            member_id: Str::EMPTY,
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

/// Offsets of one topic.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CommitTopic {
    /// Its name; the caller resolves ids.
    pub name: Str,
    /// Its id where known, else zero; handed back in the reply and stored.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<CommitPartition>,
}

/// The offset of one partition.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CommitPartition {
    /// Which.
    pub partition: PartitionIndex,
    /// The next offset to read.
    pub offset: Offset,
    /// Epoch of the last record read, -1 if unknown (KIP-320).
    pub leader_epoch: LeaderEpoch,
    /// The client's note; null is stored as empty.
    pub metadata: Option<Str>,
}

/// Read committed offsets of one group.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FetchOffsets {
    /// The group; may be empty.
    pub group_id: Str,
    /// Checked where given (version 9 and later).
    pub member_id: Option<Str>,
    /// -1: not checked.
    pub member_epoch: i32,
    /// Refuse partitions with offsets of open transactions (KIP-447).
    pub require_stable: bool,
    /// `None`: everything the group has.
    pub topics: Option<Vec<FetchTopic>>,
}

/// Partitions of one topic to read offsets of.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FetchTopic {
    /// Its name; the caller resolves ids.
    pub name: Str,
    /// Handed back in the reply.
    pub topic_id: Uuid,
    /// Which.
    pub partitions: Vec<PartitionIndex>,
}

/// Forget committed offsets.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeleteOffsets {
    /// The group.
    pub group_id: Str,
    /// Of what.
    pub topics: Vec<TopicPartitions>,
}

/// Partitions of a topic.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TopicPartitions {
    /// Its name.
    pub name: Str,
    /// Which.
    pub partitions: Vec<PartitionIndex>,
}

/// State and members of one group.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DescribeGroup {
    /// The group.
    pub group_id: Str,
    /// Answer GROUP_ID_NOT_FOUND for an unknown group (KIP-1043, version 6 and later) and not a dead one.
    pub unknown_is_error: bool,
}

/// The groups of this shard; empty filters let everything through, and case does not matter.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ListGroups {
    /// `Empty`, `Stable`, ... (KIP-518).
    pub states: Vec<Str>,
    /// `classic`, ... (KIP-848).
    pub types: Vec<Str>,
}

/// Forget an empty group and its offsets.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeleteGroup {
    /// The group.
    pub group_id: Str,
}

/// Topics are gone from the cluster.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TopicsDeleted {
    /// Their names.
    pub topics: Vec<Str>,
}
