//! The 61 bytes before a batch's records.

use stream_types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use super::BatchError;
use crate::compression::Compression;

/// Size of a batch without its records (bytes).
pub const HEADER_BYTES: usize = 61;
/// Base offset and length field: what the length field does not count (bytes).
pub const BATCH_OVERHEAD_BYTES: usize = 12;

const LENGTH_AT: usize = 8;
const EPOCH_AT: usize = 12;
const MAGIC_AT: usize = 16;
const CRC_AT: usize = 17;
/// Where the checksummed part begins.
pub(super) const CHECKSUMMED_AT: usize = 21;

/// Whose clock a batch's timestamps are from (`message.timestamp.type`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TimestampType {
    /// The producer's; each record has its own.
    #[default]
    CreateTime,
    /// The broker's: every record has the batch's max timestamp.
    LogAppendTime,
}

/// A batch's attribute bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Attributes(pub i16);

impl Attributes {
    const COMPRESSION: i16 = 0x07;
    const TIMESTAMP_TYPE: i16 = 0x08;
    const TRANSACTIONAL: i16 = 0x10;
    const CONTROL: i16 = 0x20;
    const DELETE_HORIZON: i16 = 0x40;

    /// How the records are compressed.
    pub fn compression(self) -> Result<Compression, BatchError> {
        let id = (self.0 & Self::COMPRESSION) as i8;
        Compression::from_id(id).ok_or(BatchError::UnknownCompression { id })
    }

    /// Whose clock the timestamps are from.
    pub fn timestamp_type(self) -> TimestampType {
        if self.0 & Self::TIMESTAMP_TYPE == 0 { TimestampType::CreateTime } else { TimestampType::LogAppendTime }
    }

    /// Whether the batch belongs to a transaction.
    pub fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// Whether the batch holds a control record (a transaction marker, a leader change).
    pub fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// Whether the base timestamp is the time after which tombstones may go (KIP-534).
    pub fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }

    /// The same bits with another codec.
    #[must_use]
    pub fn with_compression(self, compression: Compression) -> Attributes {
        Attributes(self.0 & !Self::COMPRESSION | i16::from(compression.id()))
    }

    /// The same bits with another timestamp type.
    #[must_use]
    pub fn with_timestamp_type(self, timestamp_type: TimestampType) -> Attributes {
        self.with_bit(Self::TIMESTAMP_TYPE, timestamp_type == TimestampType::LogAppendTime)
    }

    /// The same bits, transactional or not.
    #[must_use]
    pub fn with_transactional(self, on: bool) -> Attributes {
        self.with_bit(Self::TRANSACTIONAL, on)
    }

    /// The same bits, control or not.
    #[must_use]
    pub fn with_control(self, on: bool) -> Attributes {
        self.with_bit(Self::CONTROL, on)
    }

    /// The same bits, with or without a delete horizon.
    #[must_use]
    pub fn with_delete_horizon(self, on: bool) -> Attributes {
        self.with_bit(Self::DELETE_HORIZON, on)
    }

    fn with_bit(self, bit: i16, on: bool) -> Attributes {
        Attributes(if on { self.0 | bit } else { self.0 & !bit })
    }
}

/// A batch's header as values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchHeader {
    /// Offset of the first record (of the first there was, after compaction).
    pub base_offset: Offset,
    /// Bytes after the length field: the batch's size less [`BATCH_OVERHEAD_BYTES`].
    pub batch_length: i32,
    /// Epoch of the leader that appended the batch.
    pub partition_leader_epoch: LeaderEpoch,
    /// CRC-32C of the bytes from the attributes to the end.
    pub crc: u32,
    /// Codec and flags.
    pub attributes: Attributes,
    /// Last offset less base offset.
    pub last_offset_delta: i32,
    /// What the records' timestamp deltas count from (milliseconds).
    pub base_timestamp: i64,
    /// Largest timestamp of the records (milliseconds), -1 if there is none.
    pub max_timestamp: i64,
    /// The idempotent producer, or [`ProducerId::NONE`].
    pub producer_id: ProducerId,
    /// The producer's epoch.
    pub producer_epoch: ProducerEpoch,
    /// Sequence number of the first record.
    pub base_sequence: Sequence,
    /// Records in the batch.
    pub record_count: i32,
}

fn array<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

