//! The hanzo-stream binary.
fn main() {}
