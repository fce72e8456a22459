//! Access control lists: what they are about, and what they allow.

mod authorizer;
mod nouns;
#[cfg(test)]
mod tests;

pub use authorizer::{Authorizer, AuthorizerSettings, java_address};
pub use nouns::{Operation, PatternType, Permission, ResourceType};
