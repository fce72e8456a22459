//! Which resources and entries the arguments of `kafka-acls` mean, in Kafka's notation.

use std::collections::BTreeMap;
use std::fmt;

use stream_client::{Acl, AclFilter, PatternFilter};
use stream_security::acl::{Operation, PatternType, Permission, ResourceType};

use super::Acls;
use crate::acls::plan::{consumers_operations, producers_operations};
use crate::kafka_tools::error::ToolError;

/// Names of resources, as a filter finds them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Pattern {
    kind: ResourceType,
    name: String,
    /// `LITERAL`, `PREFIXED`, `ANY` or `MATCH`.
    pattern_type: &'static str,
}

/// Who may or may not do what from where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Entry {
    principal: String,
    host: String,
    operation: Operation,
    permission: Permission,
}

impl Pattern {
    /// What an ACL is about.
    pub(super) fn of(acl: &Acl) -> Pattern {
        Pattern { kind: acl.resource_type, name: acl.name.clone(), pattern_type: acl.pattern_type.name() }
    }

    fn specific(&self) -> Option<PatternType> {
        PatternType::ALL.iter().copied().find(|known| known.name() == self.pattern_type)
    }

    /// Every ACL of these resources.
    pub(super) fn filter(&self) -> AclFilter {
        let pattern = match (self.pattern_type, self.specific()) {
            (_, Some(pattern_type)) => PatternFilter::Only(pattern_type),
            ("MATCH", None) => PatternFilter::Match,
            (_, None) => PatternFilter::Any,
        };
        AclFilter { resource_type: Some(self.kind), name: Some(self.name.clone()), pattern, ..AclFilter::ALL }
    }

    /// The ACL of an entry; none if the pattern only finds.
    pub(super) fn acl(&self, entry: &Entry) -> Option<Acl> {
        Some(Acl {
            resource_type: self.kind,
            name: self.name.clone(),
            pattern_type: self.specific()?,
            principal: entry.principal.clone(),
            host: entry.host.clone(),
            operation: entry.operation,
            permission: entry.permission,
        })
    }
}

impl Entry {
    /// An ACL without what it is about.
    pub(super) fn of(acl: &Acl) -> Entry {
        Entry {
            principal: acl.principal.clone(),
            host: acl.host.clone(),
            operation: acl.operation,
            permission: acl.permission,
        }
    }

    /// The filter, for this entry only.
    pub(super) fn filter(&self, all: &AclFilter) -> AclFilter {
        AclFilter {
            principal: Some(self.principal.clone()),
            host: Some(self.host.clone()),
            operation: Some(self.operation),
            permission: Some(self.permission),
            ..all.clone()
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pattern { kind, name, pattern_type } = self;
        write!(f, "ResourcePattern(resourceType={kind}, name={name}, patternType={pattern_type})")
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { principal, host, operation, permission } = self;
        write!(f, "(principal={principal}, host={host}, operation={operation}, permissionType={permission})")
    }
}

/// `User:alice`; a type has to be there.
pub(super) fn principals(texts: &[String]) -> Result<Vec<String>, ToolError> {
    let mut principals = Vec::new();
    for text in texts {
        let text = text.trim();
        if text.split_once(':').is_none_or(|(kind, _)| kind.is_empty()) {
            return Err(ToolError::Failed(format!(
                "expected a string in format principalType:principalName but got {text}"
            )));
        }
        principals.push(text.to_owned());
    }
    principals.sort();
    principals.dedup();
    Ok(principals)
}

fn operation(text: &str) -> Result<Operation, ToolError> {
    crate::acls::operation(text.trim()).map_err(|known| ToolError::usage(format!("operation '{text}': {known}")))
}

impl Acls {
    fn pattern_type(&self) -> Result<&'static str, ToolError> {
        let wanted = self.resource_pattern_type.to_ascii_uppercase();
        let known = ["ANY", "MATCH", "LITERAL", "PREFIXED"].into_iter().find(|known| *known == wanted);
        known.ok_or_else(|| ToolError::usage(format!("Unknown resource-pattern-type: {}", self.resource_pattern_type)))
    }

    /// The resources that are named.
    pub(super) fn resources(&self) -> Result<Vec<Pattern>, ToolError> {
        let pattern_type = self.pattern_type()?;
        let mut patterns = Vec::new();
        for (kind, names) in [
            (ResourceType::Topic, &self.topic),
            (ResourceType::Group, &self.group),
            (ResourceType::TransactionalId, &self.transactional_id),
            (ResourceType::DelegationToken, &self.delegation_token),
            (ResourceType::User, &self.user_principal),
        ] {
            let named = |name: &String| Pattern { kind, name: name.trim().to_owned(), pattern_type };
            patterns.extend(names.iter().map(named));
        }
        if pattern_type == PatternType::Literal.name() && (self.cluster || self.idempotent) {
            patterns.push(cluster());
        }
        patterns.sort();
        patterns.dedup();
        Ok(patterns)
    }

    /// What is to be added under each resource.
    pub(super) fn additions(&self) -> Result<BTreeMap<Pattern, Vec<Entry>>, ToolError> {
        let pattern_type = self.pattern_type()?;
        if !PatternType::ALL.iter().any(|specific| specific.name() == pattern_type) {
            return Err(ToolError::usage(format!(
                "A '--resource-pattern-type' value of '{pattern_type}' is not valid when adding acls."
            )));
        }
        let meant = self.meant()?;
        if meant.values().any(Vec::is_empty) {
            return Err(ToolError::usage(
                "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.",
            ));
        }
        Ok(meant)
    }

