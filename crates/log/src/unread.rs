//! How old what a reader has not read yet is, and how long retention leaves it: from one batch's header and from what is
//! in memory. Inside [`crate::disk::file::without_waiting`] neither waits for the disk.

use std::io;

use stream_codec::batch::{BatchHeader, TimestampType};
use stream_types::Offset;

use crate::error::{Context, ReadError};
use crate::reader::LogReader;

/// What retention goes by, of the segment that holds an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The segment's largest timestamp (milliseconds): `retention.ms` counts from it. `None` if it has none.
    pub timestamp: Option<i64>,
    /// Bytes of the segments after it: when they are as many as `retention.bytes`, it goes.
    pub bytes_after: u64,
}

impl LogReader {
    /// The timestamp (milliseconds) of the batch that holds `offset`, or of the first one after it: that of its first
    /// record, or the time of its append where that is what timestamps mean. `None` if there is none.
    ///
    /// # Errors
    /// When the disk refuses, or would have to be waited for.
    pub fn batch_timestamp(&self, offset: Offset) -> Result<Option<i64>, ReadError> {
        let (head, segments) = {
            let view = self.view.read();
            if let Some(reason) = self.offline_in(&view) {
                return Err(ReadError::Offline { reason });
            }
            let recent = view.tail.from(offset).and_then(|mut batches| batches.next());
            match recent {
                Some(recent) => (Some(recent.head.clone()), Vec::new()),
                None => (None, view.segments.iter().skip(view.segment_index(offset)).cloned().collect()),
            }
        };
        if let Some(head) = head {
            let header = BatchHeader::parse(&head).map_err(|source| self.corrupt(offset, source))?;
            return Ok(timestamp_of(&header));
        }
        for segment in &segments {
            match segment.locate(offset, segment.size()) {
                Ok(Some(located)) => return Ok(timestamp_of(&located.header)),
                Ok(None) => {}
                // Retention was faster.
                Err(error) if segment.is_retired() && error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(ReadError::of_segment("read", &segment.log_path(), error)),
            }
        }
        Ok(None)
    }

    /// What keeps the record at `offset`.
    ///
    /// # Errors
    /// As [`LogReader::batch_timestamp`].
    pub fn kept(&self, offset: Offset) -> Result<Kept, ReadError> {
        let (segment, bytes_after) = {
            let view = self.view.read();
            let index = view.segment_index(offset);
            let bytes_after = view.segments.iter().skip(index + 1).map(|segment| segment.size()).sum();
            (view.segments.get(index).cloned(), bytes_after)
        };
        let max = match segment {
            Some(segment) => segment.max_timestamp().context("read", &segment.log_path())?,
            None => None,
        };
        Ok(Kept { timestamp: max.map(|max| max.timestamp), bytes_after })
    }
}

fn timestamp_of(header: &BatchHeader) -> Option<i64> {
    let is_first = header.attributes.timestamp_type() == TimestampType::CreateTime
        && !header.attributes.has_delete_horizon()
        && header.base_timestamp >= 0;
    let timestamp = if is_first { header.base_timestamp } else { header.max_timestamp };
    (timestamp >= 0).then_some(timestamp)
}
