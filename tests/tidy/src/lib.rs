//! Repository rules that a compiler cannot check: who may depend on whom, what machines must not know, where a
//! handler lives, how long things may get. Each rule is a function from the repository's files to what breaks it, so
//! that its own test can plant the offence. `cargo test -p stream-tidy` runs them on the working tree.

pub mod repository;
pub mod rules;
pub mod source;
