//! Binding listeners and accepting connections.

use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use super::connection::{self, ListenerInfo};
use crate::broker::Broker;
use crate::config::BindAddress;

const BACKLOG_MAX: u32 = 4096;

/// A listener whose addresses are bound, not yet accepting.
#[derive(Debug)]
pub(crate) struct BoundListener {
    info: Arc<ListenerInfo>,
    sockets: Vec<TcpListener>,
}

/// Binds `addresses`, in this order.
///
/// # Errors
/// When an address that is not optional cannot be bound, or any is in use.
pub(crate) fn bind(info: Arc<ListenerInfo>, addresses: &[BindAddress], backlog: i32) -> io::Result<BoundListener> {
    let mut sockets = Vec::new();
    for address in addresses {
        match bind_address(address, backlog) {
            Ok(socket) => {
                sockets.push(socket);
                if address.host == "::" {
                    // It takes IPv4 as well.
                    break;
                }
            }
            // A machine without IPv6 has no ::1; the other address is enough.
            Err(error) if address.optional && error.kind() != io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    Ok(BoundListener { info, sockets })
}

fn bind_address(address: &BindAddress, backlog: i32) -> io::Result<TcpListener> {
    let resolved = (address.host.as_str(), address.port).to_socket_addrs()?.next();
    let resolved = resolved.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address"))?;
    let socket = if resolved.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(resolved)?;
    socket.listen(u32::try_from(backlog).unwrap_or(BACKLOG_MAX).clamp(1, BACKLOG_MAX))
}

impl BoundListener {
    /// Starts accepting; runs until the broker stops.
    pub(crate) fn start(self, broker: &Arc<Broker>) {
        for socket in self.sockets {
            tokio::spawn(accept(socket, Arc::clone(&self.info), Arc::clone(broker)));
        }
    }
}

async fn accept(socket: TcpListener, info: Arc<ListenerInfo>, broker: Arc<Broker>) {
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = broker.stopping() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let admitted = match info.is_controller {
                    true => None,
                    false => match broker.admission.admit(&info.name, peer.ip()) {
                        Some(admitted) => Some(admitted),
                        // Dropping the stream closes the connection.
                        None => continue,
                    },
                };
                let info = Arc::clone(&info);
                let broker = Arc::clone(&broker);
                tokio::spawn(async move {
                    broker.metrics.connection_opened();
                    broker.metrics.connections.fetch_add(1, Ordering::Relaxed);
                    connection::serve(stream, peer, info, Arc::clone(&broker)).await;
                    broker.metrics.connections.fetch_sub(1, Ordering::Relaxed);
                    drop(admitted);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: the pause lets some connection end.
                tracing::warn!(listener = info.name, "cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
