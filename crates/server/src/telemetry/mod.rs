//! What the server says about itself: log lines and metrics.

pub mod logging;
pub(crate) mod metrics;
