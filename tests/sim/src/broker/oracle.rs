//! What must be true of the broker, judged from outside, over all its lives.
//!
//! - Every acknowledged record is there once, at its offset; nothing is there that nobody sent; one producer's records
//!   are in its order, without gaps.
//! - An offset that was read once holds the same record for ever.
//! - Committed group offsets never go back: neither what commits were answered for, nor what was read.
//! - An assignment that a member was told stands: in one generation a partition has one owner, in every life, and
//!   generations go forward.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use stream_log::ReadBound;
use stream_types::Offset;

use super::host::{DATA_PARTITIONS, Host};
use super::partition::{Found, read_all};
use crate::violation::{Checked, Violation, promise};

/// A partition of the data topic and an offset.
type Place = (usize, i64);

/// What clients were told.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    acknowledged: BTreeMap<Place, Bytes>,
    read: BTreeMap<Place, Bytes>,
    sent: BTreeSet<(usize, Bytes)>,
    /// By partition: a committed offset that somebody was told of.
    committed: BTreeMap<i32, i64>,
    /// By generation and partition.
    owners: BTreeMap<(i32, i32), String>,
    generation: i32,
}

impl Oracle {
    /// A client is about to send this record.
    pub(crate) fn sends(&mut self, partition: usize, value: Bytes) {
        self.sent.insert((partition, value));
    }

    /// A batch was acknowledged.
    pub(crate) fn acknowledged(&mut self, partition: usize, first: Offset, values: &[Bytes]) -> Checked {
        for (offset, value) in (first.0..).zip(values) {
            let known = self.acknowledged.entry((partition, offset)).or_insert_with(|| value.clone());
            promise!(known == value, "offset {offset} of partition {partition} was acknowledged for two records");
        }
        Ok(())
    }

    /// How many records were acknowledged.
    pub(crate) fn acknowledged_count(&self) -> usize {
        self.acknowledged.len()
    }

    /// A consumer was given these records.
    pub(crate) fn read(&mut self, partition: usize, found: &[Found]) -> Checked {
        for record in found {
            let value = record.value.clone().unwrap_or_default();
            let place = (partition, record.offset.0);
            let known = self.read.entry(place).or_insert_with(|| value.clone());
            promise!(
                *known == value,
                "offset {} of partition {partition} held {known:?} when it was read first, now {value:?}",
                record.offset
            );
        }
        Ok(())
    }

    /// Somebody was told that `offset` is committed.
    pub(crate) fn committed(&mut self, partition: i32, offset: i64) -> Checked {
        let highest = self.committed.entry(partition).or_insert(-1);
        *highest = offset.max(*highest);
        Ok(())
    }

    /// Somebody read the committed offset.
    pub(crate) fn fetched(&mut self, partition: i32, offset: i64) -> Checked {
        let highest = self.committed.get(&partition).copied().unwrap_or(-1);
        promise!(
            offset >= highest,
            "the committed offset of partition {partition} was {highest} and went back to {offset}"
        );
        self.committed(partition, offset)
    }

    /// A member was told what it owns.
    pub(crate) fn assigned(&mut self, generation: i32, member: &str, partitions: &[i32]) -> Checked {
        self.joined(generation)?;
        self.generation = self.generation.max(generation);
        for partition in partitions {
            let owner = self.owners.entry((generation, *partition)).or_insert_with(|| member.to_owned());
            promise!(owner == member, "generation {generation} gave partition {partition} to {owner} and to {member}");
        }
        Ok(())
    }

    /// A member was told the generation it is in.
    pub(crate) fn joined(&mut self, generation: i32) -> Checked {
        promise!(
            generation >= self.generation,
            "generation {generation} came after members were assigned in generation {}",
            self.generation
        );
        Ok(())
    }

    /// Looks at everything that the broker holds.
    pub(crate) fn audit(&self, host: &Host) -> Result<Vec<Vec<Found>>, Violation> {
        let mut all = Vec::new();
        for partition in 0..DATA_PARTITIONS {
            let reader = host.partition(partition).reader();
            let found = read_all(&reader, Offset::ZERO, ReadBound::LogEnd)
                .map_err(|error| Violation(format!("partition {partition} cannot be read: {error}")))?;
            promise!(
                reader.log_end().0 == found.len() as i64,
                "partition {partition} has {} records and ends at {}",
                found.len(),
                reader.log_end()
            );
            self.audit_records(partition, &found)?;
            all.push(found);
        }
        Ok(all)
    }

    fn audit_records(&self, partition: usize, found: &[Found]) -> Checked {
        let mut seen = BTreeSet::new();
        let mut next_of: BTreeMap<Bytes, u64> = BTreeMap::new();
        for (expected, record) in (0..).zip(found) {
            let value = record.value.clone().unwrap_or_default();
            promise!(record.offset.0 == expected, "partition {partition} has {} after a gap", record.offset);
            promise!(self.sent.contains(&(partition, value.clone())), "nobody sent {value:?}");
            promise!(seen.insert(value.clone()), "partition {partition} has {value:?} twice");
            let producer = record.key.clone().unwrap_or_default();
            let number = String::from_utf8_lossy(&value).rsplit('-').next().and_then(|text| text.parse().ok());
            let next = next_of.entry(producer).or_insert(0);
            promise!(number == Some(*next), "partition {partition} has {value:?} where its number {next} belongs");
            *next += 1;
        }
        for (told, places) in [("acknowledged", &self.acknowledged), ("read", &self.read)] {
            for ((_, offset), value) in places.range((partition, 0)..(partition + 1, 0)) {
                let there = found.get(*offset as usize).and_then(|record| record.value.as_ref());
                promise!(
                    there == Some(value),
                    "offset {offset} of partition {partition} was {told} as {value:?}, and now is {there:?}"
                );
            }
        }
        Ok(())
    }
}
