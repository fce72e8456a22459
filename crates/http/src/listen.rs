//! The sockets of the HTTP server. Connections beyond a limit wait to be accepted.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// HTTP connections that are served at the same time.
const CONNECTIONS_MAX: usize = 256;

/// An address that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for HTTP on {address}: {error}")]
pub struct BindError {
    /// The address, or host and port where the host has no address.
    pub address: String,
    /// What the operating system said.
    pub error: io::Error,
}

impl BindError {
    /// Whether another socket has the port.
    pub fn is_in_use(&self) -> bool {
        self.error.kind() == io::ErrorKind::AddrInUse
    }
}

/// Bound sockets, not yet served.
#[derive(Debug)]
pub struct Sockets {
    pub(crate) listeners: Vec<TcpListener>,
}

impl Sockets {
    /// Binds `host:port`: both loopback addresses for `localhost`, every interface for an empty host. A machine without
    /// IPv6 does without.
    pub async fn bind(host: &str, port: u16) -> Result<Sockets, BindError> {
        let v4: SocketAddr = (Ipv4Addr::LOCALHOST, port).into();
        let failed = |address: String| move |error| BindError { address, error };
        let listeners = match host {
            "localhost" => {
                let first = TcpListener::bind(v4).await.map_err(failed(v4.to_string()))?;
                let port = first.local_addr().map_err(failed(v4.to_string()))?.port();
                let v6: SocketAddr = (Ipv6Addr::LOCALHOST, port).into();
                match TcpListener::bind(v6).await {
                    Ok(second) => vec![first, second],
                    Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                        return Err(failed(v6.to_string())(error));
                    }
                    Err(_) => vec![first],
                }
            }
            "" => match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
                Ok(listener) => vec![listener],
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Err(failed(format!("port {port}"))(error));
                }
                Err(_) => {
                    vec![
                        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
                            .await
                            .map_err(failed(format!("port {port}")))?,
                    ]
                }
            },
            host => {
                let address = format!("{host} port {port}");
                let mut addresses = lookup_host((host, port)).await.map_err(failed(address.clone()))?;
                let first = addresses.next().ok_or_else(|| failed(address)(io::ErrorKind::NotFound.into()))?;
                vec![TcpListener::bind(first).await.map_err(failed(first.to_string()))?]
            }
        };
        Ok(Sockets { listeners })
    }

    /// The addresses that were bound, with the ports that the operating system chose.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }
}

/// A listener that stops accepting while too many connections are open.
#[derive(Debug)]
pub(crate) struct Limited {
    pub(crate) listener: TcpListener,
    pub(crate) permits: Arc<Semaphore>,
}

/// The permits that all sockets of one server share.
pub(crate) fn permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(CONNECTIONS_MAX))
}

impl axum::serve::Listener for Limited {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("nobody closes the semaphore");
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => return (Connection { stream, _permit: permit }, address),
                // Out of file descriptors, or the peer is gone already: what is left gets a little time to come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
