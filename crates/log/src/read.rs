//! Reading: recent batches from memory, older ones as ranges of a file.
//!
//! A read begins with the whole batch that holds the offset asked for, and ends at the bound, at the
//! end of a segment, or where enough bytes are together: at a batch if that is easily known, else
//! in the middle of one, as Kafka's answers may.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};

use bytes::{Bytes, BytesMut};
use stream_codec::batch::{Batch, BatchHeader, BatchIter, HEADER_BYTES};
use stream_types::Offset;

use crate::disk::{DiskFile, read_exact};
use crate::error::{Context, DiskError, ReadError};
use crate::reader::{LogReader, Mark, Place, ReadBound, View};
use crate::segment::{Located, Segment};

/// A read from memory in more pieces than this is made from the file instead.
const TAIL_PIECES_MAX: usize = 128;
/// Sequential readers of one log whose next position is remembered.
const HINTS_MAX: usize = 16;

/// A run of stored batches, whole but perhaps for the last.
#[derive(Clone, Debug, Default)]
pub struct LogSlice {
    /// The pieces, in order.
    pub parts: Vec<SlicePart>,
    /// Size of all pieces (bytes).
    pub len: usize,
}

/// A piece of a [`LogSlice`].
#[derive(Clone, Debug)]
pub enum SlicePart {
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes of a file; they stay readable through this handle whatever becomes of the segment, unless
    /// the log is truncated.
    File {
        /// The segment's file.
        file: Arc<dyn DiskFile>,
        /// Where the range begins (bytes).
        position: u64,
        /// Its size (bytes).
        len: usize,
    },
}

/// A batch boundary where a reader is expected to go on.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    /// Whose positions these are: another segment may have the same base offset after a compaction.
    segment: Weak<Segment>,
    offset: Offset,
    position: u64,
    /// Size of the batch there, if it was looked at (bytes).
    batch_size: Option<usize>,
}

/// What a read found to do before it touches the disk.
enum Plan {
    Done(LogSlice),
    File(Vec<Arc<Segment>>, Mark),
}

impl LogSlice {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All bytes in one buffer; those of files are read now.
    pub fn to_bytes(&self) -> io::Result<Bytes> {
        if let [SlicePart::Bytes(bytes)] = self.parts.as_slice() {
            return Ok(bytes.clone());
        }
        let mut out = BytesMut::with_capacity(self.len);
        for part in &self.parts {
            match part {
                SlicePart::Bytes(bytes) => out.extend_from_slice(bytes),
                SlicePart::File { file, position, len } => {
                    let start = out.len();
                    out.resize(start + len, 0);
                    read_exact(&**file, &mut out[start..], *position)?;
                }
            }
        }
        Ok(out.freeze())
    }

    fn push(&mut self, bytes: &Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.parts.push(SlicePart::Bytes(bytes.clone()));
        }
    }

    fn of_file(file: Arc<dyn DiskFile>, position: u64, len: usize) -> LogSlice {
        LogSlice { parts: vec![SlicePart::File { file, position, len }], len }
    }
}

impl LogReader {
    /// Reads from `offset` up to `bound`, about `max_bytes` bytes. With `min_one` the first batch is
    /// returned even if it is larger. An offset between the bound and the log's end reads nothing.
    pub fn read(
        &self,
        offset: Offset,
        max_bytes: usize,
        bound: ReadBound,
        min_one: bool,
    ) -> Result<LogSlice, ReadError> {
        loop {
            let (segments, limit) = match self.plan(offset, max_bytes, bound, min_one)? {
                Plan::Done(slice) => return Ok(slice),
                Plan::File(segments, limit) => (segments, limit),
            };
            let mut retired = false;
            for segment in &segments {
                match self.read_segment(segment, offset, max_bytes, limit, min_one) {
                    Ok(Some(slice)) => return Ok(slice),
                    Ok(None) => {}
                    Err(error) if segment.is_retired() && error.kind() == io::ErrorKind::NotFound => {
                        retired = true;
                        break;
                    }
                    Err(error) => return Err(ReadError::of_segment("read", &segment.log_path(), error)),
                }
            }
            if !retired {
                return Ok(LogSlice::default());
            }
        }
    }

