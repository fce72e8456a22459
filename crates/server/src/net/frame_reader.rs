//! Bytes of a socket to frames, without trusting what a frame announces.
//!
//! `buffer` holds at most one unfinished frame and what arrived behind it. Its capacity follows
//! the bytes that have arrived and the sizes of frames this connection has completed before,
//! never the announced size alone.

use bytes::{Buf, Bytes, BytesMut};
use stream_types::limits;
use stream_wire::frame::{self, FrameError};

const SIZE_PREFIX_BYTES: usize = frame::SIZE_BYTES;
const READ_BYTES_MIN: usize = 4 * 1024;
const READ_BYTES_MAX: usize = 1024 * 1024;

/// The receiving side of one connection.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    buffer: BytesMut,
    read_size: usize,
}

impl FrameReader {
    /// Takes the next whole frame, without its size prefix.
    ///
    /// # Errors
    /// When the announced size is negative or above `frame_bytes_max`.
    pub(crate) fn next_frame(&mut self, frame_bytes_max: usize) -> Result<Option<Bytes>, FrameError> {
        let Some(size) = self.announced_size(frame_bytes_max)? else { return Ok(None) };
        if self.buffer.len() < SIZE_PREFIX_BYTES + size {
            return Ok(None);
        }
        self.buffer.advance(SIZE_PREFIX_BYTES);
        Ok(Some(self.buffer.split_to(size).freeze()))
    }

    /// The size of the frame at the front of the buffer, once its prefix has arrived.
    pub(crate) fn announced_size(&self, frame_bytes_max: usize) -> Result<Option<usize>, FrameError> {
        let Some(prefix) = self.buffer.first_chunk::<SIZE_PREFIX_BYTES>() else { return Ok(None) };
        frame::size(*prefix, frame_bytes_max).map(Some)
    }

    /// Whether a whole frame has arrived that was not taken yet.
    pub(crate) fn has_frame(&self) -> bool {
        let Some(prefix) = self.buffer.first_chunk::<SIZE_PREFIX_BYTES>() else { return false };
        let size = usize::try_from(i32::from_be_bytes(*prefix)).unwrap_or(0);
        self.buffer.len() - SIZE_PREFIX_BYTES >= size
    }

    /// Bytes that have arrived and were not taken yet.
    pub(crate) fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// The buffer to read into, with room for the next read.
    pub(crate) fn buffer_for_read(&mut self) -> &mut BytesMut {
        let arrived = self.buffer.len();
        let room = self.read_size.max(arrived.min(READ_BYTES_MAX)).clamp(READ_BYTES_MIN, READ_BYTES_MAX);
        // Large enough for what is known to follow, small enough to owe nothing to a promise.
        let missing = match self.buffer.first_chunk::<SIZE_PREFIX_BYTES>() {
            Some(prefix) => {
                let size = usize::try_from(i32::from_be_bytes(*prefix)).unwrap_or(0);
                (SIZE_PREFIX_BYTES + size).saturating_sub(arrived).max(READ_BYTES_MIN)
            }
            None => room,
        };
        let wanted = room.min(missing.max(READ_BYTES_MIN));
        if self.buffer.capacity() - arrived < wanted {
            self.buffer.reserve(wanted);
        }
        &mut self.buffer
    }

    /// Notes how much one read brought, to size the next one.
    pub(crate) fn note_read(&mut self, bytes: usize) {
        if bytes >= self.read_size {
            self.read_size = (bytes * 2).min(READ_BYTES_MAX);
        } else if bytes < self.read_size / 4 {
            self.read_size /= 2;
        }
    }

    /// Whether more has arrived than a small frame has.
    pub(crate) fn is_large(&self) -> bool {
        self.buffer.len() > limits::SMALL_FRAME_BYTES_MAX
    }

    /// Gives the buffer's memory back while the connection is idle.
    pub(crate) fn shrink_when_empty(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
            self.read_size = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = limits::REQUEST_BYTES_MAX;

    fn reader(bytes: &[u8]) -> FrameReader {
        let mut reader = FrameReader::default();
        reader.buffer_for_read().extend_from_slice(bytes);
        reader
    }

    #[test]
    fn frames_are_taken_one_after_another() {
        let mut reader = reader(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9, 0, 0]);
        assert!(reader.has_frame());
        assert_eq!(reader.next_frame(LIMIT), Ok(Some(Bytes::from_static(&[7, 8]))));
        assert_eq!(reader.next_frame(LIMIT), Ok(Some(Bytes::from_static(&[9]))));
        assert!(!reader.has_frame());
        assert_eq!(reader.next_frame(LIMIT), Ok(None));
    }

    #[test]
    fn impossible_sizes_are_refused_before_anything_is_reserved() {
        assert_eq!(reader(&[0xff; 4]).next_frame(LIMIT), Err(FrameError::Negative { size: -1 }));
        let http = reader(b"GET / HTTP/1.1\r\n").next_frame(LIMIT);
        assert_eq!(http, Err(FrameError::OtherProtocol { protocol: "HTTP" }));
        let tls = reader(&[0x16, 0x03, 0x01, 0x02, 0, 1]).next_frame(LIMIT);
        assert_eq!(tls, Err(FrameError::OtherProtocol { protocol: "TLS" }));
    }

    #[test]
    fn an_announced_size_reserves_nothing() {
        let mut reader = reader(&(100i32 * 1024 * 1024).to_be_bytes());
        for _ in 0..10 {
            let capacity = reader.buffer_for_read().capacity();
            assert!(capacity <= 4 * READ_BYTES_MIN, "{capacity} bytes reserved for 4 received");
        }
    }
}
