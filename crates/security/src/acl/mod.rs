//! Access control lists: what they are about, and what they allow.

mod nouns;

pub use nouns::{Operation, PatternType, Permission, ResourceType};
