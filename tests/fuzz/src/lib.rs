//! Hostile bytes for everything that reads what strangers send.
//!
//! A [`Target`] takes any bytes. It may refuse them; it may not panic, run long, or take memory that was only announced.
//! [`corpus`] holds inputs to begin with and those that once broke something, [`mutate`] bends them, with a seed that
//! makes every run repeatable, and [`run`] looks after the promises. Stable Rust, no instrumentation: `cargo test` runs
//! a bounded number of inputs, `cargo run -p stream-fuzz` as many as one likes.

#[path = "../../../crates/wire/tests/support/mod.rs"]
mod support;

pub mod corpus;
pub mod mutate;
pub mod run;
pub mod targets;

pub use targets::{TARGETS, Target};
