//! ListOffsets: offsets by time, at the precision of records.

use std::cell::Cell;
use std::sync::Arc;

use stream_codec::batch::{Batch, BatchHeader, RecordPlace};
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;
use stream_types::{LeaderEpoch, Offset};

use bytes::Bytes;

use crate::error::{Context, ReadError};
use crate::reader::{LogReader, ReadBound};
use crate::scan::{LOOKUP_CHUNK_BYTES, Scanner, Step};
use crate::segment::{MaxTimestamp, Segment};

/// A record that was looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimestampOffset {
    /// The record's timestamp (milliseconds).
    pub timestamp: i64,
    /// The record's offset.
    pub offset: Offset,
    /// The leader epoch that wrote it.
    pub leader_epoch: LeaderEpoch,
}

impl LogReader {
    /// The first record, at or after the log's start and below `bound`, whose timestamp is at least
    /// `timestamp`. Compressed batches are opened, with limits.
    pub fn offset_for_time(&self, timestamp: i64, bound: ReadBound) -> Result<Option<TimestampOffset>, ReadError> {
        let (segments, log_start, limit) = self.lookup_range(bound)?;
        for segment in &segments {
            let max = segment.max_timestamp().context("read", &segment.log_path())?;
            if max.is_none_or(|max| max.timestamp < timestamp) {
                continue;
            }
            let entry = segment
                .time_index
                .last_where(|entry| entry.timestamp < timestamp)
                .context("read", segment.time_index.path())?;
            // The batch of the entry has smaller timestamps only, and so has everything before it.
            let from =
                entry.map_or(segment.base_offset, |entry| segment.base_offset.plus(entry.relative_offset.into()));
            let wanted = |header: &BatchHeader| header.max_timestamp >= timestamp && header.last_offset() >= log_start;
            let is_late = |found: &TimestampOffset| found.timestamp >= timestamp && found.offset >= log_start;
            if let Some(found) = self.find_record(segment, from, wanted, is_late)? {
                return Ok(Some(found).filter(|found| found.offset < limit));
            }
        }
        Ok(None)
    }

    /// The first record with the largest timestamp (KIP-734), at or after the log's start and below `bound`; `None`
    /// if there is no record.
    pub fn max_timestamp(&self, bound: ReadBound) -> Result<Option<TimestampOffset>, ReadError> {
        let (segments, log_start, limit) = self.lookup_range(bound)?;
        let mut found = self.latest_in(&segments, log_start)?;
        if found.is_none() {
            // The record that had it was deleted from the log's start, and later ones of its segment were not.
            let (cut, whole) = segments.split_at(segments.partition_point(|segment| segment.base_offset < log_start));
            found = self.latest_in(whole, log_start)?;
            for segment in cut {
                let left = self.latest_left_in(segment, log_start)?;
                found =
                    if left.map(|left| left.timestamp) >= found.map(|found| found.timestamp) { left } else { found };
            }
        }
        Ok(found.filter(|found| found.offset < limit))
    }

    /// The first record with the largest timestamp of all `segments`, if it is still there.
    fn latest_in(&self, segments: &[Arc<Segment>], log_start: Offset) -> Result<Option<TimestampOffset>, ReadError> {
        let mut best: Option<(MaxTimestamp, &Arc<Segment>)> = None;
        for segment in segments {
            if let Some(max) = segment.max_timestamp().context("read", &segment.log_path())?
                && best.is_none_or(|(best, _)| max.timestamp > best.timestamp)
            {
                best = Some((max, segment));
            }
        }
        let Some((max, segment)) = best else { return Ok(None) };
        let wanted = |header: &BatchHeader| header.max_timestamp >= max.timestamp && header.last_offset() >= log_start;
        let is_max = |found: &TimestampOffset| found.timestamp >= max.timestamp && found.offset >= log_start;
        self.find_record(segment, max.last_offset, wanted, is_max)
    }

    /// The first record with the largest timestamp from `log_start` on, by looking at all that may have it.
    fn latest_left_in(&self, segment: &Segment, log_start: Offset) -> Result<Option<TimestampOffset>, ReadError> {
        let best: Cell<Option<TimestampOffset>> = Cell::new(None);
        let is_later = |timestamp: i64| best.get().is_none_or(|best| timestamp > best.timestamp);
        let wanted = |header: &BatchHeader| is_later(header.max_timestamp) && header.last_offset() >= log_start;
        let look = |found: &TimestampOffset| {
            if found.offset >= log_start && is_later(found.timestamp) {
                best.set(Some(*found));
            }
            false
        };
        self.find_record(segment, log_start, wanted, look)?;
        Ok(best.get())
    }

    fn lookup_range(&self, bound: ReadBound) -> Result<(Vec<Arc<Segment>>, Offset, Offset), ReadError> {
        let view = self.view.read();
        if let Some(reason) = self.offline_in(&view) {
            return Err(ReadError::Offline { reason });
        }
        let limit = view.bound(bound).offset();
        let segments = view.segments.iter().filter(|segment| segment.base_offset < limit).cloned().collect();
        Ok((segments, view.log_start, limit))
    }

    /// The first record from the batch of `from` on that satisfies `is_found`, in batches that may hold one.
    fn find_record(
        &self,
        segment: &Segment,
        from: Offset,
        wanted: impl Fn(&BatchHeader) -> bool,
        is_found: impl Fn(&TimestampOffset) -> bool,
    ) -> Result<Option<TimestampOffset>, ReadError> {
        let path = segment.log_path();
        let size = segment.size();
        let Some(located) = segment.locate(from, size).map_err(|error| ReadError::of_segment("read", &path, error))?
        else {
            return Ok(None);
        };
        let file = segment.file().context("open", &path)?;
        let mut scanner = Scanner::new(file, located.position, size, LOOKUP_CHUNK_BYTES);
        while let Step::Batch(header) = scanner.step().context("read", &path)? {
            if wanted(&header) {
                let position = scanner.position();
                let bytes = Bytes::copy_from_slice(scanner.batch(&header).context("read", &path)?);
                let corrupt = |source| ReadError::Corrupt { segment: path.clone(), position, source };
                let batch = Batch::parse_checked(&bytes).map_err(corrupt)?;
                let found = |place: RecordPlace| TimestampOffset {
                    timestamp: place.timestamp,
                    offset: place.offset,
                    leader_epoch: header.partition_leader_epoch,
                };
                // Piece by piece: a batch may open to a thousand times its size.
                let place = batch.find(DECOMPRESSED_BATCH_BYTES_MAX, |place| is_found(&found(place)));
                if let Some(place) = place.map_err(corrupt)? {
                    return Ok(Some(found(place)));
                }
            }
            scanner.skip(&header);
        }
        Ok(None)
    }
}
