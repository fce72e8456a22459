//! What a group shard answers, in the broker's words.

use bytes::Bytes;
use stream_codec::Str;
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex, Uuid};

/// The answer to one command, under the same name.
#[derive(Clone, PartialEq, Debug)]
pub enum GroupReply {
    /// To [`GroupCommand::Join`](super::command::GroupCommand::Join).
    Join(JoinReply),
    /// To `Sync`.
    Sync(SyncReply),
    /// To `Heartbeat`.
    Heartbeat(ErrorCode),
    /// To `Leave`.
    Leave(LeaveReply),
    /// To `CommitOffsets`.
    CommitOffsets(CommitReply),
    /// To `FetchOffsets`.
    FetchOffsets(FetchReply),
    /// To `DeleteOffsets`.
    DeleteOffsets(DeleteOffsetsReply),
    /// To `Describe`.
    Describe(DescribeReply),
    /// To `List`, sorted by group id.
    List(Vec<ListedGroup>),
    /// To `Delete`.
    Delete(ErrorCode),
    /// To `TopicsDeleted`.
    TopicsDeleted,
}

/// How a join ended.
#[derive(Clone, PartialEq, Debug)]
pub struct JoinReply {
    /// MEMBER_ID_REQUIRED comes with the id to use.
    pub error: ErrorCode,
    /// -1 with an error.
    pub generation_id: i32,
    /// Of the group; JoinGroup 7 and later.
    pub protocol_type: Option<Str>,
    /// The one chosen. Versions before 7 need an empty text in place of `None`.
    pub protocol_name: Option<Str>,
    /// Member id of the leader; empty with an error.
    pub leader: Str,
    /// The leader must not assign anew (KIP-814).
    pub skip_assignment: bool,
    /// The member's id, new or as sent.
    pub member_id: Str,
    /// Everybody, for the leader only.
    pub members: Vec<JoinMember>,
}

/// A member as its leader sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinMember {
    /// Its id.
    pub member_id: Str,
    /// Of a static member.
    pub group_instance_id: Option<Str>,
    /// What it said in the chosen protocol.
    pub metadata: Bytes,
}

/// A member's assignment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SyncReply {
    /// REBALANCE_IN_PROGRESS sends the member back to JoinGroup.
    pub error: ErrorCode,
    /// Of the group; `None` with an error.
    pub protocol_type: Option<Str>,
    /// Of the generation; `None` with an error.
    pub protocol_name: Option<Str>,
    /// What the leader gave; empty with an error.
    pub assignment: Bytes,
}

/// Who left.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LeaveReply {
    /// Of the whole request; versions 0 to 2 have the only member's error here in place of none.
    pub error: ErrorCode,
    /// In the order of the request.
    pub members: Vec<LeftMember>,
}

/// One that left, or could not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LeftMember {
    /// As asked.
    pub member_id: Str,
    /// As asked.
    pub group_instance_id: Option<Str>,
    /// UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID.
    pub error: ErrorCode,
}

/// What was stored: every partition of the command with its result, in its order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CommitReply {
    /// By topic; a refusal of the whole commit stands at every partition, as on the wire.
    pub topics: Vec<CommittedTopic>,
}

/// Results of one topic.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CommittedTopic {
    /// As asked.
    pub name: Str,
    /// As asked.
    pub topic_id: Uuid,
    /// By partition.
    pub partitions: Vec<PartitionResult>,
}

/// The result for one partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartitionResult {
    /// Which.
    pub partition: PartitionIndex,
    /// How it went.
    pub error: ErrorCode,
}

/// Committed offsets of one group.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FetchReply {
    /// Of the whole group.
    pub error: ErrorCode,
    /// As asked, or everything sorted.
    pub topics: Vec<FetchedTopic>,
}

/// Offsets of one topic.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FetchedTopic {
    /// Its name.
    pub name: Str,
    /// As asked; zero where everything was asked for.
    pub topic_id: Uuid,
    /// By partition.
    pub partitions: Vec<FetchedPartition>,
}

/// The committed offset of one partition.
#[derive(Clone, PartialEq, Debug)]
pub struct FetchedPartition {
    /// Which.
    pub partition: PartitionIndex,
    /// -1: none is committed.
    pub offset: Offset,
    /// -1: unknown.
    pub leader_epoch: LeaderEpoch,
    /// The client's note.
    pub metadata: Str,
    /// UNSTABLE_OFFSET_COMMIT while a transaction is open.
    pub error: ErrorCode,
}

/// Which offsets were forgotten.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeleteOffsetsReply {
    /// Of the whole request; then there are no topics.
    pub error: ErrorCode,
    /// In the order of the request.
    pub topics: Vec<TopicResults>,
}

/// Results of one topic.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TopicResults {
    /// Its name.
    pub name: Str,
    /// By partition.
    pub partitions: Vec<PartitionResult>,
}

/// A group for its administrator.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DescribeReply {
    /// GROUP_ID_NOT_FOUND only if asked for.
    pub error: ErrorCode,
    /// With an error, for people (version 6 and later).
    pub error_message: Option<String>,
    /// As asked.
    pub group_id: Str,
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable` or `Dead`.
    pub state: Str,
    /// Empty of a group that never had members.
    pub protocol_type: Str,
    /// The chosen protocol while the group is stable, else empty.
    pub protocol: Str,
    /// Everybody.
    pub members: Vec<DescribedMember>,
}

/// A member for its administrator.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DescribedMember {
    /// Its id.
    pub member_id: Str,
    /// Of a static member.
    pub group_instance_id: Option<Str>,
    /// From its request header.
    pub client_id: Str,
    /// Its address.
    pub client_host: Str,
    /// What it said in the chosen protocol; empty unless the group is stable.
    pub metadata: Bytes,
    /// What it was given; empty unless the group is stable.
    pub assignment: Bytes,
}

/// A group in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedGroup {
    /// Its id.
    pub group_id: Str,
    /// Empty of a group that never had members.
    pub protocol_type: Str,
    /// As in [`DescribeReply::state`].
    pub state: Str,
    /// `classic`.
    pub group_type: Str,
}
