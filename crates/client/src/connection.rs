//! One connection to one broker: pipelined requests, answered in order.
//!
//! A task writes frames in the order in which they were queued, another reads answers and hands each to the request
//! that has waited longest. A request that is given up keeps its place: its answer is read and thrown away. When
//! either task ends, everybody who waits learns why.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use stream_codec::{Decoder, Message, Segment, Str};
use stream_types::ErrorCode;
use stream_wire::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use stream_wire::header::{RequestHeader, decode_response_header};
use stream_wire::{ApiKey, Request, frame};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use crate::authentication::authenticate;
use crate::error::ClientError;
use crate::negotiation::Offered;
use crate::security::{Security, tls_error};
use crate::wire_out;

/// Largest answer that is read (bytes).
const ANSWER_BYTES_MAX: usize = 1 << 30;
/// Memory reserved for an answer before its bytes have come (bytes).
const ANSWER_RESERVED_MAX: usize = 1 << 20;
/// Frames that wait for the socket.
const QUEUED_FRAMES_MAX: usize = 64;
/// The ApiVersions version that is asked first; old brokers answer in version 0 (KIP-511).
const API_VERSIONS_VERSION: i16 = 3;

/// How much of a session's lifetime is used before another connection takes its place (percent).
const SESSION_PERCENT_USED: u32 = 85;
/// What a TLS alert begins with, where a size should stand.
const TLS_ALERT: [u8; 2] = [21, 3];
/// How long a connection that cannot be written to is still read.
const LAST_WORDS_WAIT: Duration = Duration::from_millis(100);

type Waiter = (i32, oneshot::Sender<Bytes>);
type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A connection and what its broker offers.
#[derive(Debug)]
pub(crate) struct Connection {
    address: String,
    client_id: Str,
    offered: Offered,
    shared: Arc<Shared>,
    frames: mpsc::Sender<Vec<Segment>>,
    tasks: [AbortHandle; 2],
    /// When another connection is to take its place, because the session that the broker gave it ends.
    renewal: Option<Instant>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next_correlation_id: i32,
    waiting: VecDeque<Waiter>,
    answers: usize,
    closed: Option<Closed>,
}

/// Why a connection ended.
#[derive(Clone, Debug)]
enum Closed {
    /// The broker does not want it: certificates or versions of TLS.
    Tls(String),
    Other(String),
}

impl Closed {
    fn by(error: &std::io::Error, answers: usize) -> Closed {
        use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        if let Some(error) = tls_error::tls_error(error) {
            return Closed::Tls(tls_error::words(error));
        }
        let reason = match error.kind() {
            UnexpectedEof => "no reason given".to_owned(),
            _ => plain(error),
        };
        // One that wants TLS answers nothing, one that wants SASL only which versions it knows.
        let is_surprise = matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe) && answers <= 1;
        let hint = "; is it a Kafka listener, and is security.protocol the one that it wants?";
        Closed::Other(if is_surprise { reason + hint } else { reason })
    }
}

impl Shared {
    fn close(&self, reason: Closed) {
        let mut state = self.state.lock();
        state.closed.get_or_insert(reason);
        state.waiting.clear();
    }

