//! Building a batch from records.

use bytes::Bytes;
use stream_types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use super::varint::{put_varint, put_varlong, varint_len, varlong_len};
use super::{Attributes, BATCH_OVERHEAD_BYTES, BatchError, BatchHeader, HEADER_BYTES, TimestampType};
use crate::compression::{Compression, CompressionError, Packer};

/// Records of a compressed batch wait in the open until there are so many bytes.
const PACK_BYTES: usize = 1024 * 1024;

/// A record's header: a name, which may repeat, and a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordHeader {
    /// The name, UTF-8 by convention.
    pub key: Bytes,
    /// The value, which may be null.
    pub value: Option<Bytes>,
}

/// Gathers records and makes one batch of magic 2 of them.
#[derive(Debug)]
pub struct BatchBuilder {
    base_offset: Offset,
    leader_epoch: LeaderEpoch,
    attributes: Attributes,
    compression: Compression,
    level: Option<i32>,
    producer: (ProducerId, ProducerEpoch, Sequence),
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    delete_horizon: Option<i64>,
    last_offset_delta: i32,
    record_count: i32,
    body: Vec<u8>,
    /// What came before `body`, if that is compressed already; an error waits for [`BatchBuilder::build`].
    packed: Option<Result<Packer, CompressionError>>,
    /// Size of what is in `packed`, uncompressed (bytes).
    packed_bytes: usize,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        BatchBuilder::new()
    }
}

impl BatchBuilder {
    /// An empty batch: base offset 0, no leader epoch, no producer, not compressed.
    pub fn new() -> BatchBuilder {
        BatchBuilder {
            base_offset: Offset::ZERO,
            leader_epoch: LeaderEpoch::NONE,
            attributes: Attributes::default(),
            compression: Compression::None,
            level: None,
            producer: (ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE),
            base_timestamp: None,
            max_timestamp: -1,
            delete_horizon: None,
            last_offset_delta: -1,
            record_count: 0,
            body: Vec::new(),
            packed: None,
            packed_bytes: 0,
        }
    }

    /// Sets the offset of the first record.
    #[must_use]
    pub fn base_offset(mut self, offset: Offset) -> Self {
        self.base_offset = offset;
        self
    }

    /// Sets the leader epoch.
    #[must_use]
    pub fn leader_epoch(mut self, epoch: LeaderEpoch) -> Self {
        self.leader_epoch = epoch;
        self
    }

    /// Sets the codec, at its default level. Has to come before the first record, as the level has.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets the codec's level (KIP-390).
    #[must_use]
    pub fn compression_level(mut self, level: Option<i32>) -> Self {
        self.level = level;
        self
    }

    /// Sets the idempotent producer and the first record's sequence number.
    #[must_use]
    pub fn producer(mut self, id: ProducerId, epoch: ProducerEpoch, base_sequence: Sequence) -> Self {
        self.producer = (id, epoch, base_sequence);
        self
    }

    /// Makes the batch part of a transaction.
    #[must_use]
    pub fn transactional(mut self, on: bool) -> Self {
        self.attributes = self.attributes.with_transactional(on);
        self
    }

    /// Makes the batch a control batch.
    #[must_use]
    pub fn control(mut self, on: bool) -> Self {
        self.attributes = self.attributes.with_control(on);
        self
    }

    /// Sets whose clock the timestamps are from.
    #[must_use]
    pub fn timestamp_type(mut self, timestamp_type: TimestampType) -> Self {
        self.attributes = self.attributes.with_timestamp_type(timestamp_type);
        self
    }

    /// Sets what timestamp deltas count from; otherwise it is the first record's timestamp. Has to
    /// come before the first record.
    #[must_use]
    pub fn base_timestamp(mut self, timestamp: i64) -> Self {
        self.base_timestamp = Some(timestamp);
        self
    }

    /// Overrides the max timestamp: LogAppendTime.
    #[must_use]
    pub fn max_timestamp(mut self, timestamp: i64) -> Self {
        self.max_timestamp = timestamp;
        self
    }

    /// Sets the time after which tombstones of this batch may go (KIP-534). Has to come before
    /// the first record.
    #[must_use]
    pub fn delete_horizon(mut self, horizon: Option<i64>) -> Self {
        self.delete_horizon = horizon;
        self.attributes = self.attributes.with_delete_horizon(horizon.is_some());
        self
    }

    /// Overrides the last offset delta: a compacted batch keeps the last offset it once had.
    #[must_use]
    pub fn last_offset_delta(mut self, delta: i32) -> Self {
        self.last_offset_delta = self.last_offset_delta.max(delta);
        self
    }

    /// Adds a record at the offset after the last one.
    pub fn push(&mut self, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[RecordHeader]) {
        self.push_at(self.last_offset_delta + 1, timestamp, key, value, headers);
    }