    /// As [`LogReader::read`], with the bytes read and cut into whole batches, whose checksums are not
    /// looked at.
    pub fn read_batches(&self, offset: Offset, max_bytes: usize, bound: ReadBound) -> Result<Vec<Batch>, ReadError> {
        let slice = self.read(offset, max_bytes, bound, true)?;
        let bytes = slice.to_bytes().context("read", &self.dir)?;
        let mut batches = Vec::new();
        for batch in BatchIter::new(bytes) {
            batches.push(batch.map_err(|source| self.corrupt(offset, source))?);
        }
        Ok(batches)
    }

    pub(crate) fn corrupt(&self, offset: Offset, source: stream_codec::batch::BatchError) -> ReadError {
        let view = self.view.read();
        let segment = view.segments.get(view.segment_index(offset));
        let path = segment.map_or_else(|| self.dir.to_path_buf(), |segment| segment.log_path());
        ReadError::Corrupt { segment: path, position: 0, source }
    }

    fn plan(&self, offset: Offset, max_bytes: usize, bound: ReadBound, min_one: bool) -> Result<Plan, ReadError> {
        let view = self.view.read();
        if let Some(reason) = self.offline_in(&view) {
            return Err(ReadError::Offline { reason });
        }
        if offset < view.log_start || offset > view.end.offset {
            return Err(ReadError::OffsetOutOfRange { offset, log_start: view.log_start, log_end: view.end.offset });
        }
        let limit = view.bound(bound);
        if offset >= limit.offset() {
            return Ok(Plan::Done(LogSlice::default()));
        }
        if let Some(slice) = read_tail(&view, offset, max_bytes, limit.offset(), min_one) {
            return Ok(Plan::Done(slice));
        }
        let first = view.segment_index(offset);
        let segments = view.segments.get(first..).unwrap_or_default();
        let wanted = segments.iter().take_while(|segment| segment.base_offset < limit.offset());
        Ok(Plan::File(wanted.cloned().collect(), limit))
    }

    /// Reads from one segment; `None` if it has nothing at or after `offset`.
    fn read_segment(
        &self,
        segment: &Arc<Segment>,
        offset: Offset,
        max_bytes: usize,
        limit: Mark,
        min_one: bool,
    ) -> io::Result<Option<LogSlice>> {
        let file = segment.file()?;
        let (end, end_offset) = self.end_in(segment, limit)?;
        let Some((start, first_size)) = self.start_in(segment, offset, end)? else { return Ok(None) };
        if start >= end {
            return Ok(None);
        }
        if first_size > max_bytes && !min_one {
            return Ok(Some(LogSlice::default()));
        }
        let wanted = max_bytes.max(first_size) as u64;
        if end - start <= wanted {
            if let Some(next) = end_offset {
                self.remember(Hint { segment: Arc::downgrade(segment), offset: next, position: end, batch_size: None });
            }
            return Ok(Some(LogSlice::of_file(file, start, (end - start) as usize)));
        }
        let cut = self.cut_at_batch(segment, &*file, start, first_size, wanted)?;
        Ok(Some(LogSlice::of_file(file, start, cut.unwrap_or(wanted) as usize)))
    }

    /// Where reading has to stop in `segment`, and the offset there if it is known.
    fn end_in(&self, segment: &Arc<Segment>, limit: Mark) -> io::Result<(u64, Option<Offset>)> {
        match limit {
            Mark::Known(place) if place.segment == segment.base_offset => Ok((place.position, Some(place.offset))),
            Mark::Known(place) if place.segment > segment.base_offset => Ok((segment.size(), None)),
            Mark::Known(place) => self.locate_end(segment, place.offset),
            Mark::Offset(offset) => self.locate_end(segment, offset),
        }
    }

    fn locate_end(&self, segment: &Arc<Segment>, offset: Offset) -> io::Result<(u64, Option<Offset>)> {
        let size = segment.size();
        let Some(located) = segment.locate(offset, size)? else { return Ok((size, None)) };
        let mut view = self.view.write();
        let is_current = view.segments.iter().rev().any(|current| Arc::ptr_eq(current, segment));
        if view.high_watermark == Mark::Offset(offset) && located.header.base_offset == offset && is_current {
            view.high_watermark =
                Mark::Known(Place { offset, segment: segment.base_offset, position: located.position });
        }
        Ok((located.position, Some(located.header.base_offset)))
    }

