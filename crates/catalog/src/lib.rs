//! Topics as code: one YAML file says what must exist and who may reach it.
//!
//! [`Catalog::parse`] reads the text strictly: an unknown key, a repeated one or a value of the wrong kind is an error
//! with its line and column. Nothing is read from files or the environment here: of a password the catalog knows where
//! it is to be found, and never what it is. [`Catalog::acls`] is what its credentials come to; [`Catalog::warnings`]
//! says what looks wrong and is allowed.

mod access;
mod catalog;
mod credential;
mod dead_letter;
mod doubts;
mod duration;
mod error;
mod fields;
mod group;
mod naming;
mod topic;
mod yaml;

pub use access::{AccessResource, DeclaredAcl, DeclaredOperation};
pub use catalog::Catalog;
pub use credential::{Credential, PasswordSource};
pub use dead_letter::{DeadLetter, DeadLetterTopic};
pub use doubts::CatalogWarning;
pub use error::CatalogError;
pub use group::GroupDeclaration;
pub use naming::{GroupStyle, NamingPolicy, TopicStyle};
pub use topic::{TopicDeclaration, Validation};
pub use yaml::Position;
