//! OffsetDelete 0: forgets offsets of topics that nobody in the group consumes (KIP-496).

use stream_types::ErrorCode;

use super::reply::{DeleteOffsetsReply, GroupReply, PartitionResult, TopicResults};
use super::{GroupShard, GroupState};
use crate::{DeleteOffsets, Step};

impl<Token> GroupShard<Token> {
    pub(super) fn delete_offsets(&mut self, delete: DeleteOffsets, token: Token, step: &mut Step<Token>) {
        let error = match self.groups.get(&delete.group_id) {
            None => ErrorCode::GroupIdNotFound,
            Some(group) if group.state != GroupState::Empty && !group.uses_consumer_protocol() => {
                ErrorCode::NonEmptyGroup
            }
            Some(_) => ErrorCode::None,
        };
        let mut topics = Vec::new();
        if error.is_none() {
            for topic in &delete.topics {
                let group = self.groups.get(&delete.group_id);
                let is_subscribed = group.is_some_and(|group| group.is_subscribed_to(&topic.name));
                let error = if is_subscribed { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None };
                for partition in &topic.partitions {
                    if error.is_none() && self.offsets.get(&delete.group_id, &topic.name, *partition).is_some() {
                        step.records.push(self.offsets.propose(&delete.group_id, &topic.name, *partition, None));
                    }
                }
                let results = topic.partitions.iter().map(|partition| PartitionResult { partition: *partition, error });
                topics.push(TopicResults { name: topic.name.detached(), partitions: results.collect() });
            }
        }
        step.replies.push((token, GroupReply::DeleteOffsets(DeleteOffsetsReply { error, topics })));
    }
}
