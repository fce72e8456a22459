//! The sockets that the HTTP server binds.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, lookup_host};

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
