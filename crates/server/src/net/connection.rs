//! One client's connection: frames in, answers out, in one task and one loop.
//!
//! Stage 1 of a request runs as soon as its frame is whole, in the order of arrival; its answer
//! may come later and leaves in that same order. The loop stops reading while too many requests
//! or bytes are unanswered, so that a client feels back pressure instead of the broker memory.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use stream_metadata::SecurityProtocol;
use stream_security::Principal;
use stream_types::{Monotonic, limits};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::Sleep;

use super::authentication::Authentication;
use super::frame_reader::FrameReader;
use super::muter::Muter;
use super::output::Output;
use super::request_log::RequestLog;
use super::response_queue::{Answer, Received, ResponseQueue};
use super::tls::{self, ListenerTls};
use super::transport::{self, Layer, Transport};
use crate::broker::Broker;
use crate::config::ListenerSasl;
use crate::handlers;

/// How often a connection looks whether it has been idle or stuck.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// How often it looks whether its client has taken too long to say who it is.
const AUTHENTICATION_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Answers that may wait in memory for a slow reader before no further one is taken (bytes).
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// How long a reader may take nothing while answers wait for it.
const STUCK_READER_MAX: Duration = Duration::from_secs(60);
/// While unfinished large frames crowd the memory, each must receive this much between two checks.
const LARGE_FRAME_PROGRESS_BYTES_MIN: usize = 64 * 1024;

/// The listener that a connection came in by.
#[derive(Debug)]
pub(crate) struct ListenerInfo {
    /// Its name in the configuration, in capitals.
    pub(crate) name: String,
    /// What is spoken on it.
    pub(crate) protocol: SecurityProtocol,
    /// How clients log in, where they have to.
    pub(crate) sasl: Option<ListenerSasl>,
    /// Its certificates, where TLS is spoken.
    pub(crate) tls: Option<Arc<ListenerTls>>,
    /// Largest request frame (bytes).
    pub(crate) frame_bytes_max: usize,
    /// Whether this is a controller listener (9094): it answers the controller's APIs.
    pub(crate) is_controller: bool,
}

/// What handlers may know of the connection that a request came by.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The listener.
    pub(crate) listener: Arc<ListenerInfo>,
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// Who the client is.
    pub(crate) principal: Principal,
    /// Whether the client logged in with a delegation token.
    pub(crate) by_token: bool,
    /// Ends the connection from elsewhere.
    pub(crate) closer: Closer,
    /// Lets the connection pause when its client is above a quota.
    pub(crate) muter: Muter,
}

/// Ends one connection from wherever an answer can no longer be given (acks=0).
#[derive(Debug, Clone, Default)]
pub(crate) struct Closer(Arc<CloserState>);

#[derive(Debug, Default)]
struct CloserState {
    reason: OnceLock<String>,
    notify: Notify,
}

impl Closer {
    /// Asks the connection to close.
    pub(crate) fn close(&self, reason: String) {
        // The first reason is the one worth a log line.
        let _ = self.0.reason.set(reason);
        self.0.notify.notify_one();
    }

    async fn closed(&self) -> String {
        loop {
            if let Some(reason) = self.0.reason.get() {
                return reason.clone();
            }
            self.0.notify.notified().await;
        }
    }
}

/// Everything that can happen to a connection.
#[derive(Debug)]
enum Event {
    Read(std::io::Result<usize>),
    Writable,
    Answered(Answer, Received),
    Check,
    LargeFrameSlot(OwnedSemaphorePermit),
    MemoryFreed,
    FrameWaits,
    Unmuted,
    Asked(String),
    ShuttingDown,
}

struct Connection {
    transport: Transport,
    input: FrameReader,
    queue: ResponseQueue,
    output: Output,
    session: Session,
    authentication: Authentication,
    log: RequestLog,
    broker: Arc<Broker>,
    /// Bytes charged to the broker's account: those in `input` and those of `queue`.
    charged: usize,
    /// Bytes of a large frame in `input` that the broker knows to be unfinished.
    unfinished: usize,
    large_slot: Option<OwnedSemaphorePermit>,
    bytes_since_check: usize,
    last_activity: Monotonic,
    last_write: Monotonic,
    draining: bool,
}

