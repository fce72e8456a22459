//! The HTTP side of the broker: `/metrics`, `/healthz` and `/readyz`. It knows neither topics nor logs: what it serves
//! it asks of a [`Backend`], which the server implements.

mod accept;
mod backend;
mod connection;
mod exposition;
mod guard;
mod host;
mod listen;
mod serve;

pub use backend::{Access, Backend, Caller, Credentials, Readiness, Resource, Tls};
pub use exposition::{Exposition, Family, Kind};
pub use listen::{BindError, Sockets};
pub use serve::serve;
