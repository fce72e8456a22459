//! The HTTP side of the broker: `/metrics`, `/healthz` and `/readyz`. It knows neither topics nor logs: what it serves
//! it asks of a [`Backend`], which the server implements.

mod backend;
mod exposition;
mod host;
mod listen;
mod serve;

pub use backend::{Backend, Readiness};
pub use exposition::{Exposition, Family, Kind};
pub use listen::{BindError, Sockets};
pub use serve::serve;
