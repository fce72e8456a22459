//! The two halves of one client's socket, plain or through TLS. What a client sent through either is the same to the
//! connection; the plain one reads and writes the socket itself.

use std::io;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::output::Output;
use super::tls::TlsSession;

/// What is between the socket and Kafka's frames.
#[derive(Debug)]
pub(crate) enum Layer {
    /// Nothing.
    Plain,
    /// TLS.
    Tls(Box<TlsSession>),
}

/// A client's socket.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) read: OwnedReadHalf,
    pub(crate) write: OwnedWriteHalf,
    pub(crate) layer: Layer,
}

impl Transport {
    pub(crate) fn new(stream: TcpStream, layer: Layer) -> Transport {
        let (read, write) = stream.into_split();
        Transport { read, write, layer }
    }

    /// Whether bytes that left the output wait in the layer for the socket.
    pub(crate) fn has_unsent(&self) -> bool {
        match &self.layer {
            Layer::Plain => false,
            Layer::Tls(session) => session.has_unsent(),
        }
    }

    /// Writes what the socket takes now; returns the bytes that went.
    ///
    /// # Errors
    /// When the peer is gone, or a promised file range cannot be read any more.
    pub(crate) fn write_some(&mut self, output: &mut Output) -> io::Result<usize> {
        match &mut self.layer {
            Layer::Plain => output.write_some(self.write.as_ref()),
            Layer::Tls(session) => output.encrypt_some(session, self.write.as_ref()),
        }
    }

    /// Says good-bye where the layer has a word for it.
    pub(crate) fn close(&mut self) {
        match &mut self.layer {
            Layer::Plain => {}
            Layer::Tls(session) => session.close(self.write.as_ref()),
        }
    }
}

/// Reads into `buffer`; 0 at the end.
pub(crate) async fn read(half: &mut OwnedReadHalf, layer: &mut Layer, buffer: &mut BytesMut) -> io::Result<usize> {
    match layer {
        Layer::Plain => half.read_buf(buffer).await,
        Layer::Tls(session) => session.read(half, buffer).await,
    }
}
