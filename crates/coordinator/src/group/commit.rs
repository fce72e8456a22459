//! OffsetCommit 2 to 10: the group goes on from here.
//!
//! - A member commits in its generation, also while the others join again, but not between JoinGroup and SyncGroup.
//! - Without a generation anybody may commit for a group that has no members; the group is made if it is not there.
//! - A generation of a group that is not there is ILLEGAL_GENERATION at every version: Kafka answers
//!   GROUP_ID_NOT_FOUND from version 9, which ends some clients of classic groups.
//! - Versions: 2 to 4 say how long to keep the offsets, 6 leader epochs (KIP-320), 7 static members, 10 topic ids.

use stream_codec::Str;
use stream_types::{ErrorCode, LeaderEpoch, Now, Uuid, WallMillis};

use super::offsets::CommittedOffset;
use super::reply::{CommitReply, CommittedTopic, GroupReply, PartitionResult};
use super::{Group, GroupShard, GroupState};
use crate::record::TEXT_BYTES_MAX;
use crate::{CommitOffsets, CommitPartition, CommitTopic, Step};

impl<Token> GroupShard<Token> {
    pub(super) fn commit_offsets(&mut self, now: Now, commit: CommitOffsets, token: Token, step: &mut Step<Token>) {
        let allowed = self.check_commit(&commit);
        let mut topics = Vec::with_capacity(commit.topics.len());
        if allowed.is_ok() {
            self.group_or_new(now, &commit.group_id);
            self.with_group(&commit.group_id, now, step, |group, context| {
                if matches!(group.state, GroupState::Stable | GroupState::PreparingRebalance) {
                    group.renew_session(context, &commit.member_id);
                }
            });
        }
        let expire_timestamp = expire_timestamp(now.wall, commit.retention_time_ms);
        for topic in &commit.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let checked = allowed.and_then(|()| self.check_offset(topic, partition));
                if checked.is_ok() {
                    let committed = committed_offset(now.wall, expire_timestamp, topic, partition);
                    let (name, index) = (&topic.name, partition.partition);
                    step.records.push(self.offsets.propose(&commit.group_id, name, index, Some(committed)));
                }
                let error = checked.err().unwrap_or_default();
                partitions.push(PartitionResult { partition: partition.partition, error });
            }
            topics.push(CommittedTopic { name: topic.name.detached(), topic_id: topic.topic_id, partitions });
        }
        step.replies.push((token, GroupReply::CommitOffsets(CommitReply { topics })));
    }

    fn check_commit(&self, commit: &CommitOffsets) -> Result<(), ErrorCode> {
        if commit.group_id.len() > TEXT_BYTES_MAX {
            return Err(ErrorCode::InvalidGroupId);
        }
        match self.groups.get(&commit.group_id) {
            Some(group) => group.check_commit(commit),
            None if commit.generation_id_or_member_epoch < 0 => Ok(()),
            None => Err(ErrorCode::IllegalGeneration),
        }
    }

    fn check_offset(&self, topic: &CommitTopic, partition: &CommitPartition) -> Result<(), ErrorCode> {
        if topic.name.len() > TEXT_BYTES_MAX {
            return Err(ErrorCode::InvalidTopicException);
        }
        let Some(metadata) = &partition.metadata else { return Ok(()) };
        // Kafka counts UTF-16 code units, of which there are never more than bytes.
        let length_max = self.config.offset_metadata_bytes_max;
        let is_too_long = metadata.len() > length_max && metadata.encode_utf16().count() > length_max;
        if is_too_long || metadata.len() > TEXT_BYTES_MAX {
            return Err(ErrorCode::OffsetMetadataTooLarge);
        }
        Ok(())
    }
}

/// When the offset may be forgotten, if the client says. -1 stands for no time in the record.
fn expire_timestamp(now: WallMillis, retention_time_ms: i64) -> Option<WallMillis> {
    (retention_time_ms != -1).then(|| WallMillis(now.0.saturating_add(retention_time_ms).max(0)))
}

fn committed_offset(
    now: WallMillis,
    expire_timestamp: Option<WallMillis>,
    topic: &CommitTopic,
    partition: &CommitPartition,
) -> CommittedOffset {
    // The record that has room for an expiry time has none for these.
    let (leader_epoch, topic_id) = match expire_timestamp {
        Some(_) => (LeaderEpoch::NONE, Uuid::ZERO),
        None => (partition.leader_epoch, topic.topic_id),
    };
    CommittedOffset {
        offset: partition.offset,
        leader_epoch,
        metadata: partition.metadata.as_ref().map(Str::detached).unwrap_or_default(),
        commit_timestamp: now,
        expire_timestamp,
        topic_id,
    }
}

impl<Token> Group<Token> {
    fn check_commit(&self, commit: &CommitOffsets) -> Result<(), ErrorCode> {
        let generation = commit.generation_id_or_member_epoch;
        if generation < 0 && self.state == GroupState::Empty {
            return Ok(());
        }
        if generation < 0 && commit.member_id.is_empty() && commit.group_instance_id.is_none() {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.check_member(&commit.member_id, commit.group_instance_id.as_ref())?;
        if generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        if self.state == GroupState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }
}
