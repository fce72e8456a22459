//! Who is in a group, and what they have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use stream_codec::Str;
use stream_codec::stored::classic_group::{GroupMetadataValue, MemberMetadata};
use stream_codec::stored::consumer_protocol::ConsumerProtocolSubscription;
use stream_types::{ErrorCode, WallMillis};

use super::reply::{GroupReply, JoinMember, JoinReply, SyncReply};
use super::timers::TimerKey;
use super::{CONSUMER_PROTOCOL_TYPE, Context, Group, GroupState, Member, milliseconds};
use crate::{CoordinatorRecord, JoinGroup, JoinProtocol, record};

impl<Token> Group<Token> {
    pub(super) fn new(id: Str, now: WallMillis) -> Self {
        Group {
            id,
            state: GroupState::Empty,
            state_since: Some(now),
            generation: 0,
            protocol_type: None,
            protocol_name: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_members: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            initial: None,
            subscribed_topics: None,
        }
    }

    /// Whether a request in the name of this member is to be heard.
    pub(super) fn check_member(&self, member_id: &str, group_instance_id: Option<&Str>) -> Result<(), ErrorCode> {
        if let Some(instance_id) = group_instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(current) if **current != *member_id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    pub(super) fn add_member(&mut self, member: Member<Token>, protocol_type: &Str) {
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.detached());
        }
        if let Some(instance_id) = &member.group_instance_id {
            self.static_members.insert(instance_id.clone(), member.id.clone());
        }
        if self.leader.is_none() {
            self.leader = Some(member.id.clone());
        }
        self.pending_members.remove(&member.id);
        let replaced = self.members.insert(member.id.clone(), member);
        assert!(replaced.is_none(), "a member is added once");
    }

    /// Takes a member, or an id that was given out, away. What it waits for is answered UNKNOWN_MEMBER_ID.
    pub(super) fn remove_member(&mut self, context: &mut Context<'_, Token>, member_id: &Str) {
        context.timers.cancel(self.session_key(member_id));
        self.pending_members.remove(member_id);
        self.pending_sync.remove(member_id);
        if self.pending_sync.is_empty() {
            context.timers.cancel(self.sync_key());
        }
        let Some(mut member) = self.members.remove(member_id) else { return };
        member.fail(context, ErrorCode::UnknownMemberId, &Str::EMPTY);
        if let Some(instance_id) = &member.group_instance_id
            && self.static_members.get(instance_id) == Some(member_id)
        {
            self.static_members.remove(instance_id);
        }
        if self.leader.as_ref() == Some(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
    }

    /// Whether somebody with these protocols can be among the members; with an empty group, whether it can be at all.
    pub(super) fn supports(&self, protocol_type: &str, protocols: &[JoinProtocol]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols.iter().any(|protocol| self.is_common(&protocol.name))
    }

    fn is_common(&self, protocol: &str) -> bool {
        self.members.values().all(|member| member.metadata(protocol).is_some())
    }

    /// The protocol that everybody has and most put first; of several the first by name.
    pub(super) fn select_protocol(&self) -> Option<Str> {
        let first = self.members.values().next()?;
        let names = first.protocols.iter().map(|protocol| &protocol.name);
        let candidates: BTreeSet<&Str> = names.filter(|name| self.is_common(name)).collect();
        let mut votes: BTreeMap<&Str, usize> = BTreeMap::new();
        for member in self.members.values() {
            let vote = member.protocols.iter().find(|protocol| candidates.contains(&protocol.name));
            if let Some(protocol) = vote {
                *votes.entry(&protocol.name).or_default() += 1;
            }
        }
        let mut selected: Option<(&Str, usize)> = None;
        for (name, count) in votes {
            if selected.is_none_or(|(_, most)| count > most) {
                selected = Some((name, count));
            }
        }
        selected.map(|(name, _)| name.clone())
    }

    pub(super) fn all_joined(&self) -> bool {
        self.pending_members.is_empty() && self.members.values().all(|member| member.joining.is_some())
    }

    pub(super) fn joining_count(&self) -> usize {
        self.members.values().filter(|member| member.joining.is_some()).count()
    }

    pub(super) fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    /// The longest of the members.
    pub(super) fn rebalance_timeout(&self) -> Duration {
        milliseconds(self.members.values().map(|member| member.rebalance_timeout_ms).max().unwrap_or(0))
    }

    /// The members as their leader needs them.
    pub(super) fn members_for_leader(&self) -> Vec<JoinMember> {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let members = self.members.values().map(|member| JoinMember {
            member_id: member.id.clone(),
            group_instance_id: member.group_instance_id.clone(),
            metadata: member.metadata(protocol).cloned().unwrap_or_default(),
        });
        members.collect()
    }

    /// What the group answers to a member that is part of its generation.
    pub(super) fn joined_reply(&self, member_id: &Str) -> JoinReply {
        JoinReply {
            error: ErrorCode::None,
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            member_id: member_id.clone(),
            members: if self.is_leader(member_id) { self.members_for_leader() } else { Vec::new() },
        }
    }

    pub(super) fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER_PROTOCOL_TYPE)
    }

    /// Where the subscription cannot be read, a group of consumers counts as subscribed to everything.
    pub(super) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed_topics {
            Some(topics) => topics.contains(topic),
            None => self.uses_consumer_protocol(),
        }
    }

    pub(super) fn read_subscriptions(&mut self) {
        self.subscribed_topics = self.subscriptions();
    }

    fn subscriptions(&self) -> Option<BTreeSet<Str>> {
        if !self.uses_consumer_protocol() {
            return None;
        }
        let mut topics = BTreeSet::new();
        if self.members.is_empty() {
            return Some(topics);
        }
        let protocol = self.protocol_name.as_ref()?;
        for member in self.members.values() {
            let metadata = member.metadata(protocol)?.clone();
            let subscription = ConsumerProtocolSubscription::from_member(metadata).ok()?;
            topics.extend(subscription.topics.iter().map(Str::detached));
        }
        Some(topics)
    }

    /// The record that keeps generation, protocol, members and assignments.
    pub(super) fn metadata_record(&self) -> CoordinatorRecord {
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let members = self.members.values().map(|member| MemberMetadata {
            member_id: member.id.clone(),
            group_instance_id: member.group_instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout: member.rebalance_timeout_ms,
            session_timeout: member.session_timeout_ms,
            subscription: member.metadata(protocol).cloned().unwrap_or_default(),
            assignment: member.assignment.clone(),
        });
        let value = GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol_name.clone(),
            leader: self.leader.clone(),
            current_state_timestamp: self.state_since.map_or(-1, |since| since.0),
            members: members.collect(),
        };
        record::group_metadata(&self.id, &value)
    }

    pub(super) fn session_key(&self, member_id: &Str) -> TimerKey {
        TimerKey::Session { group_id: self.id.clone(), member_id: member_id.clone() }
    }

    pub(super) fn rebalance_key(&self) -> TimerKey {
        TimerKey::Rebalance { group_id: self.id.clone() }
    }

    pub(super) fn sync_key(&self) -> TimerKey {
        TimerKey::Sync { group_id: self.id.clone() }
    }

    /// The member was heard of: its session starts anew.
    pub(super) fn renew_session(&self, context: &mut Context<'_, Token>, member_id: &str) {
        if let Some(member) = self.members.get(member_id) {
            context.set_timer(self.session_key(&member.id), milliseconds(member.session_timeout_ms));
        }
    }
}

