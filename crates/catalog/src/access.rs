//! What the credentials come to: ACLs, each for one principal, one resource by its whole name, and one operation.
//!
//! - `read` is Read and Describe on the topic, `write` is Write and Describe, `groups` is Read on the group, which
//!   includes seeing it.
//! - `dead_letter` with `writers: authenticated` is one Write for each declared principal, on the one topic, or with
//!   `{topic}` on those of the topics that the principal names.
//! - Never `User:*`, never a pattern, never anything for whoever did not authenticate.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::dead_letter::DeadLetterTopic;

/// One thing that one principal may do, from everywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DeclaredAcl {
    /// `User:name`
    pub principal: String,
    /// What kind of thing.
    pub resource: AccessResource,
    /// Its whole name.
    pub name: String,
    /// What may be done.
    pub operation: DeclaredOperation,
}

/// What an ACL of a catalog is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AccessResource {
    /// A topic.
    Topic,
    /// A group.
    Group,
}

/// What an ACL of a catalog allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DeclaredOperation {
    /// Reading records; being in a group.
    Read,
    /// Writing records.
    Write,
    /// Seeing that it is there.
    Describe,
}

impl Catalog {
    /// Every ACL, sorted and once.
    pub fn acls(&self) -> Vec<DeclaredAcl> {
        let mut acls = BTreeSet::new();
        for credential in &self.credentials {
            let principal = credential.principal();
            let mut allow = |resource, name: &str, operations: &[DeclaredOperation]| {
                for operation in operations {
                    acls.insert(DeclaredAcl {
                        principal: principal.clone(),
                        resource,
                        name: name.to_owned(),
                        operation: *operation,
                    });
                }
            };
            for topic in &credential.read {
                allow(AccessResource::Topic, topic, &[DeclaredOperation::Read, DeclaredOperation::Describe]);
            }
            for topic in &credential.write {
                allow(AccessResource::Topic, topic, &[DeclaredOperation::Write, DeclaredOperation::Describe]);
            }
            for group in &credential.groups {
                allow(AccessResource::Group, group, &[DeclaredOperation::Read]);
            }
            let Some(dead_letter) = self.dead_letter.as_ref().filter(|part| part.writers_authenticated) else {
                continue;
            };
            match &dead_letter.topic {
                DeadLetterTopic::One(name) => allow(AccessResource::Topic, name, &[DeclaredOperation::Write]),
                per_topic @ DeadLetterTopic::PerTopic { .. } => {
                    // What takes dead letters has none of its own.
                    for topic in credential.topics().filter(|topic| per_topic.source_of(topic).is_none()) {
                        allow(AccessResource::Topic, &per_topic.of(topic), &[DeclaredOperation::Write]);
                    }
                }
            }
        }
        acls.into_iter().collect()
    }
}
