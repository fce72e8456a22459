//! SyncGroup 0 to 5: the leader brings what everybody gets, everybody fetches it.
//!
//! - The assignment is a GroupMetadata record before anybody hears of it; a member that the leader left out gets an
//!   empty one.
//! - Members that do not sync within the rebalance timeout are removed.
//! - Versions: 3 static members, 5 protocol type and name are checked (KIP-559).

use std::collections::BTreeMap;

use bytes::Bytes;
use stream_codec::Str;
use stream_types::{ErrorCode, Now};

use super::reply::{GroupReply, SyncReply};
use super::{Context, Group, GroupShard, GroupState};
use crate::{Step, SyncGroup};

impl<Token> GroupShard<Token> {
    pub(super) fn sync(&mut self, now: Now, sync: SyncGroup, token: Token, step: &mut Step<Token>) {
        let error = if sync.group_id.is_empty() {
            Some(ErrorCode::InvalidGroupId)
        } else {
            self.groups.get(&sync.group_id).map_or(Some(ErrorCode::UnknownMemberId), |group| group.check_sync(&sync))
        };
        if let Some(error) = error {
            step.replies.push((token, GroupReply::Sync(SyncReply::failed(error))));
            return;
        }
        self.with_group(&sync.group_id, now, step, |group, context| group.sync(context, &sync, token));
    }
}

impl<Token> Group<Token> {
    fn check_sync(&self, sync: &SyncGroup) -> Option<ErrorCode> {
        if let Err(error) = self.check_member(&sync.member_id, sync.group_instance_id.as_ref()) {
            return Some(error);
        }
        if sync.generation_id != self.generation {
            return Some(ErrorCode::IllegalGeneration);
        }
        let differs = |sent: &Option<Str>, ours: &Option<Str>| sent.is_some() && ours.is_some() && sent != ours;
        if differs(&sync.protocol_type, &self.protocol_type) || differs(&sync.protocol_name, &self.protocol_name) {
            return Some(ErrorCode::InconsistentGroupProtocol);
        }
        (self.state == GroupState::PreparingRebalance).then_some(ErrorCode::RebalanceInProgress)
    }

    fn sync(&mut self, context: &mut Context<'_, Token>, sync: &SyncGroup, token: Token) {
        assert!(matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable));
        self.pending_sync.remove(&sync.member_id);
        if self.pending_sync.is_empty() {
            context.timers.cancel(self.sync_key());
        }
        let member = self.members.get_mut(&sync.member_id).expect("the member was just checked");
        member.wait_for_sync(context, token);
        if self.state == GroupState::CompletingRebalance && !self.is_leader(&sync.member_id) {
            return;
        }
        if self.state == GroupState::CompletingRebalance {
            self.assign(sync);
            self.enter(context, GroupState::Stable);
            context.step.records.push(self.metadata_record());
        }
        self.answer_synced(context);
    }

    fn assign(&mut self, sync: &SyncGroup) {
        let sent = sync.assignments.iter().map(|one| (&*one.member_id, &one.assignment));
        let assignments: BTreeMap<&str, &Bytes> = sent.collect();
        for member in self.members.values_mut() {
            let assignment = assignments.get(&*member.id);
            member.assignment = assignment.map(|bytes| Bytes::copy_from_slice(bytes)).unwrap_or_default();
        }
    }

    fn answer_synced(&mut self, context: &mut Context<'_, Token>) {
        let waiting = self.members.values_mut().filter_map(|member| {
            let token = member.syncing.take()?;
            Some((member.id.clone(), member.assignment.clone(), token))
        });
        let waiting: Vec<(Str, Bytes, Token)> = waiting.collect();
        for (member_id, assignment, token) in waiting {
            let reply = SyncReply {
                error: ErrorCode::None,
                protocol_type: self.protocol_type.clone(),
                protocol_name: self.protocol_name.clone(),
                assignment,
            };
            context.reply(token, GroupReply::Sync(reply));
            self.renew_session(context, &member_id);
        }
    }

    /// Members of the generation that never came for their assignment are gone.
    pub(super) fn sync_expired(&mut self, context: &mut Context<'_, Token>) {
        assert!(matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable));
        assert!(!self.pending_sync.is_empty());
        for member_id in std::mem::take(&mut self.pending_sync) {
            self.remove_member(context, &member_id);
        }
        self.prepare_rebalance(context);
    }
}
