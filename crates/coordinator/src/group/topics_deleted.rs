//! Topics are gone from the cluster: a later topic of that name must not begin at their offsets.

use std::collections::BTreeSet;

use stream_codec::Str;
use stream_types::PartitionIndex;

use super::GroupShard;
use super::reply::GroupReply;
use crate::{Step, TopicsDeleted};

impl<Token> GroupShard<Token> {
    pub(super) fn topics_deleted(&mut self, deleted: &TopicsDeleted, token: Token, step: &mut Step<Token>) {
        let deleted: BTreeSet<&Str> = deleted.topics.iter().collect();
        let group_ids: Vec<Str> = self.offsets.group_ids().cloned().collect();
        for group_id in &group_ids {
            let offsets = self.offsets.of_group(group_id).filter(|(topic, _, _)| deleted.contains(topic));
            let offsets: Vec<(Str, PartitionIndex)> = offsets.map(|(topic, index, _)| (topic.clone(), index)).collect();
            for (topic, partition) in offsets {
                step.records.push(self.offsets.propose(group_id, &topic, partition, None));
            }
        }
        step.replies.push((token, GroupReply::TopicsDeleted));
    }
}
