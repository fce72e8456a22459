//! What the HTTP server asks of the broker.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::Exposition;

/// Whether clients can be served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// The quorum is joined and the logs are recovered.
    Ready,
    /// Not yet, or no longer; the text says what is awaited, in one line.
    NotReady(String),
}

/// What a request is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// `/metrics`
    Metrics,
    /// `/healthz` and `/readyz`
    Health,
}

/// What a request shows to say who sends it. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A name and its password (RFC 7617).
    Basic {
        /// Who.
        user: String,
        /// The password.
        password: Zeroizing<Vec<u8>>,
    },
    /// A token (RFC 6750).
    Bearer(Zeroizing<String>),
    /// Something else, or nothing that can be read.
    Malformed,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Basic { .. } => "Basic",
            Credentials::Bearer(_) => "Bearer",
            Credentials::Malformed => "Malformed",
        })
    }
}

/// Who sends a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Their address.
    pub peer: SocketAddr,
    /// Whether they came over TLS.
    pub encrypted: bool,
    /// The certificate that they showed.
    pub certificate: Option<CertificateDer<'static>>,
    /// What the request carries.
    pub credentials: Option<Credentials>,
}

/// Whether a request is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// It is.
    Granted,
    /// Who sends it must say who they are, or did not prove it: 401.
    Unknown {
        /// Whether a token would do.
        bearer: bool,
    },
    /// They may not, whoever they are: 403 with this line.
    Refused(String),
}

/// The broker behind the HTTP server. Its methods but one return at once: they read what is in memory and wait for no disk,
/// no peer and no client.
pub trait Backend: Send + Sync + 'static {
    /// For `/readyz`.
    fn readiness(&self) -> Readiness;

    /// Writes every metric for `/metrics`.
    fn write_metrics(&self, exposition: &mut Exposition);

    /// Whether anybody may ask for this.
    fn is_open(&self, resource: Resource) -> bool;

    /// Whether the caller may ask for what is not open. Who shows something wrong waits for the answer.
    fn access(&self, resource: Resource, caller: Caller) -> Pin<Box<dyn Future<Output = Access> + Send + '_>>;
}

/// TLS of the listener.
pub trait Tls: Send + Sync + 'static {
    /// What the next handshake is made with: certificates change while the server runs.
    fn config(&self) -> Arc<rustls::ServerConfig>;

    /// A handshake came to nothing.
    fn handshake_failed(&self, peer: SocketAddr, reason: &str);
}
