//! Whole batches out of a buffer.

use bytes::Bytes;
use stream_types::Offset;

use super::{BatchError, BatchHeader, HEADER_BYTES, RecordIter, RecordView, TimestampType, check_checksum};
use crate::compression::Compression;

/// One whole batch and its header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    header: BatchHeader,
    bytes: Bytes,
}

impl Batch {
    /// Takes the batch at the front of `bytes`; what follows it is left out. The checksum is not
    /// looked at.
    pub fn parse(bytes: &Bytes) -> Result<Batch, BatchError> {
        let header = BatchHeader::parse(bytes)?;
        if bytes.len() < header.size() {
            return Err(BatchError::Truncated { needed: header.size(), available: bytes.len() });
        }
        Ok(Batch { header, bytes: bytes.slice(..header.size()) })
    }

    /// As [`Batch::parse`], with the checksum.
    pub fn parse_checked(bytes: &Bytes) -> Result<Batch, BatchError> {
        let batch = Batch::parse(bytes)?;
        check_checksum(&batch.bytes, &batch.header)?;
        Ok(batch)
    }

    /// The header.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The whole batch.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The records as stored, which may be compressed.
    pub fn stored_body(&self) -> Bytes {
        self.bytes.slice(HEADER_BYTES..)
    }

    /// The records uncompressed, at most `limit` bytes of them.
    pub fn open_body(&self, limit: usize) -> Result<Bytes, BatchError> {
        let stored = self.stored_body();
        match self.header.attributes.compression()? {
            Compression::None => Ok(stored),
            compression => Ok(compression.decompress(&stored, limit)?.into()),
        }
    }

    /// The records, of which at most `limit` bytes are uncompressed.
    pub fn records(&self, limit: usize) -> Result<RecordIter, BatchError> {
        Ok(RecordIter::new(self.open_body(limit)?, self.header.record_count))
    }

    /// The offset of one of the batch's records.
    pub fn offset_of(&self, record: &RecordView) -> Offset {
        self.header.base_offset.plus(i64::from(record.offset_delta))
    }

    /// The timestamp of one of the batch's records (milliseconds).
    pub fn timestamp_of(&self, record: &RecordView) -> i64 {
        self.timestamp_at(record.timestamp_delta)
    }

    pub(super) fn timestamp_at(&self, timestamp_delta: i64) -> i64 {
        match self.header.attributes.timestamp_type() {
            TimestampType::CreateTime => self.header.base_timestamp.saturating_add(timestamp_delta),
            TimestampType::LogAppendTime => self.header.max_timestamp,
        }
    }
}

/// Iterates over the batches of a record set; ends silently at a batch that is cut short, as the
/// last of a Fetch answer may be, and after the first error. Checksums are not looked at.
#[derive(Clone, Debug)]
pub struct BatchIter {
    rest: Bytes,
}

impl BatchIter {
    /// The batches of `records`.
    pub fn new(records: Bytes) -> BatchIter {
        BatchIter { rest: records }
    }

    /// The bytes after the last batch that was returned.
    pub fn rest(&self) -> &Bytes {
        &self.rest
    }
}

impl Iterator for BatchIter {
    type Item = Result<Batch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        match Batch::parse(&self.rest) {
            Ok(batch) => {
                self.rest = self.rest.slice(batch.bytes.len()..);
                Some(Ok(batch))
            }
            Err(BatchError::Truncated { .. }) => None,
            Err(error) => {
                self.rest = Bytes::new();
                Some(Err(error))
            }
        }
    }
}
