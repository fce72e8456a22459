//! Sockets to frames to handlers, and answers back in request order.

mod admission;
mod authentication;
mod connection;
mod frame_reader;
mod listener;
mod memory;
mod muter;
mod output;
mod request_log;
mod response_queue;
mod tls;
mod transport;

pub(crate) use admission::Admission;
pub(crate) use authentication::{Authentication, HandshakeError, Outcome, after_delay, note_failure};
pub(crate) use connection::{Closer, ListenerInfo, Session};
pub(crate) use listener::{BoundListener, bind};
pub(crate) use memory::RequestMemory;
pub(crate) use muter::Muter;
pub(crate) use output::{OutputSegment, Response};
pub(crate) use response_queue::{Answer, Pending};
pub(crate) use tls::{HandshakeGate, ListenerTls, check as check_tls, watch as watch_certificates};