    /// Where the batch that holds `offset` begins, and its size.
    fn start_in(&self, segment: &Arc<Segment>, offset: Offset, end: u64) -> io::Result<Option<(u64, usize)>> {
        let hint = {
            let mut hints = self.hints.lock();
            let is_wanted =
                |hint: &Hint| hint.offset == offset && std::ptr::eq(hint.segment.as_ptr(), Arc::as_ptr(segment));
            let found = hints.iter().position(is_wanted);
            found.and_then(|index| hints.remove(index))
        };
        match hint {
            Some(Hint { position, batch_size: Some(size), .. }) if position < end => {
                return Ok(Some((position, size)));
            }
            Some(Hint { position, batch_size: None, .. }) if position < end => {
                if let Some(header) = header_at(&*segment.file()?, position)?
                    && header.base_offset == offset
                {
                    return Ok(Some((position, header.size())));
                }
            }
            _ => {}
        }
        let located: Option<Located> = segment.locate(offset, end)?;
        Ok(located.map(|located| (located.position, located.header.size())))
    }

    /// Length of a range from `start` that ends with a whole batch, at most `wanted` bytes and not much
    /// less, if the index knows one. Remembers where the next reader will go on.
    fn cut_at_batch(
        &self,
        segment: &Arc<Segment>,
        file: &dyn DiskFile,
        start: u64,
        first_size: usize,
        wanted: u64,
    ) -> io::Result<Option<u64>> {
        let target = u32::try_from(start + wanted).unwrap_or(u32::MAX);
        let entry = segment.offset_index.last_where(|entry| entry.position <= target)?;
        let position = match entry.map(|entry| u64::from(entry.position)) {
            Some(position) if position >= start + (wanted / 2).max(first_size as u64) => position,
            _ => start + first_size as u64,
        };
        if position - start < wanted / 2 {
            return Ok(None);
        }
        let Some(header) = header_at(file, position)? else { return Ok(None) };
        let batch_size = Some(header.size());
        self.remember(Hint { segment: Arc::downgrade(segment), offset: header.base_offset, position, batch_size });
        Ok(Some(position - start))
    }

    fn remember(&self, hint: Hint) {
        let mut hints = self.hints.lock();
        if hints.len() >= HINTS_MAX {
            hints.pop_front();
        }
        hints.push_back(hint);
    }

    /// Drops hints and memory that nobody needs while the log is idle.
    pub(crate) fn forget_hints(&self) {
        *self.hints.lock() = VecDeque::new();
    }
}

fn header_at(file: &dyn DiskFile, position: u64) -> io::Result<Option<BatchHeader>> {
    let mut bytes = [0; HEADER_BYTES];
    match read_exact(file, &mut bytes, position) {
        Ok(()) => Ok(BatchHeader::parse(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_tail(view: &View, offset: Offset, max_bytes: usize, limit: Offset, min_one: bool) -> Option<LogSlice> {
    let batches = view.tail.from(offset)?;
    let mut slice_len = 0;
    let mut pieces = 0;
    let mut count = 0;
    for batch in batches.clone().take_while(|batch| batch.next_offset <= limit) {
        let is_wanted = slice_len + batch.len() <= max_bytes || (count == 0 && min_one);
        if !is_wanted {
            break;
        }
        slice_len += batch.len();
        pieces += batch.piece_count();
        count += 1;
    }
    if pieces <= TAIL_PIECES_MAX {
        let mut slice = LogSlice { parts: Vec::with_capacity(pieces), len: 0 };
        for batch in batches.take(count) {
            slice.push(&batch.head);
            slice.push(&batch.body);
        }
        return Some(slice);
    }
    // Many small batches: a range of the file is one piece, and in the page cache.
    let first = batches.clone().next()?;
    let last = batches.take(count).take_while(|batch| batch.segment == first.segment).last()?;
    let segment = view.segments.get(view.segment_index(first.segment))?;
    let file = segment.file().ok()?;
    let len = last.position + last.len() as u64 - first.position;
    Some(LogSlice::of_file(file, first.position, len as usize))
}

impl From<DiskError> for io::Error {
    fn from(error: DiskError) -> io::Error {
        io::Error::new(error.source.kind(), error)
    }
}
