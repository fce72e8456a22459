//! `.snapshot` files, in Kafka's format.
//!
//! ```text
//! version i16 = 1, CRC-32C u32 of all that follows, entry count i32, then for each producer:
//! id i64, epoch i16, last sequence i32, last offset i64, offset delta i32, timestamp i64,
//! coordinator epoch i32, first offset of the open transaction i64 (-1: none)
//! ```
//! Kafka remembers one batch of each producer there. So that the last five are known after a restart
//! too, what this broker writes goes on after the entries, where Kafka's tools do not look: a marker,
//! a count, and the older batches (producer id i64, then base sequence i32, last sequence i32, base
//! offset i64, last offset i64, timestamp i64), oldest first.

use std::path::Path;

use stream_types::{Offset, ProducerEpoch, ProducerId, Sequence, WallMillis};

use super::{BatchRecord, Entry, Producers};
use crate::error::LogError;

const VERSION: i16 = 1;
const CRC_END: usize = 6;
const OLDER_BATCHES: [u8; 4] = *b"HZPB";

impl Producers {
    /// The content of a snapshot file.
    pub(crate) fn to_snapshot(&self) -> Vec<u8> {
        let mut ids: Vec<_> = self.entries.keys().copied().collect();
        ids.sort();
        let entries = || ids.iter().filter_map(|id| self.entries.get(id).map(|entry| (*id, entry)));
        let mut out = vec![0; CRC_END];
        out[..2].copy_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&(self.entries.len() as i32).to_be_bytes());
        for (id, entry) in entries() {
            let last = entry.last_batch();
            let last_offset = last.map_or(-1, |batch| batch.last_offset.0);
            let delta = last.map_or(0, |batch| (batch.last_offset.0 - batch.base_offset.0) as i32);
            out.extend_from_slice(&id.0.to_be_bytes());
            out.extend_from_slice(&entry.epoch.0.to_be_bytes());
            out.extend_from_slice(&entry.last_sequence().0.to_be_bytes());
            out.extend_from_slice(&last_offset.to_be_bytes());
            out.extend_from_slice(&delta.to_be_bytes());
            out.extend_from_slice(&entry.last_timestamp.0.to_be_bytes());
            out.extend_from_slice(&entry.coordinator_epoch.to_be_bytes());
            let first = entry.transaction_first_offset.unwrap_or(Offset::NONE);
            out.extend_from_slice(&first.0.to_be_bytes());
        }
        let older: Vec<_> = entries()
            .flat_map(|(id, entry)| {
                let batches = entry.batches();
                batches[..batches.len().saturating_sub(1)].iter().map(move |batch| (id, batch))
            })
            .collect();
        if !older.is_empty() {
            out.extend_from_slice(&OLDER_BATCHES);
            out.extend_from_slice(&(older.len() as i32).to_be_bytes());
            for (id, batch) in older {
                out.extend_from_slice(&id.0.to_be_bytes());
                out.extend_from_slice(&batch.base_sequence.0.to_be_bytes());
                out.extend_from_slice(&batch.last_sequence.0.to_be_bytes());
                out.extend_from_slice(&batch.base_offset.0.to_be_bytes());
                out.extend_from_slice(&batch.last_offset.0.to_be_bytes());
                out.extend_from_slice(&batch.timestamp.to_be_bytes());
            }
        }
        let crc = crc(&out);
        out[2..CRC_END].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads the content of a snapshot file at `path`.
    pub(crate) fn from_snapshot(bytes: &[u8], path: &Path) -> Result<Producers, LogError> {
        let malformed = |reason: &str| LogError::Malformed { path: path.to_owned(), reason: reason.to_owned() };
        let mut fields = Fields(bytes);
        if fields.take().map(i16::from_be_bytes) != Some(VERSION) {
            return Err(malformed("version is not 1"));
        }
        if fields.take().map(u32::from_be_bytes) != Some(crc(bytes)) {
            return Err(malformed("checksum does not match"));
        }
        let mut producers = Producers::default();
        let mut newest = Vec::new();
        let count = fields.int().ok_or_else(|| malformed("no entry count"))?;
        for _ in 0..count {
            let (id, entry, last) = read_entry(&mut fields).ok_or_else(|| malformed("an entry is cut short"))?;
            producers.entries.insert(id, entry);
            newest.extend(last.map(|batch| (id, batch)));
        }
        if fields.0.first_chunk() == Some(&OLDER_BATCHES) {
            let _marker: Option<[u8; 4]> = fields.take();
            let count = fields.int().ok_or_else(|| malformed("no batch count"))?;
            for _ in 0..count {
                let (id, batch) = read_batch(&mut fields).ok_or_else(|| malformed("a batch is cut short"))?;
                if let Some(entry) = producers.entries.get_mut(&id) {
                    entry.push(batch);
                }
            }
        }
        for (id, batch) in newest {
            if let Some(entry) = producers.entries.get_mut(&id) {
                entry.push(batch);
            }
        }
        Ok(producers)
    }
}

