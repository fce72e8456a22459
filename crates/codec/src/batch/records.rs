//! A batch's records, one at a time.

use bytes::Bytes;

use super::varint::Cursor;
use super::{BatchError, RecordHeader};

/// One record; keys, values and headers share the body's buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordView {
    /// Offset less the batch's base offset.
    pub offset_delta: i32,
    /// Timestamp less the batch's base timestamp (milliseconds).
    pub timestamp_delta: i64,
    /// The key, if there is one.
    pub key: Option<Bytes>,
    /// The value; `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Headers in their order; a key may repeat.
    pub headers: Vec<RecordHeader>,
}

/// Iterates over the records of an uncompressed body; ends after the first error.
#[derive(Clone, Debug)]
pub struct RecordIter {
    body: Bytes,
    position: usize,
    index: i32,
    record_count: i32,
}

impl RecordIter {
    /// The records of `body`, which says that it holds `record_count`. The count is believed only
    /// as far as there are bytes.
    pub fn new(body: Bytes, record_count: i32) -> RecordIter {
        RecordIter { body, position: 0, index: 0, record_count }
    }

    fn parse(&mut self) -> Option<RecordView> {
        let mut cursor = Cursor::at(&self.body, self.position);
        let len = usize::try_from(cursor.varint()?).ok()?;
        if len > cursor.remaining() {
            return None;
        }
        let end = cursor.position() + len;
        cursor.byte()?;
        let timestamp_delta = cursor.varlong()?;
        let offset_delta = cursor.varint()?;
        let key = cursor.nullable()?.map(|range| self.body.slice(range));
        let value = cursor.nullable()?.map(|range| self.body.slice(range));
        let header_count = cursor.varint()?;
        if header_count < 0 {
            return None;
        }
        let mut headers = Vec::new();
        for _ in 0..header_count {
            let key = cursor.nullable()?.map(|range| self.body.slice(range))?;
            let value = cursor.nullable()?.map(|range| self.body.slice(range));
            headers.push(RecordHeader { key, value });
        }
        if cursor.position() != end {
            return None;
        }
        self.position = end;
        Some(RecordView { offset_delta, timestamp_delta, key, value, headers })
    }
}

impl Iterator for RecordIter {
    type Item = Result<RecordView, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.record_count {
            let bytes = self.body.len() - self.position;
            self.position = self.body.len();
            return (bytes > 0).then_some(Err(BatchError::TrailingBytes { bytes }));
        }
        let index = self.index;
        if let Some(record) = self.parse() {
            self.index += 1;
            return Some(Ok(record));
        }
        self.index = self.record_count;
        self.position = self.body.len();
        Some(Err(BatchError::InvalidRecord { index, reason: "malformed" }))
    }
}
