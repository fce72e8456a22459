//! What Kafka's coordinators keep in topics: groups and their offsets, transactional ids, share groups; and transactions
//! that are open.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchIter};
use stream_codec::stored::producer_snapshot::ProducerSnapshot;
use stream_codec::stored::transaction::{TransactionLogKey, TransactionLogValue};
use stream_codec::stored::{GroupRecord, decode_key, decode_versioned};
use stream_codec::{Decoder, Message};
use stream_log::disk::Disk;
use stream_metadata::adoption::Adoption;
use stream_types::{ProducerId, TopicPartition, limits};

use super::error::{AdoptError, io_error};
use super::survey::KafkaDir;

const OFFSETS_TOPIC: &str = "__consumer_offsets";
const TRANSACTIONS_TOPIC: &str = "__transaction_state";
/// Largest segment that is read (bytes).
const SEGMENT_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;
/// The control record that commits a transaction.
const COMMIT_MARKER: i16 = 1;
/// Names listed in one line.
const NAMES_MAX: usize = 5;

/// Which protocol a group was last seen with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Protocol {
    Consumer,
    Share,
    Streams,
}

/// What the coordinators' topics hold.
#[derive(Debug, Default)]
pub(crate) struct StateTopics {
    /// Group, topic, partition.
    offsets: BTreeSet<(String, String, i32)>,
    classic: BTreeSet<String>,
    others: BTreeMap<String, Protocol>,
    transactional_ids: BTreeSet<String>,
    /// Transactional ids whose transaction is open, or not ended everywhere.
    open: BTreeSet<String>,
    /// Partitions with records of an open transaction.
    open_in: BTreeSet<TopicPartition>,
    unreadable: u64,
}

impl StateTopics {
    pub(super) fn read(disk: &dyn Disk, dirs: &[KafkaDir]) -> Result<StateTopics, AdoptError> {
        let mut state = StateTopics::default();
        for (place, path) in dirs.iter().flat_map(|dir| &dir.partitions) {
            match place.topic.as_str() {
                OFFSETS_TOPIC => each_record(disk, path, |key, value| state.group_record(key, value))?,
                TRANSACTIONS_TOPIC => each_record(disk, path, |key, value| state.transaction(key, value))?,
                _ => {}
            }
            if has_open_transaction(disk, path)? {
                state.open_in.insert(place.clone());
            }
        }
        Ok(state)
    }

    /// Groups that there is anything of.
    pub(crate) fn groups(&self) -> usize {
        let with_offsets = self.offsets.iter().map(|(group, _, _)| group);
        let all: BTreeSet<&String> = with_offsets.chain(&self.classic).chain(self.others.keys()).collect();
        all.len()
    }

    /// Committed offsets.
    pub(crate) fn offsets(&self) -> usize {
        self.offsets.len()
    }

    /// Transactional ids.
    pub(crate) fn transactional_ids(&self) -> usize {
        self.transactional_ids.len()
    }

    pub(super) fn judge(&self, adoption: &mut Adoption) {
        if !self.open.is_empty() {
            adoption.refused.push(format!(
                "transactions are open: {}; start Kafka, let them end or time out, and stop it again",
                list(&self.open),
            ));
        } else if !self.open_in.is_empty() {
            adoption.refused.push(format!(
                "transactions that nobody will end hang in {}; start Kafka and abort them with kafka-transactions.sh",
                list(&self.open_in.iter().map(ToString::to_string).collect()),
            ));
        }
        let of = |protocol| self.others.iter().filter(move |(_, its)| **its == protocol).map(|(name, _)| name.clone());
        let share: BTreeSet<String> = of(Protocol::Share).collect();
        if !share.is_empty() {
            adoption.not_carried.push(format!("the positions of share groups: {}", list(&share)));
        }
        for (protocol, name) in [(Protocol::Consumer, "consumer"), (Protocol::Streams, "streams")] {
            let groups: BTreeSet<String> = of(protocol).collect();
            if !groups.is_empty() {
                adoption.changed.push(format!(
                    "groups of the {name} protocol, which this broker does not have, keep their offsets and have to use the \
                     classic one: {}",
                    list(&groups),
                ));
            }
        }
        if !self.transactional_ids.is_empty() {
            adoption.changed.push(format!(
                "transactional producers cannot go on, this broker has no transactions yet; their records stay: {}",
                list(&self.transactional_ids),
            ));
        }
        if self.unreadable > 0 {
            adoption.not_carried.push(format!("{} records of coordinators that cannot be read", self.unreadable));
        }
    }