/// Serves one client until it leaves, misbehaves, or the broker stops.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, listener: Arc<ListenerInfo>, broker: Arc<Broker>) {
    // Answers are written whole: waiting to fill packets would only add latency.
    let _ = stream.set_nodelay(true);
    let (layer, principal) = match &listener.tls {
        None => (Layer::Plain, Principal::anonymous()),
        // Boxed, so that the tasks of plain connections are no larger for it.
        Some(tls) => match Box::pin(tls::accept(&stream, peer, tls, &broker)).await {
            Some(session) => {
                let principal = session.principal.clone();
                (Layer::Tls(session), principal)
            }
            None => return,
        },
    };
    let now = broker.clock.monotonic();
    let Some(authentication) = Authentication::begin(&listener, &broker.metrics.unauthenticated, now) else {
        tracing::debug!(%peer, listener = listener.name, "connection closed: too many clients have not said who they are");
        return;
    };
    let session =
        Session { listener, peer, principal, by_token: false, closer: Closer::default(), muter: Muter::default() };
    let mut connection = Connection {
        transport: Transport::new(stream, layer),
        input: FrameReader::default(),
        queue: ResponseQueue::default(),
        output: Output::default(),
        session,
        authentication,
        log: RequestLog::new(),
        broker,
        charged: 0,
        unfinished: 0,
        large_slot: None,
        bytes_since_check: 0,
        last_activity: now,
        last_write: now,
        draining: false,
    };
    let reason = connection.run().await;
    connection.transport.close();
    if let Some(reason) = reason {
        connection.log.closed(&connection.session, &reason);
    }
    connection.broker.request_memory.unfinished_changed(connection.unfinished, 0);
    connection.broker.request_memory.release(connection.charged);
}

impl Connection {
    /// Runs to the end; the reason, where it is worth a line in the log.
    async fn run(&mut self) -> Option<String> {
        let check = tokio::time::sleep(self.check_interval());
        let closer = self.session.closer.clone();
        let broker = Arc::clone(&self.broker);
        // Made once: making them anew for every event would cost a registration each time.
        let end = async move {
            tokio::select! {
                reason = closer.closed() => Event::Asked(reason),
                () = broker.stopping() => Event::ShuttingDown,
            }
        };
        tokio::pin!(check, end);
        loop {
            if let Err(reason) = self.advance() {
                return Some(reason);
            }
            if self.draining && self.queue.is_empty() && !self.has_unsent() {
                return None;
            }
            match self.next_event(check.as_mut(), end.as_mut()).await {
                Event::Read(Ok(0)) => return None,
                Event::Read(Ok(bytes)) => self.note_read(bytes),
                // A reset by the peer is how many clients leave.
                Event::Read(Err(_)) => return None,
                Event::Writable => {}
                Event::Answered(answer, received) => {
                    if let Err(reason) = self.take_answer(answer, received) {
                        return Some(reason);
                    }
                }
                Event::Check => {
                    if let Err(reason) = self.check() {
                        return reason;
                    }
                    check.as_mut().reset(self.broker.clock.deadline(self.check_interval()));
                }
                Event::LargeFrameSlot(slot) => {
                    self.large_slot = Some(slot);
                    self.bytes_since_check = LARGE_FRAME_PROGRESS_BYTES_MIN;
                }
                Event::MemoryFreed | Event::FrameWaits | Event::Unmuted => {}
                Event::Asked(reason) => return Some(reason),
                Event::ShuttingDown => self.draining = true,
            }
        }
    }

    /// Does all that can be done without waiting.
    fn advance(&mut self) -> Result<(), String> {
        self.dispatch_frames()?;
        self.note_unfinished();
        self.take_ready_answers()?;
        if self.has_unsent() {
            let written = match self.transport.write_some(&mut self.output) {
                Ok(written) => written,
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(error.to_string()),
                Err(_) => return Err("the client left before its answer was sent".into()),
            };
            if written > 0 {
                self.last_write = self.broker.clock.monotonic();
            }
        }
        Ok(())
    }