    fn fail(&self, error: &std::io::Error) {
        let answers = self.state.lock().answers;
        self.close(Closed::by(error, answers));
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Connection {
    /// Dials, shakes hands, asks what the broker offers and authenticates, each within `wait`.
    pub(crate) async fn open(
        address: &str,
        client_id: &str,
        security: &Security,
        wait: Duration,
    ) -> Result<Connection, ClientError> {
        let (reader, writer) = dial(address, security, wait).await?;
        let shared = Arc::new(Shared::default());
        let (frames, queue) = mpsc::channel(QUEUED_FRAMES_MAX);
        let tasks = [
            tokio::spawn(read_answers(reader, Arc::clone(&shared))).abort_handle(),
            tokio::spawn(write_frames(writer, queue, Arc::clone(&shared))).abort_handle(),
        ];
        let mut connection = Connection {
            address: address.to_owned(),
            client_id: Str::from(client_id),
            offered: Offered::of(&ApiVersionsResponse::default()),
            shared,
            frames,
            tasks,
            renewal: None,
        };
        connection.offered = Offered::of(&connection.api_versions(wait).await?);
        if let Some(sasl) = &security.sasl {
            let lifetime = authenticate(&connection, sasl, wait).await?;
            connection.renewal = lifetime.map(|lifetime| Instant::now() + lifetime * SESSION_PERCENT_USED / 100);
        }
        Ok(connection)
    }

    async fn api_versions(&self, wait: Duration) -> Result<ApiVersionsResponse, ClientError> {
        let request = ApiVersionsRequest {
            client_software_name: "hanzo-stream".into(),
            client_software_version: env!("CARGO_PKG_VERSION").into(),
        };
        let mut version = API_VERSIONS_VERSION;
        let mut body = self.exchange(&request, version, wait).await?;
        // Every version begins with the error; a version that the broker does not know is answered in version 0.
        if body.rest().get(..2) == Some(&ErrorCode::UnsupportedVersion.code().to_be_bytes()[..]) {
            version = 0;
            body = self.exchange(&request, version, wait).await?;
        }
        let response = self.decode::<ApiVersionsRequest>(&mut body, version)?;
        ClientError::check(self.address.clone(), response.error_code, None)?;
        Ok(response)
    }

    /// Whether new requests can be sent.
    pub(crate) fn is_usable(&self) -> bool {
        let is_over = self.renewal.is_some_and(|renewal| Instant::now() >= renewal);
        !is_over && self.shared.state.lock().closed.is_none()
    }

    /// The broker's address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What the broker offers of an API.
    pub(crate) fn offers(&self, key: ApiKey) -> Option<(i16, i16)> {
        self.offered.versions(key)
    }

    /// The highest version of both sides, at most `max`.
    pub(crate) fn version(&self, key: ApiKey, max: i16) -> Result<i16, ClientError> {
        self.offered.choose(key, max).ok_or_else(|| ClientError::Unsupported {
            address: self.address.clone(),
            api: key.name(),
            versions: self.offers(key),
        })
    }

    /// Sends a request of `version` and waits for its answer.
    pub(crate) async fn call<R: Request>(
        &self,
        request: &R,
        version: i16,
        wait: Duration,
    ) -> Result<R::Response, ClientError> {
        let mut body = self.exchange(request, version, wait).await?;
        self.decode::<R>(&mut body, version)
    }

    /// Sends a request that is never answered: Produce with acks=0.
    pub(crate) async fn send<R: Request>(&self, request: &R, version: i16) -> Result<(), ClientError> {
        let permit = self.frames.reserve().await.map_err(|_| self.disconnected())?;
        let header = self.header(R::KEY, version, -1);
        let frame = frame::encode_request(&header, request).map_err(|source| self.unencodable::<R>(source))?;
        permit.send(frame);
        Ok(())
    }

    async fn exchange<R: Request>(&self, request: &R, version: i16, wait: Duration) -> Result<Decoder, ClientError> {
        let answer = self.queue(request, version).await?;
        let bytes = match timeout(wait, answer).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => return Err(self.disconnected()),
            Err(_) => {
                return Err(ClientError::NoAnswer { address: self.address.clone(), api: R::KEY.name(), waited: wait });
            }
        };
        let mut decoder = Decoder::new(bytes);
        decode_response_header(&mut decoder, R::KEY, version).map_err(|source| self.malformed::<R>(source))?;
        Ok(decoder)
    }

    async fn queue<R: Request>(&self, request: &R, version: i16) -> Result<oneshot::Receiver<Bytes>, ClientError> {
        let permit = self.frames.reserve().await.map_err(|_| self.disconnected())?;
        // From here to the queue nothing waits: frames and waiters stay in one order.
        let mut state = self.shared.state.lock();
        if state.closed.is_some() {
            drop(state);
            return Err(self.disconnected());
        }
        let correlation_id = state.next_correlation_id;
        let header = self.header(R::KEY, version, correlation_id);
        let frame = frame::encode_request(&header, request).map_err(|source| self.unencodable::<R>(source))?;
        state.next_correlation_id = correlation_id.wrapping_add(1) & i32::MAX;
        let (sender, receiver) = oneshot::channel();
        state.waiting.push_back((correlation_id, sender));
        permit.send(frame);
        Ok(receiver)
    }

    fn header(&self, key: ApiKey, version: i16, correlation_id: i32) -> RequestHeader {
        let client_id = Some(self.client_id.clone());
        RequestHeader { api_key: key.code(), api_version: version, correlation_id, client_id }
    }

    fn decode<R: Request>(&self, body: &mut Decoder, version: i16) -> Result<R::Response, ClientError> {
        R::Response::decode(body, version).map_err(|source| self.malformed::<R>(source))
    }

    fn disconnected(&self) -> ClientError {
        let address = self.address.clone();
        match self.shared.state.lock().closed.clone() {
            Some(Closed::Tls(reason)) => ClientError::Tls { address, reason },
            Some(Closed::Other(reason)) => ClientError::Disconnected { address, reason },
            None => ClientError::Disconnected { address, reason: "it ended".to_owned() },
        }
    }

    fn malformed<R: Request>(&self, source: stream_codec::DecodeError) -> ClientError {
        ClientError::Malformed { address: self.address.clone(), api: R::KEY.name(), source }
    }

    fn unencodable<R: Request>(&self, source: stream_codec::EncodeError) -> ClientError {
        ClientError::Unencodable { address: self.address.clone(), api: R::KEY.name(), source }
    }
}

/// A stream to the broker, in its two halves.
async fn dial(address: &str, security: &Security, wait: Duration) -> Result<(Reader, Writer), ClientError> {
    let connect = |reason: String| ClientError::Connect { address: address.to_owned(), reason };
    let late = |_| connect(format!("no answer within {} ms", wait.as_millis()));
    let dialled = timeout(wait, TcpStream::connect(address)).await.map_err(late)?;
    let stream = dialled.map_err(|error| connect(plain(&error)))?;
    stream.set_nodelay(true).map_err(|error| connect(plain(&error)))?;
    match &security.tls {
        None => {
            let (reader, writer) = stream.into_split();
            Ok((Box::new(reader), Box::new(writer)))
        }
        Some(tls) => {
            let late = |_| connect(format!("the TLS handshake did not end within {} ms", wait.as_millis()));
            let stream = timeout(wait, tls.connect(address, stream)).await.map_err(late)??;
            let (reader, writer) = tokio::io::split(stream);
            Ok((Box::new(reader), Box::new(writer)))
        }
    }
}

/// An error of the system without its number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(text);
    text.chars().enumerate().map(|(at, char)| if at == 0 { char.to_ascii_lowercase() } else { char }).collect()
}