fn read_entry(fields: &mut Fields<'_>) -> Option<(ProducerId, Entry, Option<BatchRecord>)> {
    let id = ProducerId(fields.long()?);
    let epoch = ProducerEpoch(fields.take().map(i16::from_be_bytes)?);
    let last_sequence = Sequence(fields.int()?);
    let last_offset = Offset(fields.long()?);
    let offset_delta = fields.int()?;
    let timestamp = fields.long()?;
    let coordinator_epoch = fields.int()?;
    let first = Offset(fields.long()?);
    let entry = Entry {
        epoch,
        last_timestamp: WallMillis(timestamp),
        coordinator_epoch,
        transaction_first_offset: (first.0 >= 0).then_some(first),
        ..Entry::default()
    };
    let batch = BatchRecord {
        base_sequence: back(last_sequence, offset_delta),
        last_sequence,
        base_offset: Offset(last_offset.0.saturating_sub(i64::from(offset_delta))),
        last_offset,
        timestamp,
    };
    Some((id, entry, (last_sequence.0 >= 0).then_some(batch)))
}

fn read_batch(fields: &mut Fields<'_>) -> Option<(ProducerId, BatchRecord)> {
    let id = ProducerId(fields.long()?);
    let batch = BatchRecord {
        base_sequence: Sequence(fields.int()?),
        last_sequence: Sequence(fields.int()?),
        base_offset: Offset(fields.long()?),
        last_offset: Offset(fields.long()?),
        timestamp: fields.long()?,
    };
    Some((id, batch))
}

/// The sequence `delta` before `last`, which may lie before a wrap.
fn back(last: Sequence, delta: i32) -> Sequence {
    let base = i64::from(last.0) - i64::from(delta);
    Sequence(if base < 0 { (base + i64::from(i32::MAX) + 1) as i32 } else { base as i32 })
}

fn crc(bytes: &[u8]) -> u32 {
    stream_codec::batch::crc32c(bytes.get(CRC_END..).unwrap_or_default())
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn int(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn long(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Producers {
        let mut producers = Producers::default();
        for id in [5, 1 << 40] {
            let mut entry = Entry { epoch: ProducerEpoch(2), last_timestamp: WallMillis(77), ..Entry::default() };
            for number in 0..4 {
                let base = 100 + 3 * number;
                entry.push(BatchRecord {
                    base_sequence: Sequence(i32::MAX - 5).plus(3 * number),
                    last_sequence: Sequence(i32::MAX - 5).plus(3 * number + 2),
                    base_offset: Offset(i64::from(base)),
                    last_offset: Offset(i64::from(base) + 2),
                    timestamp: 77,
                });
            }
            producers.entries.insert(ProducerId(id), entry);
        }
        producers.entries.insert(
            ProducerId(6),
            Entry { coordinator_epoch: 3, transaction_first_offset: Some(Offset(9)), ..Entry::default() },
        );
        producers
    }

    #[test]
    fn a_snapshot_is_read_back_with_every_batch() {
        let producers = sample();
        let bytes = producers.to_snapshot();
        let read = Producers::from_snapshot(&bytes, Path::new("x")).expect("valid");
        assert_eq!(read.entries, producers.entries);
        let empty = Producers::default().to_snapshot();
        assert_eq!(empty.len(), 10);
        assert!(Producers::from_snapshot(&empty, Path::new("x")).expect("valid").entries.is_empty());
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = sample().to_snapshot();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert!(Producers::from_snapshot(&damaged, Path::new("x")).is_err(), "byte {at}");
            assert!(Producers::from_snapshot(&bytes[..at], Path::new("x")).is_err(), "cut at {at}");
        }
    }
}
