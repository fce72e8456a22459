//! Who are you (SASL, TLS names), may you (ACLs), how fast (quotas).
//!
//! Machines without async code, sockets, clock or randomness: bytes, ACLs and times come in, decisions come out.
//! [`Principal`] is who somebody is; [`acl`] says what they may do.

pub mod acl;
mod distinguished_name;
pub mod key_store;
pub mod mapping;
mod principal;
pub mod quota;
pub mod sasl;
mod secret;
mod secret_keys;
pub mod tokens;

pub use distinguished_name::{CertificateFacts, certificate_facts};
pub use principal::Principal;
pub use secret::{Secret, same_secret};
pub use secret_keys::is_secret_key;
