//! Handshakes: ten seconds, a bounded number at a time, and one line for those that fail.
//!
//! A client takes a slot with its first byte, not before. When all slots are taken, those that have had a second and are
//! not done give theirs up, so that half handshakes held open keep nobody out for long.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConnection;
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use stream_types::limits;

use super::session::Socket;
use super::{ListenerTls, TlsSession, principal};
use crate::broker::Broker;

/// How long a client may take from its connection to the end of its handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(limits::TLS_HANDSHAKE_SECONDS);
/// How long a handshake keeps its slot at least when others wait for one.
const HANDSHAKE_MIN: Duration = Duration::from_secs(1);

/// The slots of handshakes under way, broker-wide.
#[derive(Debug)]
pub(crate) struct HandshakeGate {
    slots: Arc<Semaphore>,
    crowded: Notify,
}

impl HandshakeGate {
    /// With [`limits::TLS_HANDSHAKES_MAX`] slots.
    pub(crate) fn new() -> HandshakeGate {
        HandshakeGate { slots: Arc::new(Semaphore::new(limits::TLS_HANDSHAKES_MAX)), crowded: Notify::new() }
    }

    async fn enter(&self) -> OwnedSemaphorePermit {
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            return slot;
        }
        self.crowded.notify_waiters();
        Arc::clone(&self.slots).acquire_owned().await.expect("nobody closes the semaphore")
    }

    /// Waits until somebody wants the slot of a handshake that has had its time.
    async fn wanted(&self) {
        sleep(HANDSHAKE_MIN).await;
        if self.slots.available_permits() == 0 {
            return;
        }
        self.crowded.notified().await;
    }
}

/// Why there is no session.
#[derive(Debug)]
enum Failure {
    /// The client went away, as those do that only look whether the port is open.
    Left,
    /// Its first bytes are no TLS.
    OtherProtocol,
    /// It did not finish in time.
    Late,
    /// Others needed its slot.
    Crowded,
    /// The two do not agree, or its certificate is not good enough.
    Refused(rustls::Error),
    /// Its certificate's name has no user.
    NoPrincipal(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Left => f.write_str("the client left"),
            Failure::OtherProtocol => f.write_str("the client does not speak TLS"),
            Failure::Late => write!(f, "not done within {} s", HANDSHAKE_MAX.as_secs()),
            Failure::Crowded => f.write_str("not done while others wait for their turn"),
            Failure::Refused(error) => explain(error, f),
            Failure::NoPrincipal(problem) => f.write_str(problem),
        }
    }
}

/// Makes a session with the client; none if that fails, which is logged, or the broker stops.
pub(crate) async fn accept(
    stream: &TcpStream,
    peer: SocketAddr,
    tls: &ListenerTls,
    broker: &Broker,
) -> Option<Box<TlsSession>> {
    let accepted = tokio::select! {
        accepted = timeout(HANDSHAKE_MAX, begin(stream, tls)) => accepted.unwrap_or(Err(Failure::Late)),
        () = broker.stopping() => return None,
    };
    match accepted {
        Ok(session) => Some(session),
        Err(Failure::Left) => None,
        Err(failure @ (Failure::Refused(_) | Failure::NoPrincipal(_))) => {
            broker.audit.authentication_failed(tls.listener(), peer, "TLS", &failure.to_string());
            None
        }
        Err(failure) => {
            tracing::info!(%peer, listener = tls.listener(), "TLS handshake failed: {failure}");
            None
        }
    }
}

/// What the client should hear of, in words.
fn explain(error: &rustls::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use rustls::{CertificateError as Bad, Error};
    f.write_str(match error {
        Error::NoCertificatesPresented => "the client showed no certificate",
        Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => "the client's certificate has expired",
        Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
            "the client's certificate is not valid yet"
        }
        Error::InvalidCertificate(Bad::UnknownIssuer) => {
            "the client's certificate is signed by nobody of the trust store"
        }
        Error::InvalidCertificate(Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. }) => {
            "the client's certificate is not for clients"
        }
        Error::InvalidCertificate(bad) => return write!(f, "the client's certificate cannot be used: {bad}"),
        Error::AlertReceived(alert) => {
            return write!(f, "the client ended it, as it does not take what it was shown: {alert:?}");
        }
        Error::PeerIncompatible(_) => {
            return write!(f, "the client speaks no version or suite of this listener: {error}");
        }
        other => return fmt::Display::fmt(other, f),
    })
}

async fn begin(stream: &TcpStream, tls: &ListenerTls) -> Result<Box<TlsSession>, Failure> {
    let mut first = [0; 2];
    let count = stream.peek(&mut first).await.map_err(|_| Failure::Left)?;
    match first[..count] {
        [] => return Err(Failure::Left),
        [0x16] | [0x16, 0x03] => {}
        _ => return Err(Failure::OtherProtocol),
    }
    let _slot = tls.gate.enter().await;
    let config = tls.current.load_full();
    let mut connection = ServerConnection::new(config).map_err(Failure::Refused)?;
    tokio::select! {
        biased;
        finished = finish(stream, &mut connection) => finished?,
        () = tls.gate.wanted() => return Err(Failure::Crowded),
    }
    let principal = principal(&connection, tls.mapping()).map_err(Failure::NoPrincipal)?;
    Ok(Box::new(TlsSession::new(connection, principal)))
}

async fn finish(stream: &TcpStream, connection: &mut ServerConnection) -> Result<(), Failure> {
    loop {
        while connection.wants_write() {
            match connection.write_tls(&mut Socket(stream)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    stream.writable().await.map_err(|_| Failure::Left)?;
                }
                Err(_) => return Err(Failure::Left),
            }
        }
        if !connection.is_handshaking() {
            return Ok(());
        }
        stream.readable().await.map_err(|_| Failure::Left)?;
        match connection.read_tls(&mut Socket(stream)) {
            Ok(0) => return Err(Failure::Left),
            Ok(_) => {
                if let Err(error) = connection.process_new_packets() {
                    // The alert tells the client why.
                    let _ = connection.write_tls(&mut Socket(stream));
                    return Err(Failure::Refused(error));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Err(Failure::Left),
        }
    }
}
