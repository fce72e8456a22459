//! From one generation to the next: PreparingRebalance waits for everybody to join, CompletingRebalance for the leader
//! to assign.

use std::time::Duration;

use bytes::Bytes;
use stream_codec::Str;
use stream_types::ErrorCode;

use super::reply::{GroupReply, SyncReply};
use super::{Context, Group, GroupState, InitialRebalance};

/// Shortest wait before a rebalance that nobody joined is looked at again.
const NOBODY_JOINED_WAIT_MIN: Duration = Duration::from_millis(100);

impl<Token> Group<Token> {
    /// Something changed in the group: begin a rebalance, or see whether the one that goes on is over.
    pub(super) fn rebalance_or_complete_join(&mut self, context: &mut Context<'_, Token>) {
        if self.state == GroupState::PreparingRebalance {
            self.complete_join_if_all_joined(context);
        } else {
            self.prepare_rebalance(context);
        }
    }

    /// Sends everybody back to JoinGroup.
    pub(super) fn prepare_rebalance(&mut self, context: &mut Context<'_, Token>) {
        assert!(self.state != GroupState::PreparingRebalance);
        if self.state == GroupState::CompletingRebalance {
            self.refuse_waiting_syncs(context);
        }
        self.pending_sync.clear();
        context.timers.cancel(self.sync_key());
        let was_empty = self.state == GroupState::Empty;
        self.enter(context, GroupState::PreparingRebalance);
        if was_empty {
            let delay = context.config.initial_rebalance_delay;
            let remaining = self.rebalance_timeout().saturating_sub(delay);
            self.initial = Some(InitialRebalance { delay, remaining, member_added: false });
            context.set_timer(self.rebalance_key(), delay);
        } else if self.all_joined() {
            self.complete_join(context);
        } else {
            context.set_timer(self.rebalance_key(), self.rebalance_timeout());
        }
    }

    /// Ends the wait if nobody is missing. The first rebalance of an empty group waits out its delay.
    pub(super) fn complete_join_if_all_joined(&mut self, context: &mut Context<'_, Token>) {
        if self.state == GroupState::PreparingRebalance && self.initial.is_none() && self.all_joined() {
            self.complete_join(context);
        }
    }

    /// The rebalance has waited long enough, or has to be extended because members are still arriving.
    pub(super) fn rebalance_due(&mut self, context: &mut Context<'_, Token>) {
        assert!(self.state == GroupState::PreparingRebalance);
        if let Some(initial) = self.initial
            && initial.member_added
            && !initial.remaining.is_zero()
        {
            let delay = context.config.initial_rebalance_delay.min(initial.remaining);
            let remaining = initial.remaining.saturating_sub(initial.delay);
            self.initial = Some(InitialRebalance { delay, remaining, member_added: false });
            context.set_timer(self.rebalance_key(), delay);
            return;
        }
        self.complete_join(context);
    }

    /// Begins the next generation with those that joined.
    pub(super) fn complete_join(&mut self, context: &mut Context<'_, Token>) {
        assert!(self.state == GroupState::PreparingRebalance);
        context.timers.cancel(self.rebalance_key());
        self.evict_those_that_did_not_rejoin(context);
        if !self.members.is_empty() && !self.elect_leader_that_joined() {
            // Only static members are left, and none of them is here.
            context.set_timer(self.rebalance_key(), self.rebalance_timeout().max(NOBODY_JOINED_WAIT_MIN));
            return;
        }
        self.initial = None;
        self.generation = self.generation.checked_add(1).unwrap_or(0);
        self.pending_sync.clear();
        self.protocol_name = self.select_protocol();
        self.read_subscriptions();
        if self.members.is_empty() {
            self.enter(context, GroupState::Empty);
            context.step.records.push(self.metadata_record());
            return;
        }
        assert!(self.protocol_name.is_some(), "members have a protocol in common");
        self.enter(context, GroupState::CompletingRebalance);
        self.answer_joined(context);
        self.pending_sync = self.members.keys().cloned().collect();
        context.set_timer(self.sync_key(), self.rebalance_timeout());
    }

    fn evict_those_that_did_not_rejoin(&mut self, context: &mut Context<'_, Token>) {
        let missing = self.members.values().filter(|member| member.joining.is_none());
        let dynamic = missing.filter(|member| member.group_instance_id.is_none());
        let evicted: Vec<Str> = dynamic.map(|member| member.id.clone()).collect();
        for member_id in &evicted {
            self.remove_member(context, member_id);
        }
    }

    /// Whether there is a leader that joined; one that did not is replaced.
    fn elect_leader_that_joined(&mut self) -> bool {
        let leader = self.leader.as_ref().and_then(|leader| self.members.get(leader));
        if leader.is_some_and(|leader| leader.joining.is_some()) {
            return true;
        }
        let Some(elected) = self.members.values().find(|member| member.joining.is_some()) else { return false };
        self.leader = Some(elected.id.clone());
        true
    }

    fn answer_joined(&mut self, context: &mut Context<'_, Token>) {
        let member_ids: Vec<Str> = self.members.keys().cloned().collect();
        for member_id in &member_ids {
            let Some(member) = self.members.get_mut(member_id) else { continue };
            member.is_new = false;
            if let Some(token) = member.joining.take() {
                let reply = self.joined_reply(member_id);
                context.reply(token, GroupReply::Join(reply));
            }
            self.renew_session(context, member_id);
        }
    }

    /// The assignment will not come: those that wait for it must join again.
    fn refuse_waiting_syncs(&mut self, context: &mut Context<'_, Token>) {
        for member in self.members.values_mut() {
            member.assignment = Bytes::new();
        }
        let waiting = self.members.values().filter(|member| member.syncing.is_some());
        let waiting: Vec<Str> = waiting.map(|member| member.id.clone()).collect();
        for member_id in &waiting {
            let token = self.members.get_mut(member_id).and_then(|member| member.syncing.take());
            if let Some(token) = token {
                context.reply(token, GroupReply::Sync(SyncReply::failed(ErrorCode::RebalanceInProgress)));
            }
            self.renew_session(context, member_id);
        }
    }

    pub(super) fn enter(&mut self, context: &Context<'_, Token>, state: GroupState) {
        self.state = state;
        self.state_since = Some(context.now.wall);
    }
}
