//! A group of consumers that is meant to exist.

use crate::error::CatalogError;
use crate::fields::Fields;
use crate::yaml::{Node, Position};

/// One entry of the `groups` part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupDeclaration {
    /// Where it begins.
    pub at: Position,
    /// Its name.
    pub name: String,
    /// What its members read. It allows nothing: who may read is said by `credentials`.
    pub topics: Vec<String>,
    /// How many members it is to have.
    pub members: Option<u32>,
}

impl GroupDeclaration {
    pub(crate) fn parse(at: Position, name: &str, node: &Node) -> Result<GroupDeclaration, CatalogError> {
        let fields = Fields::of(node, "a group", &["topics", "members"])?;
        Ok(GroupDeclaration {
            at,
            name: name.to_owned(),
            topics: fields.texts("topics")?.into_iter().map(|(_, topic)| topic.to_owned()).collect(),
            members: fields.count("members")?,
        })
    }
}
