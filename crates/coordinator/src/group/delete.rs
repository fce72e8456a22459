//! DeleteGroups 0 to 2: forgets a group without members, and its offsets.

use stream_codec::Str;
use stream_types::{ErrorCode, PartitionIndex};

use super::reply::GroupReply;
use super::{GroupShard, GroupState};
use crate::{DeleteGroup, Step, record};

impl<Token> GroupShard<Token> {
    pub(super) fn delete_group(&mut self, delete: DeleteGroup, token: Token, step: &mut Step<Token>) {
        let error = match self.groups.get(&delete.group_id) {
            None => ErrorCode::GroupIdNotFound,
            Some(group) if group.state != GroupState::Empty => ErrorCode::NonEmptyGroup,
            Some(_) => ErrorCode::None,
        };
        if error.is_none() {
            let offsets = self.offsets.of_group(&delete.group_id);
            let offsets: Vec<(Str, PartitionIndex)> = offsets.map(|(topic, index, _)| (topic.clone(), index)).collect();
            for (topic, partition) in offsets {
                step.records.push(self.offsets.propose(&delete.group_id, &topic, partition, None));
            }
            step.records.push(record::group_tombstone(&delete.group_id));
            self.remove_group(&delete.group_id);
        }
        step.replies.push((token, GroupReply::Delete(error)));
    }
}
