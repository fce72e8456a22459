//! The only place where durable state changes, at load and live.

use bytes::Bytes;
use stream_codec::stored::classic_group::GroupMetadataValue;
use stream_codec::stored::consumer_group::ConsumerGroupMetadataKey;
use stream_codec::stored::offset_commit::{LegacyOffsetCommitValue, OffsetCommitKey, OffsetCommitValue};
use stream_codec::stored::share_group::ShareGroupMetadataKey;
use stream_codec::stored::streams_group::StreamsGroupMetadataKey;
use stream_codec::stored::{CoordinatorKey, GroupRecord, decode_key, record_type};
use stream_codec::{DecodeError, Str};
use stream_types::{Now, Offset, WallMillis};

use super::offsets::CommittedOffset;
use super::{Group, GroupShard, GroupState, Member};
use crate::{CoordinatorError, JoinProtocol, Step};

impl<Token> GroupShard<Token> {
    /// Takes in a record that was read from the log or whose append was accepted. Records of kinds that this
    /// coordinator does not know, or knows but does not serve, are passed over: they stay in the log. After an error
    /// nothing has changed, and the caller may go on.
    pub fn replay(&mut self, offset: Offset, key: &Bytes, value: Option<&Bytes>) -> Result<(), CoordinatorError> {
        let replayed = self.replay_record(key, value);
        replayed.map_err(|source| CoordinatorError::Undecodable { offset, source })
    }

    fn replay_record(&mut self, key: &Bytes, value: Option<&Bytes>) -> Result<(), DecodeError> {
        const OFFSET_COMMITS_AND_CLASSIC_GROUPS: std::ops::RangeInclusive<i16> = 0..=2;
        if !OFFSET_COMMITS_AND_CLASSIC_GROUPS.contains(&record_type(key)?) {
            self.note_foreign_group(key, value.is_some());
            return Ok(());
        }
        match GroupRecord::decode(key.clone(), value.cloned())? {
            GroupRecord::OffsetCommit(key, value) => {
                self.offsets.replay(&key, value.map(|value| CommittedOffset::from_record(&value)));
            }
            GroupRecord::LegacyOffsetCommit(key, value) => {
                let key = OffsetCommitKey { group: key.group, topic: key.topic, partition: key.partition };
                self.offsets.replay(&key, value.map(|value| CommittedOffset::from_record(&modern(*value))));
            }
            GroupRecord::GroupMetadata(key, value) => match value {
                Some(value) => {
                    self.stored.insert(key.group.detached(), detached(*value));
                }
                None => {
                    self.stored.remove(&key.group);
                }
            },
            _ => {}
        }
        Ok(())
    }

    fn note_foreign_group(&mut self, key: &Bytes, exists: bool) {
        let Some(group_id) = foreign_group_id(key) else { return };
        if exists {
            self.foreign.insert(group_id.detached());
        } else {
            self.foreign.remove(&group_id);
        }
    }

    /// The log is replayed: from now on commands may come. Sessions of members start anew.
    pub fn loaded(&mut self, now: Now) -> Step<Token> {
        assert!(!self.loaded, "a shard is loaded once");
        self.loaded = true;
        let mut step = Step::new();
        for (group_id, value) in &self.stored {
            self.groups.insert(group_id.clone(), Group::restore(group_id.clone(), value));
        }
        let simple_groups: Vec<Str> = self.offsets.group_ids().cloned().collect();
        for group_id in &simple_groups {
            self.group_or_new(now, group_id);
        }
        let group_ids: Vec<Str> = self.groups.keys().cloned().collect();
        for group_id in &group_ids {
            self.with_group(group_id, now, &mut step, |group, context| {
                for member_id in group.members.keys() {
                    group.renew_session(context, member_id);
                }
                if group.members.len() > context.config.size_max {
                    group.prepare_rebalance(context);
                }
            });
        }
        self.retention.checked = now;
        self.schedule_expiry(now, self.config.offsets_retention_check_interval);
        step
    }
}

fn foreign_group_id(key: &Bytes) -> Option<Str> {
    match record_type(key).ok()? {
        ConsumerGroupMetadataKey::RECORD_TYPE => {
            Some(decode_key::<ConsumerGroupMetadataKey>(key.clone()).ok()?.group_id)
        }
        ShareGroupMetadataKey::RECORD_TYPE => Some(decode_key::<ShareGroupMetadataKey>(key.clone()).ok()?.group_id),
        StreamsGroupMetadataKey::RECORD_TYPE => Some(decode_key::<StreamsGroupMetadataKey>(key.clone()).ok()?.group_id),
        _ => None,
    }
}

fn modern(value: LegacyOffsetCommitValue) -> OffsetCommitValue {
    OffsetCommitValue {
        offset: value.offset,
        metadata: value.metadata,
        commit_timestamp: value.commit_timestamp,
        ..OffsetCommitValue::default()
    }
}

/// Copies texts and bytes, so that the group does not keep the batch that it was read from in memory.
fn detached(mut value: GroupMetadataValue) -> GroupMetadataValue {
    value.protocol_type = value.protocol_type.detached();
    value.protocol = value.protocol.as_ref().map(Str::detached);
    value.leader = value.leader.as_ref().map(Str::detached);
    for member in &mut value.members {
        member.member_id = member.member_id.detached();
        member.group_instance_id = member.group_instance_id.as_ref().map(Str::detached);
        member.client_id = member.client_id.detached();
        member.client_host = member.client_host.detached();
        member.subscription = Bytes::copy_from_slice(&member.subscription);
        member.assignment = Bytes::copy_from_slice(&member.assignment);
    }
    value
}

impl<Token> Group<Token> {
    /// The group as its newest record tells. Whatever a log says, the invariants hold.
    fn restore(group_id: Str, value: &GroupMetadataValue) -> Self {
        let mut group = Group::new(group_id, WallMillis(0));
        group.state_since = (value.current_state_timestamp != -1).then_some(WallMillis(value.current_state_timestamp));
        group.generation = value.generation;
        group.protocol_type = Some(value.protocol_type.clone()).filter(|protocol_type| !protocol_type.is_empty());
        for member in &value.members {
            let protocol = value.protocol.clone().unwrap_or_default();
            let rebalance_timeout = member.rebalance_timeout;
            if let Some(instance_id) = &member.group_instance_id {
                group.static_members.insert(instance_id.clone(), member.member_id.clone());
            }
            let member = Member {
                id: member.member_id.clone(),
                group_instance_id: member.group_instance_id.clone(),
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                rebalance_timeout_ms: if rebalance_timeout == -1 { member.session_timeout } else { rebalance_timeout },
                session_timeout_ms: member.session_timeout,
                protocols: vec![JoinProtocol { name: protocol, metadata: member.subscription.clone() }],
                assignment: member.assignment.clone(),
                joining: None,
                syncing: None,
                is_new: false,
            };
            group.members.insert(member.id.clone(), member);
        }
        if !group.members.is_empty() {
            group.state = GroupState::Stable;
            group.protocol_name = Some(value.protocol.clone().unwrap_or_default());
            let leader = value.leader.as_ref().filter(|leader| group.members.contains_key(*leader));
            group.leader = leader.or(group.members.keys().next()).cloned();
        }
        group.read_subscriptions();
        group
    }
}
