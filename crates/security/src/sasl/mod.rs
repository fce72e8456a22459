//! SASL: who somebody is, shown by a password, a proof or a token.
//!
//! [`server`] is the side of the broker, [`client`] the other one, [`scram`] the mathematics that both share, [`jaas`]
//! how logins are configured. Machines take the bytes that came and give the bytes to send; random bytes and the time
//! are arguments.

mod bearer;
pub mod client;
pub mod jaas;
mod key_set;
mod mechanism;
pub mod scram;
pub mod server;

pub use bearer::{BearerError, BearerPolicy};
pub use key_set::{Algorithm, KeySet};
pub use mechanism::Mechanism;
