//! Members that were silent for longer than their session.

use stream_codec::Str;

use super::{Context, Group, GroupState};

impl<Token> Group<Token> {
    pub(super) fn session_expired(&mut self, context: &mut Context<'_, Token>, member_id: &Str) {
        let was_member = match self.members.get(member_id) {
            Some(member) if member.is_waiting() && !member.is_new => {
                // The answer it waits for starts its session anew.
                return;
            }
            Some(_) => true,
            None => false,
        };
        self.remove_member(context, member_id);
        if self.state == GroupState::PreparingRebalance {
            if self.all_joined() {
                self.complete_join(context);
            }
        } else if was_member {
            self.prepare_rebalance(context);
        }
    }
}