impl BatchHeader {
    /// Reads a header from the first 61 bytes of `bytes`: magic and length field are checked, the
    /// rest is taken as it is.
    pub fn parse(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
        if let Some(&magic) = bytes.get(MAGIC_AT)
            && magic != 2
        {
            return Err(BatchError::UnsupportedMagic { magic: magic as i8 });
        }
        let Some((bytes, _)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(BatchError::Truncated { needed: HEADER_BYTES, available: bytes.len() });
        };
        let header = BatchHeader {
            base_offset: Offset(i64::from_be_bytes(array(bytes, 0))),
            batch_length: i32::from_be_bytes(array(bytes, LENGTH_AT)),
            partition_leader_epoch: LeaderEpoch(i32::from_be_bytes(array(bytes, EPOCH_AT))),
            crc: u32::from_be_bytes(array(bytes, CRC_AT)),
            attributes: Attributes(i16::from_be_bytes(array(bytes, CHECKSUMMED_AT))),
            last_offset_delta: i32::from_be_bytes(array(bytes, 23)),
            base_timestamp: i64::from_be_bytes(array(bytes, 27)),
            max_timestamp: i64::from_be_bytes(array(bytes, 35)),
            producer_id: ProducerId(i64::from_be_bytes(array(bytes, 43))),
            producer_epoch: ProducerEpoch(i16::from_be_bytes(array(bytes, 51))),
            base_sequence: Sequence(i32::from_be_bytes(array(bytes, 53))),
            record_count: i32::from_be_bytes(array(bytes, 57)),
        };
        if header.batch_length < (HEADER_BYTES - BATCH_OVERHEAD_BYTES) as i32 {
            return Err(BatchError::InvalidLength { length: header.batch_length });
        }
        Ok(header)
    }

    /// The header's 61 bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(&self.base_offset.0.to_be_bytes());
        out[8..12].copy_from_slice(&self.batch_length.to_be_bytes());
        out[12..16].copy_from_slice(&self.partition_leader_epoch.0.to_be_bytes());
        out[16] = 2;
        out[17..21].copy_from_slice(&self.crc.to_be_bytes());
        out[21..23].copy_from_slice(&self.attributes.0.to_be_bytes());
        out[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        out[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        out[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        out[43..51].copy_from_slice(&self.producer_id.0.to_be_bytes());
        out[51..53].copy_from_slice(&self.producer_epoch.0.to_be_bytes());
        out[53..57].copy_from_slice(&self.base_sequence.0.to_be_bytes());
        out[57..61].copy_from_slice(&self.record_count.to_be_bytes());
        out
    }

    /// The whole batch's size (bytes).
    pub fn size(&self) -> usize {
        BATCH_OVERHEAD_BYTES + self.batch_length.unsigned_abs() as usize
    }

    /// Size of the records as stored (bytes).
    pub fn body_size(&self) -> usize {
        self.size().saturating_sub(HEADER_BYTES)
    }

    /// Offset of the last record.
    pub fn last_offset(&self) -> Offset {
        Offset(self.base_offset.0.saturating_add(i64::from(self.last_offset_delta)))
    }

    /// The offset after the last record.
    pub fn next_offset(&self) -> Offset {
        Offset(self.last_offset().0.saturating_add(1))
    }

    /// Sequence number of the last record; [`Sequence::NONE`] if the producer numbers nothing.
    pub fn last_sequence(&self) -> Sequence {
        if self.base_sequence == Sequence::NONE {
            return Sequence::NONE;
        }
        self.base_sequence.plus(self.last_offset_delta)
    }

    /// Whether an idempotent producer wrote the batch.
    pub fn has_producer_id(&self) -> bool {
        self.producer_id.0 >= 0
    }

    /// Sets the stored checksum to that of this header's checksummed fields and `body`.
    pub fn seal(&mut self, body: &[u8]) {
        let own = crc32c::crc32c(&self.to_bytes()[CHECKSUMMED_AT..]);
        self.crc = crc32c::crc32c_append(own, body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back() {
        let header = BatchHeader {
            base_offset: Offset(1 << 40),
            batch_length: 1000,
            partition_leader_epoch: LeaderEpoch(7),
            crc: 0xdead_beef,
            attributes: Attributes(0x14),
            last_offset_delta: 9,
            base_timestamp: 1_700_000_000_000,
            max_timestamp: 1_700_000_000_009,
            producer_id: ProducerId(42),
            producer_epoch: ProducerEpoch(3),
            base_sequence: Sequence(i32::MAX - 4),
            record_count: 10,
        };
        assert_eq!(BatchHeader::parse(&header.to_bytes()), Ok(header));
        assert_eq!(header.last_sequence(), Sequence(4));
        assert_eq!(header.next_offset(), Offset((1 << 40) + 10));
        assert_eq!(header.attributes.compression(), Ok(Compression::Zstd));
        assert!(header.attributes.is_transactional());
    }

    #[test]
    fn other_formats_and_short_bytes_are_errors() {
        let mut bytes = [0u8; HEADER_BYTES];
        bytes[16] = 1;
        assert_eq!(BatchHeader::parse(&bytes), Err(BatchError::UnsupportedMagic { magic: 1 }));
        bytes[16] = 2;
        assert_eq!(BatchHeader::parse(&bytes), Err(BatchError::InvalidLength { length: 0 }));
        assert!(matches!(BatchHeader::parse(&bytes[..60]), Err(BatchError::Truncated { .. })));
        assert!(matches!(BatchHeader::parse(&[]), Err(BatchError::Truncated { .. })));
    }
}
