//! The metadata quorum's driver: one thread that owns the Raft node and the controller.
//!
//! Commands become records, records become Raft entries, committed entries become the next image.
//! A reply leaves when the newest entry that its answer depends on is committed and this broker
//! works with the image that holds it.

mod driver;
mod publisher;

pub(crate) use driver::{ControllerHandle, ControllerStart, start};
pub(crate) use publisher::Published;