    /// The entries that are meant under each resource; none stands for all there are.
    pub(super) fn meant(&self) -> Result<BTreeMap<Pattern, Vec<Entry>>, ToolError> {
        let patterns = self.resources()?;
        if patterns.is_empty() {
            return Err(ToolError::usage(
                "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>",
            ));
        }
        let mut meant: BTreeMap<Pattern, Vec<Entry>> = BTreeMap::new();
        if !self.producer && !self.consumer {
            let named: Vec<Operation> =
                self.operation.iter().map(|text| operation(text)).collect::<Result<_, ToolError>>()?;
            let operations = if named.is_empty() { vec![Operation::All] } else { named };
            let entries = self.entries(&operations)?;
            meant.extend(patterns.into_iter().map(|pattern| (pattern, entries.clone())));
            check(&meant)?;
            return Ok(meant);
        }
        for pattern in patterns {
            let producer = if self.producer { producers_operations(pattern.kind) } else { &[] };
            let consumer = if self.consumer { consumers_operations(pattern.kind) } else { &[] };
            let operations: Vec<Operation> = producer.iter().chain(consumer).copied().collect();
            if !operations.is_empty() {
                meant.insert(pattern, self.entries(&operations)?);
            }
        }
        if self.producer && self.idempotent {
            meant.insert(cluster(), self.entries(&[Operation::IdempotentWrite])?);
        }
        Ok(meant)
    }

    fn entries(&self, operations: &[Operation]) -> Result<Vec<Entry>, ToolError> {
        let mut entries = Vec::new();
        let everywhere = ["*".to_owned()];
        for (permission, who, hosts) in [
            (Permission::Allow, &self.allow_principal, &self.allow_host),
            (Permission::Deny, &self.deny_principal, &self.deny_host),
        ] {
            let hosts = if hosts.is_empty() { everywhere.as_slice() } else { hosts };
            for principal in principals(who)? {
                for host in hosts.iter().map(|host| host.trim().to_owned()) {
                    entries.extend(operations.iter().map(|operation| Entry {
                        principal: principal.clone(),
                        host: host.clone(),
                        operation: *operation,
                        permission,
                    }));
                }
            }
        }
        entries.sort();
        entries.dedup();
        Ok(entries)
    }
}

fn cluster() -> Pattern {
    let (name, pattern_type) = (ResourceType::CLUSTER_NAME.to_owned(), PatternType::Literal.name());
    Pattern { kind: ResourceType::Cluster, name, pattern_type }
}

/// An operation must be one that is done to such a resource.
fn check(meant: &BTreeMap<Pattern, Vec<Entry>>) -> Result<(), ToolError> {
    for (pattern, entries) in meant {
        let known = pattern.kind.operations();
        let is_known = |entry: &Entry| entry.operation == Operation::All || known.contains(&entry.operation);
        if !entries.iter().all(is_known) {
            let names: Vec<&str> = ["ALL"].into_iter().chain(known.iter().map(|known| known.name())).collect();
            return Err(ToolError::usage(format!(
                "ResourceType {} only supports operations [{}]",
                pattern.kind,
                names.join(", ")
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(acls: &Acls) -> Vec<String> {
        let meant = acls.additions().expect("valid");
        let show = |(pattern, entries): (Pattern, Vec<Entry>)| {
            let entries: Vec<String> =
                entries.iter().map(|entry| format!("{} {}", entry.operation, entry.host)).collect();
            format!("{} {} {}: {}", pattern.kind, pattern.name, pattern.pattern_type, entries.join(", "))
        };
        meant.into_iter().map(show).collect()
    }

    #[test]
    fn producer_and_consumer_stand_for_operations() {
        let allowed = || Acls {
            allow_principal: vec!["User:a".into()],
            topic: vec!["t".into()],
            resource_pattern_type: "literal".into(),
            ..Acls::default()
        };
        let producer = Acls { producer: true, idempotent: true, ..allowed() };
        let topic = "TOPIC t LITERAL: WRITE *, CREATE *, DESCRIBE *";
        assert_eq!(shown(&producer), [topic, "CLUSTER kafka-cluster LITERAL: IDEMPOTENT_WRITE *"]);
        let consumer = Acls { consumer: true, group: vec!["g".into()], ..allowed() };
        assert_eq!(shown(&consumer), ["TOPIC t LITERAL: READ *, DESCRIBE *", "GROUP g LITERAL: READ *"]);
        let prefixed = Acls { resource_pattern_type: "Prefixed".into(), allow_host: vec!["::1".into()], ..allowed() };
        assert_eq!(shown(&prefixed), ["TOPIC t PREFIXED: ALL ::1"]);
        let matching = Acls { resource_pattern_type: "match".into(), ..allowed() };
        assert!(matching.additions().is_err());
        assert!(Acls { allow_principal: vec!["a".into()], ..allowed() }.additions().is_err());
        assert!(Acls { operation: vec!["ClusterAction".into()], ..allowed() }.additions().is_err());
    }
}
