//! The bytes of one TLS connection after its handshake. It holds what is encrypted and not yet sent, at most
//! [`OUTPUT_BYTES_MAX`] and a little; what it reads goes straight into the connection's own buffer.

use std::cell::RefCell;
use std::io::{self, BufRead, IoSlice, Read, Write};

use bytes::BytesMut;
use rustls::ServerConnection;
use stream_security::Principal;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

/// Encrypted bytes that wait for the socket before no more is encrypted (bytes).
const OUTPUT_BYTES_MAX: usize = 128 * 1024;
/// Bytes taken from a socket or a file at once. Each thread has one such buffer, whatever the number of connections.
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends this thread's buffer, up to `length` bytes of it.
pub(in crate::net) fn with_scratch<T>(length: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(SCRATCH_BYTES, 0);
        work(&mut scratch[..length.min(SCRATCH_BYTES)])
    })
}

/// One connection's TLS, its handshake done.
#[derive(Debug)]
pub(crate) struct TlsSession {
    connection: ServerConnection,
    /// Who the client is by its certificate.
    pub(crate) principal: Principal,
}

impl TlsSession {
    pub(super) fn new(mut connection: ServerConnection, principal: Principal) -> TlsSession {
        connection.set_buffer_limit(Some(OUTPUT_BYTES_MAX));
        TlsSession { connection, principal }
    }

    /// Reads into `buffer`, waiting for the socket; 0 at the end. What was read is never lost when this is dropped.
    pub(crate) async fn read(&mut self, socket: &OwnedReadHalf, buffer: &mut BytesMut) -> io::Result<usize> {
        loop {
            // What came behind the handshake is there already.
            if let Some(bytes) = self.take_decrypted(buffer)? {
                return Ok(bytes);
            }
            socket.readable().await?;
            match self.receive(socket.as_ref(), buffer) {
                Ok(Some(bytes)) => return Ok(bytes),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes what the socket has, within the buffer's room. None while no record is whole.
    fn receive(&mut self, socket: &TcpStream, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        let room = (buffer.capacity() - buffer.len()).max(1);
        with_scratch(room, |scratch| {
            let count = socket.try_read(scratch)?;
            if count == 0 {
                return Ok(Some(0));
            }
            let before = buffer.len();
            let mut encrypted = &scratch[..count];
            let mut ended = false;
            while !encrypted.is_empty() && !ended {
                ended = self.connection.read_tls(&mut encrypted)? == 0;
                self.connection
                    .process_new_packets()
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                ended |= self.take_decrypted(buffer)? == Some(0);
            }
            let taken = buffer.len() - before;
            Ok((taken > 0 || ended).then_some(taken))
        })
    }

    /// Moves decrypted bytes to `buffer`; 0 when the peer said that it will send no more, none when there are none yet.
    fn take_decrypted(&mut self, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        let mut taken = 0;
        loop {
            let mut reader = self.connection.reader();
            let count = match reader.fill_buf() {
                Ok(chunk) => {
                    buffer.extend_from_slice(chunk);
                    chunk.len()
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok((taken > 0).then_some(taken));
                }
                Err(error) => return Err(error),
            };
            reader.consume(count);
            taken += count;
            if count == 0 {
                return Ok(Some(taken));
            }
        }
    }

    /// Whether encrypted bytes wait for the socket.
    pub(crate) fn has_unsent(&self) -> bool {
        self.connection.wants_write()
    }

    /// Sends encrypted bytes until there are none or the socket takes no more; returns how many went.
    pub(crate) fn send(&mut self, socket: &TcpStream) -> io::Result<usize> {
        let mut sent = 0;
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Socket(socket)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(sent),
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    /// Encrypts as much as there is room for; returns how many bytes were taken.
    pub(crate) fn encrypt(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.connection.writer().write_vectored(slices)
    }

    /// Tells the client that no more will come. Whether it still listens is no matter.
    pub(crate) fn close(&mut self, socket: &TcpStream) {
        self.connection.send_close_notify();
        let _ = self.send(socket);
    }
}

/// A socket that never waits, as rustls wants it.
pub(super) struct Socket<'a>(pub(super) &'a TcpStream);

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
