//! SASL: who somebody is, shown by a password, a proof or a token.
//!
//! [`scram`] is the mathematics that both sides share. Machines take the bytes that came and give the bytes to send; random
//! bytes and the time are arguments.

mod mechanism;
pub mod scram;

pub use mechanism::Mechanism;
