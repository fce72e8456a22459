//! One connection: it counts until it is dropped, and ends when nothing was answered on it for too long. A client that sends
//! a header byte by byte, or nothing, so holds no place for ever.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tokio_rustls::server::TlsStream;

/// How long a connection may stay without an answer on it. Prometheus asks once a minute or more often.
const QUIET_MAX: Duration = Duration::from_secs(90);
/// The same while others wait for a place.
const CROWDED_QUIET_MAX: Duration = Duration::from_secs(5);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What is between the socket and HTTP.
#[derive(Debug)]
pub(crate) enum Layer {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    layer: Layer,
    permits: Arc<Semaphore>,
    answered: Instant,
    look: Interval,
    _permit: OwnedSemaphorePermit,
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

impl Connection {
    /// A connection without TLS.
    pub(crate) fn new(stream: TcpStream, permit: OwnedSemaphorePermit, permits: Arc<Semaphore>) -> Connection {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Connection { layer: Layer::Plain(stream), permits, answered: Instant::now(), look, _permit: permit }
    }

    /// The same with TLS, once `shake` is done.
    pub(crate) async fn map_stream<F>(self, shake: impl FnOnce(TcpStream) -> F) -> io::Result<Connection>
    where
        F: Future<Output = io::Result<TlsStream<TcpStream>>>,
    {
        let Connection { layer, permits, answered, look, _permit } = self;
        let layer = match layer {
            Layer::Plain(stream) => Layer::Tls(Box::new(shake(stream).await?)),
            tls @ Layer::Tls(_) => tls,
        };
        Ok(Connection { layer, permits, answered, look, _permit })
    }

    /// What is between the socket and HTTP.
    pub(crate) fn layer(&self) -> &Layer {
        &self.layer
    }

    fn is_over(&self) -> bool {
        let max = if self.permits.available_permits() == 0 { CROWDED_QUIET_MAX } else { QUIET_MAX };
        self.answered.elapsed() > max
    }

    fn stream(&mut self) -> Pin<&mut dyn Stream> {
        match &mut self.layer {
            Layer::Plain(stream) => Pin::new(stream),
            Layer::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = self.stream().poll_read(context, buffer) {
            return Poll::Ready(read);
        }
        loop {
            ready!(self.look.poll_tick(context));
            if self.is_over() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(self.stream().poll_write(context, bytes));
        self.answered = Instant::now();
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}
