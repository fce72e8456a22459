//! Validation of a batch's bytes, without opening a compressed body.

use super::varint::Cursor;
use super::{BatchError, BatchHeader, HEADER_BYTES, TimestampType};
use crate::batch::header::CHECKSUMMED_AT;
use crate::compression::Compression;

/// What a walk over the records of an uncompressed body found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BodyFacts {
    /// Largest timestamp of the records (milliseconds), -1 if there is no record.
    pub max_timestamp: i64,
    /// Smallest timestamp of the records (milliseconds), `i64::MAX` if there is no record.
    pub min_timestamp: i64,
    /// Index of the first record without a key, if there is one.
    pub first_keyless: Option<i32>,
}

/// CRC-32C, the checksum of batches and of snapshot files.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// Checks that `batch`, a whole batch, has the checksum that its header says.
pub fn check_checksum(batch: &[u8], header: &BatchHeader) -> Result<(), BatchError> {
    let Some(checksummed) = batch.get(CHECKSUMMED_AT..header.size()) else {
        return Err(BatchError::Truncated { needed: header.size(), available: batch.len() });
    };
    let computed = crc32c::crc32c(checksummed);
    if computed != header.crc {
        return Err(BatchError::ChecksumMismatch { stored: header.crc, computed });
    }
    Ok(())
}

/// Checks that a batch as a producer sends it has as many records as offsets, and at least one.
pub fn check_counts(header: &BatchHeader) -> Result<(), BatchError> {
    let counts_agree = header.last_offset_delta.checked_add(1) == Some(header.record_count);
    if header.record_count < 1 || !counts_agree {
        return Err(BatchError::InvalidCount {
            record_count: header.record_count,
            last_offset_delta: header.last_offset_delta,
        });
    }
    Ok(())
}

/// Walks the records of `batch`, a whole batch: each must have the lengths it says and the offset delta
/// that follows from its place, and nothing may be left after the last. `None` if the body is
/// compressed, and so was not opened.
pub fn check_body(batch: &[u8], header: &BatchHeader) -> Result<Option<BodyFacts>, BatchError> {
    if header.attributes.compression()? != Compression::None {
        return Ok(None);
    }
    let Some(body) = batch.get(HEADER_BYTES..header.size()) else {
        return Err(BatchError::Truncated { needed: header.size(), available: batch.len() });
    };
    check_records(body, header).map(Some)
}

/// As [`check_body`], of records that are not compressed or have been decompressed.
pub fn check_records(body: &[u8], header: &BatchHeader) -> Result<BodyFacts, BatchError> {
    let mut cursor = Cursor::new(body);
    let mut facts = BodyFacts { max_timestamp: -1, min_timestamp: i64::MAX, first_keyless: None };
    for index in 0..header.record_count {
        let record = walk_record(&mut cursor).ok_or(BatchError::InvalidRecord { index, reason: "malformed" })?;
        if record.offset_delta != index {
            return Err(BatchError::InvalidRecord { index, reason: "offset delta out of sequence" });
        }
        let timestamp = header.base_timestamp.saturating_add(record.timestamp_delta);
        facts.max_timestamp = facts.max_timestamp.max(timestamp);
        facts.min_timestamp = facts.min_timestamp.min(timestamp);
        if !record.has_key && facts.first_keyless.is_none() {
            facts.first_keyless = Some(index);
        }
    }
    if cursor.remaining() > 0 {
        return Err(BatchError::TrailingBytes { bytes: cursor.remaining() });
    }
    if header.attributes.timestamp_type() == TimestampType::LogAppendTime {
        facts.max_timestamp = header.max_timestamp;
    }
    Ok(facts)
}

struct Walked {
    timestamp_delta: i64,
    offset_delta: i32,
    has_key: bool,
}

#[inline]
fn walk_record(cursor: &mut Cursor<'_>) -> Option<Walked> {
    let len = usize::try_from(cursor.varint()?).ok()?;
    if len > cursor.remaining() {
        return None;
    }
    let end = cursor.position() + len;
    cursor.byte()?;
    let timestamp_delta = cursor.varlong()?;
    let offset_delta = cursor.varint()?;
    let has_key = cursor.nullable()?.is_some();
    cursor.nullable()?;
    let header_count = cursor.varint()?;
    if header_count < 0 {
        return None;
    }
    for _ in 0..header_count {
        cursor.nullable()??;
        cursor.nullable()?;
    }
    (cursor.position() == end).then_some(Walked { timestamp_delta, offset_delta, has_key })
}
