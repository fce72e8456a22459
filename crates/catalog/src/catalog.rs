//! The whole file.

use std::collections::BTreeSet;

use crate::credential::Credential;
use crate::dead_letter::{DeadLetter, DeadLetterTopic};
use crate::error::CatalogError;
use crate::fields::{Fields, map};
use crate::group::GroupDeclaration;
use crate::naming::NamingPolicy;
use crate::topic::TopicDeclaration;
use crate::yaml::{self, Node, Position, Value};

/// What must exist, and who may reach it. Every name in it follows its `naming`.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// `naming`
    pub naming: NamingPolicy,
    /// `dead_letter`
    pub dead_letter: Option<DeadLetter>,
    /// `topics`, in the order of the file.
    pub topics: Vec<TopicDeclaration>,
    /// `groups`, in the order of the file.
    pub groups: Vec<GroupDeclaration>,
    /// `credentials`, in the order of the file; no username twice.
    pub credentials: Vec<Credential>,
}

impl Catalog {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(text: &str) -> Result<Catalog, CatalogError> {
        let root = yaml::parse(text)?;
        let parts = ["naming", "dead_letter", "topics", "groups", "credentials"];
        let fields = Fields::of(&root, "a catalog", &parts)?;
        let mut catalog = Catalog::default();
        if let Some(node) = fields.node("naming") {
            catalog.naming = NamingPolicy::parse(node)?;
        }
        catalog.dead_letter = fields.node("dead_letter").map(DeadLetter::parse).transpose()?;
        if let Some(node) = fields.node("topics") {
            for entry in map(node, "topics")? {
                catalog.topics.push(TopicDeclaration::parse(entry.at, &entry.key, &entry.node)?);
            }
        }
        if let Some(node) = fields.node("groups") {
            for entry in map(node, "groups")? {
                catalog.groups.push(GroupDeclaration::parse(entry.at, &entry.key, &entry.node)?);
            }
        }
        if let Some(node) = fields.node("credentials") {
            catalog.credentials = credentials(node)?;
        }
        catalog.check_names()?;
        Ok(catalog)
    }

    fn check_names(&self) -> Result<(), CatalogError> {
        let topic =
            |at: Position, name: &str| self.naming.check_topic(name).map_err(|problem| CatalogError::new(at, problem));
        let group =
            |at: Position, name: &str| self.naming.check_group(name).map_err(|problem| CatalogError::new(at, problem));
        for declared in &self.topics {
            topic(declared.at, &declared.name)?;
        }
        for declared in &self.groups {
            group(declared.at, &declared.name)?;
            declared.topics.iter().try_for_each(|name| self.check_reached(declared.at, name))?;
        }
        for credential in &self.credentials {
            credential.topics().try_for_each(|name| self.check_reached(credential.at, name))?;
            credential.groups.iter().try_for_each(|name| group(credential.at, name))?;
        }
        if let Some(DeadLetter { at, topic: DeadLetterTopic::One(name), .. }) = &self.dead_letter {
            topic(*at, name)?;
        }
        Ok(())
    }

    /// A topic that somebody reaches; those of dead letters may have names of their own.
    fn check_reached(&self, at: Position, name: &str) -> Result<(), CatalogError> {
        let source = self.dead_letter.as_ref().and_then(|part| part.topic.source_of(name));
        if source.is_some_and(|source| self.naming.check_topic(source).is_ok()) {
            return Ok(());
        }
        self.naming.check_topic(name).map_err(|problem| CatalogError::new(at, problem))
    }
}

fn credentials(node: &Node) -> Result<Vec<Credential>, CatalogError> {
    let Value::List(items) = &node.value else {
        let problem =
            format!("credentials must be a list of username, password_env, ..., and is {}", node.value.kind());
        return Err(CatalogError::new(node.at, problem));
    };
    let mut seen = BTreeSet::new();
    let mut credentials = Vec::with_capacity(items.len());
    for item in items {
        let credential = Credential::parse(item)?;
        if !seen.insert(credential.username.clone()) {
            return Err(CatalogError::new(
                credential.at,
                format!("the username {} is given twice", credential.username),
            ));
        }
        credentials.push(credential);
    }
    Ok(credentials)
}