impl<Token> Member<Token> {
    /// Somebody new. Texts and bytes are copied, so that the member does not keep the request in memory.
    pub(super) fn new(id: Str, join: &JoinGroup) -> Self {
        let mut member = Member {
            id,
            group_instance_id: join.group_instance_id.as_ref().map(Str::detached),
            client_id: join.client_id.detached(),
            client_host: join.client_host.detached(),
            rebalance_timeout_ms: 0,
            session_timeout_ms: 0,
            protocols: Vec::new(),
            assignment: Bytes::new(),
            joining: None,
            syncing: None,
            is_new: true,
        };
        member.update(join);
        member
    }

    /// Takes over what the member says about itself.
    pub(super) fn update(&mut self, join: &JoinGroup) {
        self.rebalance_timeout_ms = join.rebalance_timeout_ms;
        self.session_timeout_ms = join.session_timeout_ms;
        let protocols = join.protocols.iter().map(|protocol| JoinProtocol {
            name: protocol.name.detached(),
            metadata: Bytes::copy_from_slice(&protocol.metadata),
        });
        self.protocols = protocols.collect();
    }

    /// Whether an answer is parked for it.
    pub(super) fn is_waiting(&self) -> bool {
        self.joining.is_some() || self.syncing.is_some()
    }

    /// What the member says about itself in a protocol, if it has it.
    pub(super) fn metadata(&self, protocol: &str) -> Option<&Bytes> {
        self.protocols.iter().find(|known| *known.name == *protocol).map(|known| &known.metadata)
    }

    /// Lets a JoinGroup wait. One that waits already is from a connection that the client gave up, or hurried by.
    pub(super) fn wait_for_join(&mut self, context: &mut Context<'_, Token>, token: Token) {
        if let Some(earlier) = self.joining.replace(token) {
            let reply = JoinReply::failed(ErrorCode::RebalanceInProgress, self.id.clone());
            context.reply(earlier, GroupReply::Join(reply));
        }
    }

    /// Lets a SyncGroup wait.
    pub(super) fn wait_for_sync(&mut self, context: &mut Context<'_, Token>, token: Token) {
        if let Some(earlier) = self.syncing.replace(token) {
            context.reply(earlier, GroupReply::Sync(SyncReply::failed(ErrorCode::RebalanceInProgress)));
        }
    }

    /// Answers whatever the member waits for with an error.
    pub(super) fn fail(&mut self, context: &mut Context<'_, Token>, error: ErrorCode, member_id: &Str) {
        if let Some(token) = self.joining.take() {
            context.reply(token, GroupReply::Join(JoinReply::failed(error, member_id.clone())));
        }
        if let Some(token) = self.syncing.take() {
            context.reply(token, GroupReply::Sync(SyncReply::failed(error)));
        }
    }
}

impl JoinReply {
    pub(super) fn failed(error: ErrorCode, member_id: Str) -> Self {
        JoinReply {
            error,
            generation_id: -1,
            protocol_type: None,
            protocol_name: None,
            leader: Str::EMPTY,
            skip_assignment: false,
            member_id,
            members: Vec::new(),
        }
    }
}

impl SyncReply {
    pub(super) fn failed(error: ErrorCode) -> Self {
        SyncReply { error, ..SyncReply::default() }
    }
}