    fn dispatch_frames(&mut self) -> Result<(), String> {
        while self.may_dispatch() {
            let mut frame_bytes_max = self.session.listener.frame_bytes_max;
            if self.authentication.is_closed() {
                frame_bytes_max = frame_bytes_max.min(self.broker.config.sasl.receive_bytes_max);
            }
            let frame = match self.input.next_frame(frame_bytes_max) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            };
            self.large_slot = None;
            let now = self.broker.clock.monotonic();
            let received = if self.authentication.takes_raw_tokens() {
                Received::without_header(&frame, now)
            } else {
                self.log.note(&frame);
                Received::of(&frame, now)
            };
            let pending = handlers::dispatch(&self.broker, &mut self.session, &mut self.authentication, frame);
            self.queue.push(pending, received);
            // The refusal is the last answer.
            self.draining |= self.authentication.has_failed();
        }
        Ok(())
    }

    /// Keeps the broker's account of large frames that are half received.
    fn note_unfinished(&mut self) {
        let unfinished = if self.input.is_large() && !self.input.has_frame() { self.input.buffered() } else { 0 };
        if unfinished != self.unfinished {
            self.broker.request_memory.unfinished_changed(self.unfinished, unfinished);
            self.unfinished = unfinished;
        }
    }

    fn take_ready_answers(&mut self) -> Result<(), String> {
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        while self.output.len() < OUTPUT_BYTES_MAX {
            match self.queue.poll_front(&mut context) {
                Poll::Ready((answer, received)) => self.take_answer(answer, received)?,
                Poll::Pending => return Ok(()),
            }
        }
        Ok(())
    }

    fn take_answer(&mut self, answer: Answer, received: Received) -> Result<(), String> {
        self.settle_charge(received.bytes);
        let elapsed = self.broker.clock.monotonic().since(received.at);
        if let Some(api) = received.api {
            self.broker.metrics.answered(api, elapsed);
        }
        self.log.answered(&self.session, received, &answer, elapsed.as_micros());
        match answer {
            Answer::Respond(response) => {
                if !self.has_unsent() {
                    self.last_write = self.broker.clock.monotonic();
                }
                self.broker.metrics.bytes_sent(response.len());
                self.output.push(response);
                Ok(())
            }
            Answer::Silence => Ok(()),
            Answer::Close(reason) => Err(reason),
        }
    }

    fn note_read(&mut self, bytes: usize) {
        self.input.note_read(bytes);
        self.bytes_since_check += bytes;
        self.last_activity = self.broker.clock.monotonic();
        self.charged += bytes;
        self.broker.request_memory.charge(bytes);
        self.broker.metrics.bytes_received(bytes);
    }

    /// Releases what an answered request held.
    fn settle_charge(&mut self, request_bytes: usize) {
        let released = (request_bytes + 4).min(self.charged);
        self.charged -= released;
        self.broker.request_memory.release(released);
    }

    fn check_interval(&self) -> Duration {
        if self.authentication.is_closed() { AUTHENTICATION_CHECK_INTERVAL } else { CHECK_INTERVAL }
    }

    fn check(&mut self) -> Result<(), Option<String>> {
        let now = self.broker.clock.monotonic();
        if self.authentication.is_overdue(now) {
            return Err(Some("the client took too long to say who it is".into()));
        }
        let idle = now.since(self.last_activity);
        if self.queue.is_empty() && !self.has_unsent() {
            if self.broker.config.network.connection_idle_max.is_some_and(|limit| idle >= limit) {
                return Err(None);
            }
            self.input.shrink_when_empty();
        }
        if self.has_unsent() && now.since(self.last_write) >= STUCK_READER_MAX {
            return Err(Some(format!(
                "the client read nothing for {} s while {} bytes waited",
                STUCK_READER_MAX.as_secs(),
                self.output.len()
            )));
        }
        let progress = std::mem::take(&mut self.bytes_since_check);
        let crowded = self.broker.request_memory.is_crowded();
        if self.unfinished > 0 && crowded && progress < LARGE_FRAME_PROGRESS_BYTES_MIN {
            return Err(Some("a large request was not finished in time while others need its memory".into()));
        }
        Ok(())
    }

    /// Whether bytes wait for the socket.
    fn has_unsent(&self) -> bool {
        !self.output.is_empty() || self.transport.has_unsent()
    }

    /// Whether another request may be started: not while answers wait for a slow reader, because each may
    /// keep a piece of a log in memory.
    fn may_dispatch(&self) -> bool {
        !self.draining
            && self.muted_for().is_none()
            && self.queue.len() < limits::IN_FLIGHT_REQUESTS_PER_CONNECTION_MAX
            && self.output.len() + self.queue.ready_bytes() < OUTPUT_BYTES_MAX
    }

    /// How long this connection has to pause because of a quota.
    fn muted_for(&self) -> Option<Duration> {
        self.session.muter.remaining(|| self.broker.clock.monotonic())
    }

    async fn next_event(&mut self, check: Pin<&mut Sleep>, end: Pin<&mut impl Future<Output = Event>>) -> Event {
        let draining = self.draining;
        let may_dispatch = self.may_dispatch();
        // What has arrived comes first: reading on would gather a flood of small requests in memory.
        let frame_waits = self.input.has_frame();
        let may_read = may_dispatch && !frame_waits;
        let wants_slot = may_read && self.unfinished > 0 && self.large_slot.is_none();
        let wants_slot = wants_slot && self.broker.request_memory.is_crowded();
        if wants_slot {
            self.large_slot = self.broker.request_memory.try_large_frame_slot();
        }
        let needs_slot = wants_slot && self.large_slot.is_none();
        // A connection with a frame half received must finish it: its memory is part of the problem.
        let memory_full = may_read && self.input.buffered() == 0 && self.broker.request_memory.is_full();
        let muted_for = self.muted_for().unwrap_or_default();
        let take_answers = !self.queue.is_empty() && self.output.len() < OUTPUT_BYTES_MAX;
        let has_unsent = self.has_unsent();
        let memory = &self.broker.request_memory;
        let Transport { read, write, layer } = &mut self.transport;
        tokio::select! {
            biased;
            (answer, received) = self.queue.front(), if take_answers => Event::Answered(answer, received),
            _ = write.writable(), if has_unsent => Event::Writable,
            read = transport::read(read, layer, self.input.buffer_for_read()), if may_read && !needs_slot && !memory_full => Event::Read(read),
            slot = memory.large_frame_slot(), if needs_slot => Event::LargeFrameSlot(slot),
            () = memory.freed(), if memory_full => Event::MemoryFreed,
            () = tokio::task::yield_now(), if frame_waits && may_dispatch => Event::FrameWaits,
            () = async { tokio::time::sleep(muted_for).await }, if !muted_for.is_zero() => Event::Unmuted,
            event = end, if !draining => event,
            () = check => Event::Check,
        }
    }
}