    fn group_record(&mut self, key: Bytes, value: Option<Bytes>) {
        let Ok(record) = GroupRecord::decode(key, value) else {
            self.unreadable += 1;
            return;
        };
        match record {
            GroupRecord::OffsetCommit(key, value) => {
                let place = (key.group.to_string(), key.topic.to_string(), key.partition);
                if value.is_some() {
                    self.offsets.insert(place)
                } else {
                    self.offsets.remove(&place)
                };
            }
            GroupRecord::LegacyOffsetCommit(key, value) => {
                let place = (key.group.to_string(), key.topic.to_string(), key.partition);
                if value.is_some() {
                    self.offsets.insert(place)
                } else {
                    self.offsets.remove(&place)
                };
            }
            GroupRecord::GroupMetadata(key, value) => {
                let group = key.group.to_string();
                if value.is_some() {
                    self.classic.insert(group)
                } else {
                    self.classic.remove(&group)
                };
            }
            GroupRecord::ConsumerGroupMetadata(key, value) => {
                self.other(key.group_id.to_string(), Protocol::Consumer, value.is_some());
            }
            GroupRecord::ShareGroupMetadata(key, value) => {
                self.other(key.group_id.to_string(), Protocol::Share, value.is_some());
            }
            GroupRecord::StreamsGroupMetadata(key, value) => {
                self.other(key.group_id.to_string(), Protocol::Streams, value.is_some());
            }
            _ => {}
        }
    }

    fn other(&mut self, group: String, protocol: Protocol, is_there: bool) {
        if is_there {
            self.others.insert(group, protocol);
        } else {
            self.others.remove(&group);
        }
    }

    fn transaction(&mut self, key: Bytes, value: Option<Bytes>) {
        let Ok(key) = decode_key::<TransactionLogKey>(key) else {
            self.unreadable += 1;
            return;
        };
        let id = key.transactional_id.to_string();
        self.open.remove(&id);
        let Some(value) = value else {
            self.transactional_ids.remove(&id);
            return;
        };
        match decode_versioned::<TransactionLogValue>(value) {
            // Ongoing, about to commit, about to abort, about to be fenced.
            Ok(value) if matches!(value.transaction_status, 1 | 2 | 3 | 7) => {
                self.open.insert(id.clone());
                self.transactional_ids.insert(id);
            }
            Ok(_) => {
                self.transactional_ids.insert(id);
            }
            Err(_) => self.unreadable += 1,
        }
    }
}

/// Hands out the records of a partition that count: those of transactions once they are committed.
fn each_record(disk: &dyn Disk, dir: &Path, mut take: impl FnMut(Bytes, Option<Bytes>)) -> Result<(), AdoptError> {
    let mut pending: HashMap<ProducerId, Vec<(Bytes, Option<Bytes>)>> = HashMap::new();
    for name in files(disk, dir, ".log")? {
        let path = dir.join(name);
        let bytes: Bytes = disk.read(&path, SEGMENT_BYTES_MAX).map_err(io_error("read", &path))?.into();
        // What cannot be read is for the first start to cut off or to report.
        for batch in BatchIter::new(bytes).map_while(Result::ok) {
            let header = batch.header();
            if header.attributes.is_control() {
                let ended = pending.remove(&header.producer_id).unwrap_or_default();
                if is_commit(&batch) {
                    ended.into_iter().for_each(|(key, value)| take(key, value));
                }
                continue;
            }
            let Ok(records) = batch.records(limits::DECOMPRESSED_BATCH_BYTES_MAX) else { continue };
            for record in records.map_while(Result::ok) {
                let Some(key) = record.key else { continue };
                if header.attributes.is_transactional() {
                    pending.entry(header.producer_id).or_default().push((key, record.value));
                } else {
                    take(key, record.value);
                }
            }
        }
    }
    Ok(())
}

fn is_commit(batch: &Batch) -> bool {
    let records = batch.records(limits::DECOMPRESSED_BATCH_BYTES_MAX).ok();
    let first = records.and_then(|mut records| records.next()?.ok());
    let Some(mut key) = first.and_then(|record| record.key).map(Decoder::new) else { return false };
    key.i16().is_ok() && key.i16() == Ok(COMMIT_MARKER)
}

/// Whether the producers' newest snapshot, which Kafka writes when it stops cleanly, knows of an open transaction.
fn has_open_transaction(disk: &dyn Disk, dir: &Path) -> Result<bool, AdoptError> {
    let Some(newest) = files(disk, dir, ".snapshot")?.pop() else { return Ok(false) };
    let path = dir.join(newest);
    let bytes = disk.read(&path, SEGMENT_BYTES_MAX).map_err(io_error("read", &path))?;
    let mut decoder = Decoder::new(Bytes::from(bytes));
    let Ok(1) = decoder.i16() else { return Ok(false) };
    let Ok(snapshot) = ProducerSnapshot::decode(&mut decoder, 1) else { return Ok(false) };
    Ok(snapshot.producer_entries.iter().any(|entry| entry.current_txn_first_offset >= 0))
}

/// The files whose names are 20 digits and `suffix`, in order.
fn files(disk: &dyn Disk, dir: &Path, suffix: &str) -> Result<Vec<String>, AdoptError> {
    let entries = disk.list(dir).map_err(io_error("list", dir))?;
    let is_one = |name: &String| {
        name.strip_suffix(suffix)
            .is_some_and(|digits| digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).filter(is_one).collect();
    names.sort();
    Ok(names)
}

/// The first few of the names, and how many more there are.
fn list(names: &BTreeSet<String>) -> String {
    let shown = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(NAMES_MAX) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
