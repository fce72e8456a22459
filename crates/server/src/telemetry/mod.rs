//! What the server says about itself: log lines and metrics.

pub(crate) mod http;
pub mod logging;
pub(crate) mod metrics;
mod process;
mod rate;
pub(crate) mod scrape;
