//! Committed offsets: what the log holds, and what was proposed and is not replayed yet.
//!
//! Decisions see the newest proposal, so that a deletion that is decided right behind a commit deletes what the commit
//! stores. That is sound because every reply waits for everything that was proposed before it.

use std::collections::BTreeMap;

use stream_codec::Str;
use stream_codec::stored::offset_commit::{OffsetCommitKey, OffsetCommitValue};
use stream_types::{LeaderEpoch, Offset, PartitionIndex, Uuid, WallMillis};

use crate::{CoordinatorRecord, record};

/// A committed offset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CommittedOffset {
    pub(crate) offset: Offset,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) metadata: Str,
    pub(crate) commit_timestamp: WallMillis,
    pub(crate) expire_timestamp: Option<WallMillis>,
    pub(crate) topic_id: Uuid,
}

impl CommittedOffset {
    pub(crate) fn from_record(value: &OffsetCommitValue) -> Self {
        CommittedOffset {
            offset: Offset(value.offset),
            leader_epoch: LeaderEpoch(value.leader_epoch),
            metadata: value.metadata.detached(),
            commit_timestamp: WallMillis(value.commit_timestamp),
            expire_timestamp: (value.expire_timestamp != -1).then_some(WallMillis(value.expire_timestamp)),
            topic_id: value.topic_id,
        }
    }

    fn to_record(&self) -> OffsetCommitValue {
        OffsetCommitValue {
            offset: self.offset.0,
            leader_epoch: self.leader_epoch.0,
            metadata: self.metadata.clone(),
            commit_timestamp: self.commit_timestamp.0,
            expire_timestamp: self.expire_timestamp.map_or(-1, |expire| expire.0),
            topic_id: self.topic_id,
        }
    }
}

/// One partition's offset. At least one of the two is there, or the slot is not.
#[derive(Debug, Default)]
struct Slot {
    replayed: Option<CommittedOffset>,
    proposed: Option<Box<Proposed>>,
}

#[derive(Debug)]
struct Proposed {
    /// Records under this key that are not replayed yet.
    record_count: u32,
    /// What the newest of them says.
    value: Option<CommittedOffset>,
}

impl Slot {
    fn newest(&self) -> Option<&CommittedOffset> {
        match &self.proposed {
            Some(proposed) => proposed.value.as_ref(),
            None => self.replayed.as_ref(),
        }
    }
}

type Partitions = BTreeMap<i32, Slot>;

#[derive(Debug, Default)]
pub(crate) struct Offsets {
    groups: BTreeMap<Str, BTreeMap<Str, Partitions>>,
}

impl Offsets {
    /// The newest offset of a partition.
    pub(crate) fn get(&self, group_id: &str, topic: &str, partition: PartitionIndex) -> Option<&CommittedOffset> {
        self.groups.get(group_id)?.get(topic)?.get(&partition.0)?.newest()
    }

    /// The newest offsets of a group, sorted.
    pub(crate) fn of_group(
        &self,
        group_id: &str,
    ) -> impl Iterator<Item = (&Str, PartitionIndex, &CommittedOffset)> + use<'_> {
        self.groups.get(group_id).into_iter().flatten().flat_map(|(topic, partitions)| {
            partitions.iter().filter_map(move |(partition, slot)| {
                slot.newest().map(|committed| (topic, PartitionIndex(*partition), committed))
            })
        })
    }

    /// Groups that have, or had until a proposal is replayed, an offset.
    pub(crate) fn group_ids(&self) -> impl Iterator<Item = &Str> {
        self.groups.keys()
    }

    /// Every offset that the log holds.
    pub(crate) fn replayed(&self) -> impl Iterator<Item = (&Str, &Str, PartitionIndex, &CommittedOffset)> {
        self.groups.iter().flat_map(|(group_id, topics)| {
            topics.iter().flat_map(move |(topic, partitions)| {
                partitions.iter().filter_map(move |(partition, slot)| {
                    slot.replayed.as_ref().map(|committed| (group_id, topic, PartitionIndex(*partition), committed))
                })
            })
        })
    }

    /// The record that stores `value`, or forgets the offset.
    pub(crate) fn propose(
        &mut self,
        group_id: &Str,
        topic: &Str,
        partition: PartitionIndex,
        value: Option<CommittedOffset>,
    ) -> CoordinatorRecord {
        let key = OffsetCommitKey { group: group_id.clone(), topic: topic.clone(), partition: partition.0 };
        let record = match &value {
            Some(committed) => record::offset_commit(&key, &committed.to_record()),
            None => record::offset_tombstone(&key),
        };
        let slot = self.slot(&key);
        match &mut slot.proposed {
            Some(proposed) => {
                proposed.record_count += 1;
                proposed.value = value;
            }
            None => slot.proposed = Some(Box::new(Proposed { record_count: 1, value })),
        }
        record
    }

    /// Takes in a record of the log.
    pub(crate) fn replay(&mut self, key: &OffsetCommitKey, value: Option<CommittedOffset>) {
        let slot = self.slot(key);
        slot.replayed = value;
        if let Some(proposed) = &mut slot.proposed {
            assert!(proposed.record_count > 0);
            proposed.record_count -= 1;
            if proposed.record_count == 0 {
                // The newest proposal is what was just replayed.
                assert_eq!(proposed.value, slot.replayed);
                slot.proposed = None;
            }
        }
        if slot.replayed.is_none() && slot.proposed.is_none() {
            self.remove(key);
        }
    }

    fn slot(&mut self, key: &OffsetCommitKey) -> &mut Slot {
        if !self.groups.contains_key(&key.group) {
            self.groups.insert(key.group.detached(), BTreeMap::new());
        }
        let topics = self.groups.get_mut(&key.group).expect("it was just inserted");
        if !topics.contains_key(&key.topic) {
            topics.insert(key.topic.detached(), BTreeMap::new());
        }
        let partitions = topics.get_mut(&key.topic).expect("it was just inserted");
        partitions.entry(key.partition).or_default()
    }

    fn remove(&mut self, key: &OffsetCommitKey) {
        let Some(topics) = self.groups.get_mut(&key.group) else { return };
        if let Some(partitions) = topics.get_mut(&key.topic) {
            partitions.remove(&key.partition);
            if partitions.is_empty() {
                topics.remove(&key.topic);
            }
        }
        if topics.is_empty() {
            self.groups.remove(&key.group);
        }
    }
}