    /// Adds a record at an offset of its own, which has to be larger than those before.
    pub fn push_at(
        &mut self,
        offset_delta: i32,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[RecordHeader],
    ) {
        let base = match self.delete_horizon {
            Some(horizon) => horizon,
            None => *self.base_timestamp.get_or_insert(timestamp),
        };
        let timestamp_delta = timestamp.wrapping_sub(base);
        let headers_len: usize =
            headers.iter().map(|header| field_len(Some(&header.key)) + field_len(header.value.as_deref())).sum();
        let len = 1
            + varlong_len(timestamp_delta)
            + varint_len(offset_delta)
            + field_len(key)
            + field_len(value)
            + varint_len(headers.len() as i32)
            + headers_len;
        put_varint(&mut self.body, len as i32);
        self.body.push(0);
        put_varlong(&mut self.body, timestamp_delta);
        put_varint(&mut self.body, offset_delta);
        self.put_field(key);
        self.put_field(value);
        put_varint(&mut self.body, headers.len() as i32);
        for header in headers {
            self.put_field(Some(&header.key));
            self.put_field(header.value.as_deref());
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.last_offset_delta = self.last_offset_delta.max(offset_delta);
        self.record_count += 1;
        if self.compression != Compression::None && self.body.len() >= PACK_BYTES {
            self.pack();
        }
    }

    fn put_field(&mut self, field: Option<&[u8]>) {
        let Some(field) = field else {
            put_varint(&mut self.body, -1);
            return;
        };
        put_varint(&mut self.body, field.len() as i32);
        if self.compression != Compression::None && field.len() >= PACK_BYTES {
            self.pack();
            self.pack_bytes(field);
        } else {
            self.body.extend_from_slice(field);
        }
    }

    fn pack(&mut self) {
        let mut body = std::mem::take(&mut self.body);
        self.pack_bytes(&body);
        body.clear();
        self.body = body;
    }

    fn pack_bytes(&mut self, bytes: &[u8]) {
        self.packed_bytes += bytes.len();
        let packer = self.packed.take().unwrap_or_else(|| Packer::new(self.compression, self.level));
        self.packed = Some(packer.and_then(|mut packer| packer.push(bytes).map(|()| packer)));
    }

    /// Records so far.
    pub fn record_count(&self) -> i32 {
        self.record_count
    }

    /// Size of the batch if its body is not compressed (bytes).
    pub fn size(&self) -> usize {
        HEADER_BYTES + self.packed_bytes + self.body.len()
    }

    /// Size of the batch so far; of a compressed one without what its codec holds back (bytes).
    pub fn packed_size(&self) -> usize {
        let packed = self.packed.as_ref().and_then(|packer| packer.as_ref().ok()).map_or(0, Packer::size);
        HEADER_BYTES + packed + if self.compression == Compression::None { self.body.len() } else { 0 }
    }

    /// Makes the batch.
    pub fn build(self) -> Result<Bytes, BatchError> {
        let body = match (self.packed, self.compression) {
            (Some(packer), _) => {
                let mut packer = packer?;
                packer.push(&self.body)?;
                packer.finish()?
            }
            (None, Compression::None) => self.body,
            (None, compression) => compression.compress_with_level(&self.body, self.level)?,
        };
        let size = HEADER_BYTES + body.len();
        let batch_length =
            i32::try_from(size - BATCH_OVERHEAD_BYTES).map_err(|_| BatchError::TooLarge { bytes: size })?;
        let base_timestamp = self.delete_horizon.or(self.base_timestamp).unwrap_or(-1);
        let mut header = BatchHeader {
            base_offset: self.base_offset,
            batch_length,
            partition_leader_epoch: self.leader_epoch,
            crc: 0,
            attributes: self.attributes.with_compression(self.compression),
            last_offset_delta: self.last_offset_delta,
            base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            base_sequence: self.producer.2,
            record_count: self.record_count,
        };
        header.seal(&body);
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(&header.to_bytes());
        out.extend_from_slice(&body);
        Ok(out.into())
    }
}

fn field_len(field: Option<&[u8]>) -> usize {
    match field {
        Some(field) => varint_len(field.len() as i32) + field.len(),
        None => varint_len(-1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Batch, BatchIter, check_body, check_checksum, check_counts};
    use super::*;

    fn sample(compression: Compression, count: i32) -> Bytes {
        let mut builder = BatchBuilder::new().compression(compression).base_offset(Offset(100));
        let headers =
            [("a", Some("1")), ("a", Some("2")), ("n", None)].map(|(key, value): (&str, Option<&str>)| RecordHeader {
                key: Bytes::copy_from_slice(key.as_bytes()),
                value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
            });
        for index in 0..count {
            let key = format!("key-{index}");
            let value = vec![b'v'; 300];
            let headers = if index % 2 == 0 { &headers[..] } else { &[] };
            builder.push(
                1000 + i64::from(index) * 7,
                Some(key.as_bytes()),
                (index % 3 != 0).then_some(&value),
                headers,
            );
        }
        builder.build().expect("builds")
    }

    #[test]
    fn records_are_read_back_with_every_codec() {
        for compression in Compression::ALL {
            let bytes = sample(compression, 20);
            let batch = Batch::parse_checked(&bytes).expect("valid");
            check_counts(batch.header()).expect("counts agree");
            let records: Vec<_> = batch.records(1 << 20).expect("opens").map(|r| r.expect("valid")).collect();
            assert_eq!(records.len(), 20);
            assert_eq!(batch.offset_of(&records[19]), Offset(119));
            assert_eq!(batch.timestamp_of(&records[19]), 1000 + 19 * 7);
            assert_eq!(batch.header().max_timestamp, 1000 + 19 * 7);
            assert_eq!(records[2].key.as_deref(), Some(&b"key-2"[..]));
            assert_eq!(records[2].headers.len(), 3);
            assert_eq!(records[2].headers[1].value.as_deref(), Some(&b"2"[..]));
            assert_eq!(records[2].headers[2].value, None);
            assert_eq!(records[0].value, None);
        }
    }

    #[test]
    fn every_flipped_bit_of_a_batch_is_noticed() {
        let bytes = sample(Compression::None, 3);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.to_vec();
                flipped[at] ^= 1 << bit;
                let outside_the_checksum = at < 8 || (12..16).contains(&at);
                let noticed = Batch::parse_checked(&flipped.into()).is_err();
                assert_eq!(noticed, !outside_the_checksum, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_walk_reports_what_the_records_say() {
        let bytes = sample(Compression::None, 4);
        let header = BatchHeader::parse(&bytes).expect("header");
        let facts = check_body(&bytes, &header).expect("valid").expect("not compressed");
        assert_eq!((facts.min_timestamp, facts.max_timestamp, facts.first_keyless), (1000, 1021, None));
        let mut builder = BatchBuilder::new();
        builder.push(5, Some(b"k"), Some(b"v"), &[]);
        builder.push(6, None, Some(b"v"), &[]);
        let bytes = builder.build().expect("builds");
        let header = BatchHeader::parse(&bytes).expect("header");
        assert_eq!(check_body(&bytes, &header).expect("valid").expect("walked").first_keyless, Some(1));
    }

    #[test]
    fn lying_counts_are_errors_not_allocations() {
        let bytes = sample(Compression::None, 3);
        for (record_count, last_offset_delta) in [(i32::MAX, i32::MAX - 1), (4, 3), (2, 1), (0, -1), (-1, -2)] {
            let mut header = BatchHeader::parse(&bytes).expect("header");
            header.record_count = record_count;
            header.last_offset_delta = last_offset_delta;
            header.seal(&bytes[HEADER_BYTES..]);
            let mut lying = bytes.to_vec();
            lying[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
            check_checksum(&lying, &header).expect("sealed");
            let refused = check_counts(&header).is_err() || check_body(&lying, &header).is_err();
            assert!(refused, "{record_count}");
            let batch = Batch::parse(&lying.into()).expect("parses");
            if record_count > 0 {
                assert!(batch.records(1 << 20).expect("opens").any(|record| record.is_err()));
            }
        }
        let mut header = BatchHeader::parse(&bytes).expect("header");
        header.last_offset_delta = 5;
        assert!(matches!(check_counts(&header), Err(BatchError::InvalidCount { .. })));
    }

    #[test]
    fn damaged_bodies_never_panic() {
        let bytes = sample(Compression::None, 3);
        for at in HEADER_BYTES..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut damaged = bytes.to_vec();
                damaged[at] = value;
                let header = BatchHeader::parse(&damaged).expect("header");
                let walk = check_body(&damaged, &header).is_ok();
                let batch = Batch::parse(&damaged.into()).expect("parses");
                let read = batch.records(1 << 20).expect("opens").all(|record| record.is_ok());
                assert!(read || !walk, "the walk accepts no more than the iterator");
            }
        }
    }

    #[test]
    fn a_set_ends_at_the_batch_that_is_cut_short() {
        let mut set = sample(Compression::None, 3).to_vec();
        let one = set.len();
        set.extend_from_slice(&sample(Compression::Lz4, 2));
        set.extend_from_slice(&sample(Compression::None, 2)[..100]);
        let mut batches = BatchIter::new(set.into());
        assert_eq!(batches.next().expect("first").expect("valid").bytes().len(), one);
        assert_eq!(batches.next().expect("second").expect("valid").header().record_count, 2);
        assert_eq!(batches.next(), None);
        assert_eq!(batches.rest().len(), 100);
    }
}
