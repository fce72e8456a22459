//! DescribeGroups 0 to 6: state and members of a group.
//!
//! - What members said and were given is told of a stable group only.
//! - A group that is not there is `Dead`; version 6 adds GROUP_ID_NOT_FOUND (KIP-1043).

use bytes::Bytes;
use stream_codec::Str;
use stream_types::ErrorCode;

use super::reply::{DescribeReply, DescribedMember, GroupReply};
use super::{DEAD, Group, GroupShard, GroupState};
use crate::{DescribeGroup, Step};

impl<Token> GroupShard<Token> {
    pub(super) fn describe_group(&mut self, describe: DescribeGroup, token: Token, step: &mut Step<Token>) {
        let reply = match self.groups.get(&describe.group_id) {
            Some(group) => group.describe(),
            None if describe.unknown_is_error => DescribeReply {
                error: ErrorCode::GroupIdNotFound,
                error_message: Some(format!("Group {} not found.", describe.group_id)),
                ..dead(&describe)
            },
            None => dead(&describe),
        };
        step.replies.push((token, GroupReply::Describe(reply)));
    }
}

fn dead(describe: &DescribeGroup) -> DescribeReply {
    DescribeReply { group_id: describe.group_id.detached(), state: Str::from_static(DEAD), ..DescribeReply::default() }
}

impl<Token> Group<Token> {
    fn describe(&self) -> DescribeReply {
        let is_stable = self.state == GroupState::Stable;
        let protocol = self.protocol_name.clone().filter(|_| is_stable).unwrap_or_default();
        let members = self.members.values().map(|member| DescribedMember {
            member_id: member.id.clone(),
            group_instance_id: member.group_instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            metadata: member.metadata(&protocol).filter(|_| is_stable).cloned().unwrap_or_default(),
            assignment: if is_stable { member.assignment.clone() } else { Bytes::new() },
        });
        DescribeReply {
            error: ErrorCode::None,
            error_message: None,
            group_id: self.id.clone(),
            state: Str::from_static(self.state.name()),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            members: members.collect(),
            protocol,
        }
    }
}
