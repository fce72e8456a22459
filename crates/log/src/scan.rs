//! Walking a segment's batches in order.

use std::io;
use std::sync::Arc;

use stream_codec::batch::{BatchError, BatchHeader, HEADER_BYTES, check_checksum};

use crate::disk::{DiskFile, read_up_to};

/// Read at once when headers are looked for near a known position (bytes).
pub(crate) const LOOKUP_CHUNK_BYTES: usize = 4 * 1024;
/// Read at once when a whole segment is walked (bytes).
pub(crate) const WALK_CHUNK_BYTES: usize = 1024 * 1024;

/// What stands at the scanner's position.
#[derive(Debug)]
pub(crate) enum Step {
    /// A batch that is there as a whole; its checksum has not been looked at.
    Batch(BatchHeader),
    /// The end.
    End,
    /// Something else.
    Bad(BatchError),
}

/// Reads forward from one batch to the next; skips bodies unless asked for them.
#[derive(Debug)]
pub(crate) struct Scanner {
    file: Arc<dyn DiskFile>,
    position: u64,
    end: u64,
    chunk: usize,
    buffer: Vec<u8>,
    buffer_at: u64,
}

impl Scanner {
    /// Walks from `position` up to `end`, which has to be at most the file's length.
    pub(crate) fn new(file: Arc<dyn DiskFile>, position: u64, end: u64, chunk: usize) -> Scanner {
        Scanner { file, position, end, chunk, buffer: Vec::new(), buffer_at: position }
    }

    /// Where the batch that is looked at begins.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Looks at the batch at the position.
    pub(crate) fn step(&mut self) -> io::Result<Step> {
        if self.position >= self.end {
            return Ok(Step::End);
        }
        let available = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let header = match BatchHeader::parse(self.peek(HEADER_BYTES)?) {
            Ok(header) => header,
            Err(error) => return Ok(Step::Bad(error)),
        };
        if header.size() > available {
            return Ok(Step::Bad(BatchError::Truncated { needed: header.size(), available }));
        }
        Ok(Step::Batch(header))
    }

    /// As [`Scanner::step`], with the checksum.
    pub(crate) fn step_checked(&mut self) -> io::Result<Step> {
        let step = self.step()?;
        if let Step::Batch(header) = &step
            && let Err(error) = check_checksum(self.peek(header.size())?, header)
        {
            return Ok(Step::Bad(error));
        }
        Ok(step)
    }

    /// The bytes of the batch that is looked at.
    pub(crate) fn batch(&mut self, header: &BatchHeader) -> io::Result<&[u8]> {
        self.peek(header.size())
    }

    /// Goes on to the batch after `header`.
    pub(crate) fn skip(&mut self, header: &BatchHeader) {
        self.position += header.size() as u64;
    }

    /// At most `len` bytes from the position, fewer where the walk ends.
    fn peek(&mut self, len: usize) -> io::Result<&[u8]> {
        let len = len.min(usize::try_from(self.end - self.position).unwrap_or(usize::MAX));
        let buffer_end = self.buffer_at + self.buffer.len() as u64;
        if self.position < self.buffer_at || self.position + len as u64 > buffer_end {
            let wanted = (len.max(self.chunk) as u64).min(self.end - self.position) as usize;
            self.buffer.resize(wanted, 0);
            self.buffer_at = self.position;
            let filled = read_up_to(&*self.file, &mut self.buffer, self.position)?;
            self.buffer.truncate(filled);
        }
        let start = (self.position - self.buffer_at) as usize;
        let end = self.buffer.len().min(start + len);
        Ok(self.buffer.get(start..end).unwrap_or_default())
    }
}