async fn write_frames(mut socket: Writer, mut queue: mpsc::Receiver<Vec<Segment>>, shared: Arc<Shared>) {
    let mut parts = VecDeque::new();
    while let Some(frame) = queue.recv().await {
        wire_out::parts(frame, &mut parts);
        while let Ok(frame) = queue.try_recv() {
            wire_out::parts(frame, &mut parts);
        }
        let written = match wire_out::write_all(&mut socket, &mut parts).await {
            Ok(()) => socket.flush().await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            // What the broker said before it closed is for the reader to find.
            tokio::time::sleep(LAST_WORDS_WAIT).await;
            shared.fail(&error);
            return;
        }
    }
}

async fn read_answers(mut socket: Reader, shared: Arc<Shared>) {
    loop {
        match read_answer(&mut socket).await {
            Ok(answer) => {
                if let Err(reason) = deliver(&shared, answer) {
                    return shared.close(Closed::Other(reason));
                }
            }
            Err(error) => return shared.fail(&error),
        }
    }
}

async fn read_answer(socket: &mut Reader) -> std::io::Result<Bytes> {
    let mut prefix = [0; frame::SIZE_BYTES];
    socket.read_exact(&mut prefix).await?;
    if prefix.starts_with(&TLS_ALERT) {
        return Err(std::io::Error::other("its listener speaks TLS; security.protocol=SSL or SASL_SSL is for those"));
    }
    let size = frame::size(prefix, ANSWER_BYTES_MAX).map_err(std::io::Error::other)?;
    let mut answer = BytesMut::with_capacity(size.min(ANSWER_RESERVED_MAX));
    while answer.len() < size {
        let left = size - answer.len();
        if answer.capacity() == answer.len() {
            answer.reserve(left.min(answer.len().max(ANSWER_RESERVED_MAX)));
        }
        let mut limited = bytes::BufMut::limit(&mut answer, left);
        if socket.read_buf(&mut limited).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(answer.freeze())
}

fn deliver(shared: &Shared, answer: Bytes) -> Result<(), String> {
    let Some(id) = answer.first_chunk::<4>().map(|id| i32::from_be_bytes(*id)) else {
        return Err("an answer without a correlation id".to_owned());
    };
    let next = {
        let mut state = shared.state.lock();
        state.answers += 1;
        state.waiting.pop_front()
    };
    let Some((expected, waiter)) = next else {
        return Err("an answer that nobody asked for".to_owned());
    };
    if id != expected {
        return Err(format!("answer {id} came where {expected} was due"));
    }
    // Whoever gave up waiting has dropped the other end.
    let _ = waiter.send(answer);
    Ok(())
}
