//! What is still to be written to one socket: memory in gathered writes, file ranges by sendfile, or, through TLS, in
//! pieces that are read and encrypted.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use rustix::fd::AsFd;
use stream_log::disk::DiskFile;
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::tls::{TlsSession, with_scratch};

const SLICES_PER_WRITE: usize = 64;
/// Most bytes one sendfile call moves before the connection looks at its other events.
const SENDFILE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A part of an answer.
#[derive(Debug, Clone)]
pub(crate) enum OutputSegment {
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes of a file, sent without passing through user space.
    File {
        /// Held open until the last byte is sent, even if its segment is deleted meanwhile.
        file: Arc<dyn DiskFile>,
        /// Where the range starts in the file.
        position: u64,
        /// How many bytes are still to be sent.
        len: usize,
    },
}

impl OutputSegment {
    fn len(&self) -> usize {
        match self {
            OutputSegment::Bytes(bytes) => bytes.len(),
            OutputSegment::File { len, .. } => *len,
        }
    }
}

/// One encoded answer, size prefix included.
#[derive(Debug, Default)]
pub(crate) struct Response {
    /// Its parts in order.
    pub(crate) segments: Vec<OutputSegment>,
}

impl Response {
    /// Its size on the wire (bytes).
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(OutputSegment::len).sum()
    }
}

/// The queue of bytes to one socket.
#[derive(Debug, Default)]
pub(crate) struct Output {
    segments: VecDeque<OutputSegment>,
    bytes: usize,
}

impl Output {
    /// Bytes not yet written.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// Whether everything is written.
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Appends an answer.
    pub(crate) fn push(&mut self, response: Response) {
        for segment in response.segments {
            let len = segment.len();
            if len > 0 {
                self.bytes += len;
                self.segments.push_back(segment);
            }
        }
    }

    /// Writes what the socket takes now; returns the bytes written.
    ///
    /// # Errors
    /// When the peer is gone, or a promised file range cannot be read any more.
    pub(crate) fn write_some(&mut self, stream: &TcpStream) -> io::Result<usize> {
        let mut written = 0;
        loop {
            let result = match self.segments.front() {
                None => return Ok(written),
                Some(OutputSegment::Bytes(_)) => self.write_memory(stream),
                Some(OutputSegment::File { .. }) => self.write_file(stream),
            };
            match result {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(written),
                Err(error) => return Err(error),
            }
            if written >= SENDFILE_BYTES_MAX {
                return Ok(written);
            }
        }
    }

    /// Encrypts and writes what the socket takes now; returns the bytes that went to the socket. No more is encrypted
    /// than the session keeps, and nothing while what it keeps waits for the socket.
    ///
    /// # Errors
    /// When the peer is gone, or a promised file range cannot be read any more.
    pub(crate) fn encrypt_some(&mut self, session: &mut TlsSession, stream: &TcpStream) -> io::Result<usize> {
        let mut written = 0;
        loop {
            written += session.send(stream)?;
            if session.has_unsent() || self.segments.is_empty() || written >= SENDFILE_BYTES_MAX {
                return Ok(written);
            }
            let taken = match self.segments.front() {
                Some(OutputSegment::File { file, position, len }) => with_scratch(*len, |scratch| {
                    let read = file.read_at(scratch, *position)?;
                    session.encrypt(&[IoSlice::new(scratch.get(..read).unwrap_or_default())])
                })?,
                _ => {
                    let mut slices = [IoSlice::new(&[]); SLICES_PER_WRITE];
                    let count = self.gather(&mut slices);
                    session.encrypt(&slices[..count])?
                }
            };
            if taken == 0 {
                return Err(short_segment());
            }
            self.consume(taken);
        }
    }

    fn write_memory(&mut self, stream: &TcpStream) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES_PER_WRITE];
        let count = self.gather(&mut slices);
        let written = stream.try_write_vectored(&slices[..count])?;
        self.consume(written);
        Ok(written)
    }

    /// Points `slices` to the memory at the front; returns how many there are.
    fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES_PER_WRITE]) -> usize {
        let mut count = 0;
        for segment in self.segments.iter().take(SLICES_PER_WRITE) {
            let OutputSegment::Bytes(bytes) = segment else { break };
            slices[count] = IoSlice::new(bytes);
            count += 1;
        }
        count
    }

    fn write_file(&mut self, stream: &TcpStream) -> io::Result<usize> {
        let Some(OutputSegment::File { file, position, len }) = self.segments.front() else {
            return Ok(0);
        };
        let mut offset = *position;
        let wanted = (*len).min(SENDFILE_BYTES_MAX);
        let sent = match file.as_fd() {
            Some(fd) => stream.try_io(Interest::WRITABLE, || {
                Ok(rustix::fs::sendfile(stream.as_fd(), fd, Some(&mut offset), wanted)?)
            })?,
            None => {
                let mut buffer = vec![0; wanted.min(64 * 1024)];
                let read = file.read_at(&mut buffer, *position)?;
                stream.try_write(buffer.get(..read).unwrap_or(&[]))?
            }
        };
        if sent == 0 {
            return Err(short_segment());
        }
        self.consume(sent);
        Ok(sent)
    }

    fn consume(&mut self, mut count: usize) {
        assert!(count <= self.bytes, "more bytes written than were queued");
        self.bytes -= count;
        while count > 0 {
            let Some(front) = self.segments.front_mut() else { return };
            let front_len = front.len();
            if front_len <= count {
                count -= front_len;
                self.segments.pop_front();
                continue;
            }
            match front {
                OutputSegment::Bytes(bytes) => bytes.advance(count),
                OutputSegment::File { position, len, .. } => {
                    *position += count as u64;
                    *len -= count;
                }
            }
            count = 0;
        }
    }
}

/// The frame's size is already promised: only closing keeps the peer from misreading.
fn short_segment() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a log segment ends before the range being sent")
}
