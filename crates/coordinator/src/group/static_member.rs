//! A static member that restarted (KIP-345): it comes without a member id and takes its old place under a new one. In a
//! stable group nobody else notices, unless the group's protocol changes.

use stream_codec::Str;
use stream_types::ErrorCode;

use super::reply::GroupReply;
use super::{Context, Group, GroupState};
use crate::JoinGroup;

impl<Token> Group<Token> {
    pub(super) fn rejoin_static(
        &mut self,
        context: &mut Context<'_, Token>,
        earlier_id: &Str,
        member_id: Str,
        join: &JoinGroup,
        token: Token,
    ) {
        let earlier_leader = self.leader.clone();
        self.replace_static_member(context, earlier_id, &member_id, join);
        self.renew_session(context, &member_id);
        if self.state == GroupState::Stable && self.select_protocol() == self.protocol_name {
            self.read_subscriptions();
            context.step.records.push(self.metadata_record());
            let mut reply = self.joined_reply(&member_id);
            if join.supports_skipping_assignment {
                reply.skip_assignment = self.is_leader(&member_id);
            } else {
                // Under its old id the leader is somebody else to the member, so it does not assign.
                reply.leader = earlier_leader.unwrap_or_default();
                reply.members = Vec::new();
            }
            context.reply(token, GroupReply::Join(reply));
            return;
        }
        let member = self.members.get_mut(&member_id).expect("the member was just put there");
        member.wait_for_join(context, token);
        self.rebalance_or_complete_join(context);
    }

    fn replace_static_member(
        &mut self,
        context: &mut Context<'_, Token>,
        earlier_id: &Str,
        member_id: &Str,
        join: &JoinGroup,
    ) {
        let mut member = self.members.remove(earlier_id).expect("instance ids name members");
        member.fail(context, ErrorCode::FencedInstanceId, earlier_id);
        context.timers.cancel(self.session_key(earlier_id));
        member.id = member_id.clone();
        member.client_id = join.client_id.detached();
        member.client_host = join.client_host.detached();
        member.is_new = false;
        member.update(join);
        let instance_id = member.group_instance_id.clone().expect("a static member has an instance id");
        self.static_members.insert(instance_id, member_id.clone());
        if self.is_leader(earlier_id) {
            self.leader = Some(member_id.clone());
        }
        if self.pending_sync.remove(earlier_id) {
            self.pending_sync.insert(member_id.clone());
        }
        self.members.insert(member_id.clone(), member);
    }
}
