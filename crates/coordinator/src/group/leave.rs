//! LeaveGroup 0 to 5: members go, and the others share what they had.
//!
//! - From version 3 several go at once, static members also by their instance id alone (KIP-345).
//! - Who is not there is an error of its own; the others go all the same.

use stream_codec::Str;
use stream_types::{ErrorCode, Now};

use super::reply::{GroupReply, LeaveReply, LeftMember};
use super::{Context, Group, GroupShard, GroupState};
use crate::{LeaveGroup, LeavingMember, Step};

impl<Token> GroupShard<Token> {
    pub(super) fn leave(&mut self, now: Now, leave: LeaveGroup, token: Token, step: &mut Step<Token>) {
        if leave.group_id.is_empty() {
            let reply = LeaveReply { error: ErrorCode::InvalidGroupId, members: Vec::new() };
            step.replies.push((token, GroupReply::Leave(reply)));
            return;
        }
        let left = self.with_group(&leave.group_id, now, step, |group, context| group.leave(context, &leave.members));
        let members = left.unwrap_or_else(|| {
            let unknown = leave.members.iter().map(|member| left_member(member, ErrorCode::UnknownMemberId));
            unknown.collect()
        });
        let reply = LeaveReply { error: ErrorCode::None, members };
        step.replies.push((token, GroupReply::Leave(reply)));
    }
}

fn left_member(leaving: &LeavingMember, error: ErrorCode) -> LeftMember {
    LeftMember {
        member_id: leaving.member_id.detached(),
        group_instance_id: leaving.group_instance_id.as_ref().map(Str::detached),
        error,
    }
}

impl<Token> Group<Token> {
    fn leave(&mut self, context: &mut Context<'_, Token>, leaving: &[LeavingMember]) -> Vec<LeftMember> {
        let mut left = Vec::new();
        let mut somebody_left = false;
        for member in leaving {
            let error = match self.leaving_member_id(member) {
                Ok(member_id) => {
                    self.remove_member(context, &member_id);
                    somebody_left = true;
                    ErrorCode::None
                }
                Err(error) => error,
            };
            left.push(left_member(member, error));
        }
        if somebody_left {
            match self.state {
                GroupState::Empty => {}
                GroupState::PreparingRebalance => self.complete_join_if_all_joined(context),
                GroupState::CompletingRebalance | GroupState::Stable => self.prepare_rebalance(context),
            }
        }
        left
    }

    fn leaving_member_id(&self, leaving: &LeavingMember) -> Result<Str, ErrorCode> {
        if leaving.member_id.is_empty() {
            let instance_id = leaving.group_instance_id.as_ref().ok_or(ErrorCode::UnknownMemberId)?;
            return self.static_members.get(instance_id).cloned().ok_or(ErrorCode::UnknownMemberId);
        }
        if !self.pending_members.contains(&leaving.member_id) {
            self.check_member(&leaving.member_id, leaving.group_instance_id.as_ref())?;
        }
        Ok(leaving.member_id.detached())
    }
}
