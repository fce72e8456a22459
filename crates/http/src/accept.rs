//! Connections as the HTTP server gets them: a bounded number, each with its handshake behind it where TLS is spoken.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use rustls_pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::Tls;
use crate::connection::{Connection, Layer};

/// HTTP connections that are served at the same time; those beyond wait to be accepted.
const CONNECTIONS_MAX: usize = 256;
/// How long a client may take for its handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A socket with its limit, and TLS where it is spoken. A handshake holds up nobody else.
pub(crate) struct Acceptor {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    tls: Option<Arc<dyn Tls>>,
    handshakes: JoinSet<Option<(Connection, SocketAddr)>>,
}

/// The permits that all sockets of one server share.
pub(crate) fn permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(CONNECTIONS_MAX))
}

impl Acceptor {
    /// Accepts from this socket.
    pub(crate) fn new(listener: TcpListener, permits: Arc<Semaphore>, tls: Option<Arc<dyn Tls>>) -> Acceptor {
        Acceptor { listener, permits, tls, handshakes: JoinSet::new() }
    }
}

/// Safe to drop while it waits: what was accepted was returned.
async fn accept_one(listener: &TcpListener, permits: &Arc<Semaphore>) -> (Connection, SocketAddr) {
    let permit = Arc::clone(permits).acquire_owned().await.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (Connection::new(stream, permit, Arc::clone(permits)), address),
            // Out of file descriptors, or the peer is gone already: what is left gets a little time to come back.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn shake_hands(tls: Arc<dyn Tls>, connection: Connection, peer: SocketAddr) -> Option<(Connection, SocketAddr)> {
    let acceptor = TlsAcceptor::from(tls.config());
    let shake = connection.map_stream(|stream: TcpStream| async move { acceptor.accept(stream).await });
    let failure = match timeout(HANDSHAKE_MAX, shake).await {
        Ok(Ok(connection)) => return Some((connection, peer)),
        Ok(Err(error)) => reason(&error),
        Err(_) => format!("not done within {} s", HANDSHAKE_MAX.as_secs()),
    };
    tls.handshake_failed(peer, &failure);
    None
}

/// What went wrong in words for whoever reads the log.
fn reason(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidMessage(_)) => "the client does not speak TLS".to_owned(),
        Some(rustls::Error::AlertReceived(alert)) => {
            format!("the client ended it, as it does not take what it was shown: {alert:?}")
        }
        _ => error.to_string(),
    }
}

impl axum::serve::Listener for Acceptor {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            tokio::select! {
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(accepted)) = done {
                        return accepted;
                    }
                }
                (connection, peer) = accept_one(&self.listener, &self.permits) => match &self.tls {
                    None => return (connection, peer),
                    Some(tls) => {
                        self.handshakes.spawn(shake_hands(Arc::clone(tls), connection, peer));
                    }
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What a connection says about who is at its other end.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) encrypted: bool,
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

impl Connected<IncomingStream<'_, Acceptor>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Acceptor>) -> Peer {
        let layer = stream.io().layer();
        let certificate = match layer {
            Layer::Tls(session) => session.get_ref().1.peer_certificates().and_then(<[_]>::first).cloned(),
            Layer::Plain(_) => None,
        };
        let address = stream.remote_addr();
        // An IPv4 client of a socket for both is itself.
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        Peer { address, encrypted: matches!(layer, Layer::Tls(_)), certificate }
    }
}
