//! One blocking connection: frames out, frames in.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use clap::Args;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use stream_codec::{Decoder, Message, Segment, Str};
use stream_wire::api::Request;
use stream_wire::api_versions::ApiVersionsRequest;
use stream_wire::frame;
use stream_wire::header::{self, RequestHeader};
use stream_wire::metadata::MetadataRequest;

/// Where the correlation id stands in a frame: behind size, key and version.
pub(crate) const CORRELATION_ID_AT: usize = 8;

/// Where the broker is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// HOST:PORT of the broker.
    #[arg(long)]
    pub(crate) bootstrap: String,
    /// Speak TLS, and trust the certificates in this PEM file.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A connection to the broker.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
}

impl Place {
    /// The TLS session of a new connection.
    fn session(&self, ca: &PathBuf) -> io::Result<ClientConnection> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(ca).map_err(io::Error::other)? {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let host = self.bootstrap.rsplit_once(':').map_or(self.bootstrap.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)
    }
}

impl Connection {
    /// Connects.
    pub(crate) fn open(place: &Place) -> io::Result<Connection> {
        let stream = TcpStream::connect(&place.bootstrap)?;
        stream.set_nodelay(true)?;
        let stream = match &place.tls_ca {
            None => Stream::Plain(stream),
            Some(ca) => Stream::Tls(Box::new(StreamOwned::new(place.session(ca)?, stream))),
        };
        Ok(Connection { stream, buffer: Vec::new() })
    }

    /// Writes a whole frame.
    pub(crate) fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(frame),
            Stream::Tls(stream) => stream.write_all(frame).and_then(|()| stream.flush()),
        }
    }

    /// Reads a whole frame without its size; valid until the next call.
    pub(crate) fn receive(&mut self) -> io::Result<&[u8]> {
        let stream: &mut dyn Read = match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream,
        };
        let mut size = [0; 4];
        stream.read_exact(&mut size)?;
        let size = u32::from_be_bytes(size) as usize;
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        let frame = &mut self.buffer[..size];
        stream.read_exact(frame)?;
        Ok(frame)
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask<R: Request>(&mut self, version: i16, request: &R) -> io::Result<R::Response> {
        self.send(&encode(version, request)?)?;
        let frame = Bytes::copy_from_slice(self.receive()?);
        decode::<R>(version, frame)
    }
}

/// The whole frame of a request.
pub(crate) fn encode<R: Request>(version: i16, request: &R) -> io::Result<Vec<u8>> {
    let header = RequestHeader {
        api_key: R::KEY.code(),
        api_version: version,
        correlation_id: 0,
        client_id: Some(Str::from_static("light")),
    };
    let segments = frame::encode_request(&header, request).map_err(io::Error::other)?;
    let mut whole = BytesMut::new();
    for segment in segments {
        match segment {
            Segment::Bytes(bytes) => whole.extend_from_slice(&bytes),
            Segment::External { .. } => return Err(io::Error::other("a request lies in memory")),
        }
    }
    Ok(whole.to_vec())
}

/// Reads the answer in a frame.
pub(crate) fn decode<R: Request>(version: i16, frame: Bytes) -> io::Result<R::Response> {
    let mut decoder = Decoder::new(frame);
    header::decode_response_header(&mut decoder, R::KEY, version).map_err(io::Error::other)?;
    R::Response::decode(&mut decoder, version).map_err(io::Error::other)
}

/// Waits until the broker answers; the milliseconds it took.
pub(crate) fn wait_ready(place: &Place, timeout_ms: u64) -> io::Result<String> {
    let start = Instant::now();
    loop {
        let answered = Connection::open(place).and_then(|mut connection| {
            connection.ask(3, &software())?;
            let metadata = connection.ask(9, &MetadataRequest { topics: None, ..Default::default() })?;
            if metadata.brokers.is_empty() { Err(io::Error::other("no broker yet")) } else { Ok(()) }
        });
        match answered {
            Ok(()) => return Ok(format!("{:.2}", start.elapsed().as_secs_f64() * 1e3)),
            Err(error) if start.elapsed() > Duration::from_millis(timeout_ms) => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_micros(500)),
        }
    }
}

fn software() -> ApiVersionsRequest {
    ApiVersionsRequest {
        client_software_name: Str::from_static("light"),
        client_software_version: Str::from_static("1"),
    }
}
