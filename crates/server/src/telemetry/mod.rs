//! What the server says about itself: log lines and metrics.

mod entities;
pub(crate) mod http;
mod http_access;
mod line_limit;
pub mod logging;
pub(crate) mod metrics;
mod process;
mod rate;
pub(crate) mod scrape;
mod series;
mod state;
mod unread;
