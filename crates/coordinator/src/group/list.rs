//! ListGroups 0 to 5: the groups that this broker coordinates.
//!
//! - Versions: 4 filters by state (KIP-518), 5 by type (KIP-848).

use stream_codec::Str;
use stream_types::{Offset, PartitionIndex};

use super::GroupShard;
use super::reply::{GroupReply, ListedGroup};
use crate::{ListGroups, Step};

const CLASSIC: &str = "classic";

impl<Token> GroupShard<Token> {
    pub(super) fn list_groups(&mut self, list: &ListGroups, token: Token, step: &mut Step<Token>) {
        let groups = self.groups().filter(|group| {
            let passes = |filter: &[Str], value: &str| {
                filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(value))
            };
            passes(&list.states, &group.state) && passes(&list.types, &group.group_type)
        });
        let groups = groups.collect();
        step.replies.push((token, GroupReply::List(groups)));
    }

    /// The groups of this shard, sorted; for metrics and administration.
    pub fn groups(&self) -> impl Iterator<Item = ListedGroup> {
        self.groups.values().map(|group| ListedGroup {
            group_id: group.id.clone(),
            protocol_type: group.protocol_type.clone().unwrap_or_default(),
            state: Str::from_static(group.state.name()),
            group_type: Str::from_static(CLASSIC),
        })
    }

    /// Members that wait for the answer to their JoinGroup, and to their SyncGroup; for metrics.
    pub fn waiting_members(&self) -> (usize, usize) {
        let members = || self.groups.values().flat_map(|group| group.members.values());
        let joining = members().filter(|member| member.joining.is_some()).count();
        (joining, members().filter(|member| member.syncing.is_some()).count())
    }

    /// Every committed offset that the log holds: group, topic, partition, offset. Sorted; for the lag metric.
    pub fn committed_offsets(&self) -> impl Iterator<Item = (&Str, &Str, PartitionIndex, Offset)> {
        self.offsets.replayed().map(|(group, topic, partition, committed)| (group, topic, partition, committed.offset))
    }
}
