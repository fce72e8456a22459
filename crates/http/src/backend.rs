//! What the HTTP server asks of the broker.

use crate::Exposition;

/// Whether clients can be served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// The quorum is joined and the logs are recovered.
    Ready,
    /// Not yet, or no longer; the text says what is awaited, in one line.
    NotReady(String),
}

/// The broker behind the HTTP server. Its methods return at once: they read what is in memory and wait for no disk,
/// no peer and no client.
pub trait Backend: Send + Sync + 'static {
    /// For `/readyz`.
    fn readiness(&self) -> Readiness;

    /// Writes every metric for `/metrics`.
    fn write_metrics(&self, exposition: &mut Exposition);
}
