//! OffsetFetch 1 to 10: where the group goes on.
//!
//! - A partition without a committed offset is -1 and no error, and so is every partition of an unknown group.
//! - Without a list of topics everything the group has is told (version 2 and later).
//! - `require_stable` (version 7, KIP-447) holds by itself: no offset waits for a transaction.

use stream_codec::Str;
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex, Uuid};

use super::GroupShard;
use super::offsets::CommittedOffset;
use super::reply::{FetchReply, FetchedPartition, FetchedTopic, GroupReply};
use crate::{FetchOffsets, FetchTopic, Step};

impl<Token> GroupShard<Token> {
    pub(super) fn fetch_offsets(&mut self, fetch: FetchOffsets, token: Token, step: &mut Step<Token>) {
        let topics = match &fetch.topics {
            Some(topics) => topics.iter().map(|topic| self.fetch_topic(&fetch.group_id, topic)).collect(),
            None => self.fetch_everything(&fetch.group_id),
        };
        let reply = FetchReply { error: ErrorCode::None, topics };
        step.replies.push((token, GroupReply::FetchOffsets(reply)));
    }

    fn fetch_topic(&self, group_id: &str, topic: &FetchTopic) -> FetchedTopic {
        let partitions = topic.partitions.iter().map(|partition| {
            let committed = self.offsets.get(group_id, &topic.name, *partition);
            fetched(*partition, committed)
        });
        FetchedTopic { name: topic.name.detached(), topic_id: topic.topic_id, partitions: partitions.collect() }
    }

    fn fetch_everything(&self, group_id: &str) -> Vec<FetchedTopic> {
        let mut topics: Vec<FetchedTopic> = Vec::new();
        for (name, partition, committed) in self.offsets.of_group(group_id) {
            let partition = fetched(partition, Some(committed));
            match topics.last_mut() {
                Some(topic) if topic.name == *name => topic.partitions.push(partition),
                _ => {
                    topics.push(FetchedTopic { name: name.clone(), topic_id: Uuid::ZERO, partitions: vec![partition] })
                }
            }
        }
        topics
    }
}

fn fetched(partition: PartitionIndex, committed: Option<&CommittedOffset>) -> FetchedPartition {
    FetchedPartition {
        partition,
        offset: committed.map_or(Offset::NONE, |committed| committed.offset),
        leader_epoch: committed.map_or(LeaderEpoch::NONE, |committed| committed.leader_epoch),
        metadata: committed.map_or(Str::EMPTY, |committed| committed.metadata.clone()),
        error: ErrorCode::None,
    }
}
