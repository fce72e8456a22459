//! The server behind the `hanzo-stream` binary: configuration, start and stop, listeners, handlers, and the drivers of
//! the machines. It does I/O and decides nothing that a machine can decide.

pub mod adopt;
pub mod broker;
pub mod config;
pub mod telemetry;

use stream_client::clock;

mod audit;
mod bearer_keys;
mod controller;
mod coordinator;
mod credentials;
mod data_dir;
mod delegation_tokens;
mod fetch_sessions;
mod handlers;
mod http_get;
mod maintenance;
mod net;
mod partitions;
mod quotas;
mod unsecured;
