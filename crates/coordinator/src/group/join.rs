//! JoinGroup 0 to 9: who is in the group, and which generation begins.
//!
//! - A group is made by the first member without an id; with an id it must exist.
//! - From version 4 a dynamic member is first given an id and must come again with it (KIP-394), so that a client
//!   that gives up leaves no member behind.
//! - The answer waits until all known members have joined, or the longest rebalance timeout is over. A member that
//!   has nothing new to say during a generation is answered at once.
//! - Versions: 5 static members (KIP-345), 7 protocol type and name, 9 `skip_assignment` (KIP-814).

use std::time::Duration;

use stream_codec::Str;
use stream_types::{ErrorCode, Now};

use super::reply::{GroupReply, JoinReply};
use super::{Context, Group, GroupShard, GroupState, Member, milliseconds};
use crate::record::TEXT_BYTES_MAX;
use crate::{GroupConfig, JoinGroup, Step};

/// How long a member that was in no generation yet may wait for one.
const NEW_MEMBER_JOIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

impl<Token> GroupShard<Token> {
    pub(super) fn join(&mut self, now: Now, join: JoinGroup, token: Token, step: &mut Step<Token>) {
        if let Err(error) = check(&self.config, &join) {
            let reply = JoinReply::failed(error, join.member_id.detached());
            step.replies.push((token, GroupReply::Join(reply)));
            return;
        }
        let is_new_group = !self.groups.contains_key(&join.group_id);
        if is_new_group {
            let error = if !join.member_id.is_empty() {
                Some(ErrorCode::UnknownMemberId)
            } else if join.protocol_type.is_empty() || join.protocols.is_empty() {
                Some(ErrorCode::InconsistentGroupProtocol)
            } else {
                None
            };
            if let Some(error) = error {
                let reply = JoinReply::failed(error, join.member_id.detached());
                step.replies.push((token, GroupReply::Join(reply)));
                return;
            }
            // As Kafka does: a group that gives out ids is in the log.
            step.records.push(self.group_or_new(now, &join.group_id).metadata_record());
        }
        self.with_group(&join.group_id, now, step, |group, context| group.join(context, &join, token));
    }
}

fn check(config: &GroupConfig, join: &JoinGroup) -> Result<(), ErrorCode> {
    if join.group_id.is_empty() || join.group_id.len() > TEXT_BYTES_MAX {
        return Err(ErrorCode::InvalidGroupId);
    }
    let session_timeout = milliseconds(join.session_timeout_ms);
    if session_timeout < config.session_timeout_min || session_timeout > config.session_timeout_max {
        return Err(ErrorCode::InvalidSessionTimeout);
    }
    let instance_id = join.group_instance_id.as_ref();
    let texts = [&join.client_id, &join.client_host, &join.protocol_type].into_iter();
    let texts = texts.chain(instance_id).chain(join.protocols.iter().map(|protocol| &protocol.name));
    for text in texts {
        if text.len() > TEXT_BYTES_MAX {
            return Err(ErrorCode::InvalidRequest);
        }
    }
    Ok(())
}

impl<Token> Group<Token> {
    fn join(&mut self, context: &mut Context<'_, Token>, join: &JoinGroup, token: Token) {
        if !self.has_room_for(context.config.size_max, &join.member_id) {
            let reply = JoinReply::failed(ErrorCode::GroupMaxSizeReached, Str::EMPTY);
            context.reply(token, GroupReply::Join(reply));
            if !join.member_id.is_empty() {
                self.remove_member(context, &join.member_id);
                self.complete_join_if_all_joined(context);
            }
        } else if !self.supports(&join.protocol_type, &join.protocols) {
            let reply = JoinReply::failed(ErrorCode::InconsistentGroupProtocol, join.member_id.detached());
            context.reply(token, GroupReply::Join(reply));
        } else if join.member_id.is_empty() {
            self.join_without_id(context, join, token);
        } else {
            self.join_with_id(context, join, token);
        }
    }

    fn has_room_for(&self, size_max: usize, member_id: &str) -> bool {
        let member = self.members.get(member_id);
        match self.state {
            GroupState::Empty => true,
            GroupState::PreparingRebalance => {
                member.is_some_and(|member| member.joining.is_some()) || self.joining_count() < size_max
            }
            GroupState::CompletingRebalance | GroupState::Stable => member.is_some() || self.members.len() < size_max,
        }
    }

    fn join_without_id(&mut self, context: &mut Context<'_, Token>, join: &JoinGroup, token: Token) {
        let prefix = join.group_instance_id.as_ref().unwrap_or(&join.client_id);
        let member_id = Str::from(format!("{prefix}-{}", context.random.uuid()));
        let Some(instance_id) = &join.group_instance_id else {
            if !join.requires_known_member_id {
                self.add_new_member(context, member_id, join, token);
                return;
            }
            self.pending_members.insert(member_id.clone());
            context.set_timer(self.session_key(&member_id), milliseconds(join.session_timeout_ms));
            let reply = JoinReply::failed(ErrorCode::MemberIdRequired, member_id);
            context.reply(token, GroupReply::Join(reply));
            return;
        };
        match self.static_members.get(instance_id).cloned() {
            Some(earlier_id) => self.rejoin_static(context, &earlier_id, member_id, join, token),
            None => self.add_new_member(context, member_id, join, token),
        }
    }

    fn join_with_id(&mut self, context: &mut Context<'_, Token>, join: &JoinGroup, token: Token) {
        let member_id = &join.member_id;
        if join.group_instance_id.is_none() && self.pending_members.contains(member_id) {
            self.add_new_member(context, member_id.detached(), join, token);
            return;
        }
        if let Err(error) = self.check_member(member_id, join.group_instance_id.as_ref()) {
            context.reply(token, GroupReply::Join(JoinReply::failed(error, member_id.detached())));
            return;
        }
        let has_news = match self.state {
            GroupState::Empty => unreachable!("an empty group has no members"),
            GroupState::PreparingRebalance => true,
            GroupState::CompletingRebalance => !self.knows(join),
            // The leader comes back because it wants to assign anew.
            GroupState::Stable => self.is_leader(member_id) || !self.knows(join),
        };
        if !has_news {
            self.renew_session(context, member_id);
            let reply = self.joined_reply(&member_id.detached());
            context.reply(token, GroupReply::Join(reply));
            return;
        }
        let member = self.members.get_mut(member_id).expect("the member was just checked");
        member.update(join);
        member.wait_for_join(context, token);
        self.rebalance_or_complete_join(context);
    }

    /// Whether the member said the same before.
    fn knows(&self, join: &JoinGroup) -> bool {
        self.members.get(&join.member_id).is_some_and(|member| member.protocols == join.protocols)
    }

    fn add_new_member(&mut self, context: &mut Context<'_, Token>, id: Str, join: &JoinGroup, token: Token) {
        let mut member = Member::new(id.clone(), join);
        member.wait_for_join(context, token);
        if let Some(initial) = &mut self.initial {
            initial.member_added = true;
        }
        self.add_member(member, &join.protocol_type);
        context.set_timer(self.session_key(&id), NEW_MEMBER_JOIN_TIMEOUT);
        self.rebalance_or_complete_join(context);
    }
}
