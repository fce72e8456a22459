//! Heartbeat 0 to 4: a member is alive, and learns that it must join again.

use stream_types::{ErrorCode, Now};

use super::reply::GroupReply;
use super::{GroupShard, GroupState};
use crate::{Heartbeat, Step};

impl<Token> GroupShard<Token> {
    pub(super) fn heartbeat(&mut self, now: Now, heartbeat: Heartbeat, token: Token, step: &mut Step<Token>) {
        let error = if heartbeat.group_id.is_empty() {
            ErrorCode::InvalidGroupId
        } else {
            let heard = self.with_group(&heartbeat.group_id, now, step, |group, context| {
                if let Err(error) = group.check_member(&heartbeat.member_id, heartbeat.group_instance_id.as_ref()) {
                    return error;
                }
                if heartbeat.generation_id != group.generation {
                    return ErrorCode::IllegalGeneration;
                }
                group.renew_session(context, &heartbeat.member_id);
                match group.state {
                    GroupState::PreparingRebalance => ErrorCode::RebalanceInProgress,
                    _ => ErrorCode::None,
                }
            });
            heard.unwrap_or(ErrorCode::UnknownMemberId)
        };
        step.replies.push((token, GroupReply::Heartbeat(error)));
    }
}
