//! Which ACLs the arguments of a command mean: decided here, without a broker.

use stream_client::{Acl, AclFilter, PatternFilter};
use stream_security::acl::{Operation, PatternType, Permission, ResourceType};

use super::{EntryArguments, ResourceArguments};

/// Resource and operation of each entry: those that were named, and those that producers and consumers need.
fn grants(
    resources: &[(ResourceType, String)],
    entries: &EntryArguments,
) -> Result<Vec<(ResourceType, String, Operation)>, String> {
    let mut grants = Vec::new();
    let has = |kind: ResourceType| resources.iter().any(|(resource, _)| *resource == kind);
    if entries.producer && !has(ResourceType::Topic) {
        return Err("--producer needs --topic".to_owned());
    }
    if entries.consumer && !(has(ResourceType::Topic) && has(ResourceType::Group)) {
        return Err("--consumer needs --topic and --group".to_owned());
    }
    for (kind, name) in resources {
        let mut operations: Vec<Operation> = Vec::new();
        if entries.producer {
            operations.extend(producers_operations(*kind));
        }
        if entries.consumer {
            operations.extend(consumers_operations(*kind));
        }
        for operation in &entries.operation {
            if *operation != Operation::All && !kind.operations().contains(operation) {
                let known: Vec<String> =
                    kind.operations().iter().map(|known| known.name().to_ascii_lowercase()).collect();
                let words = kind.name().to_ascii_lowercase().replace('_', " ");
                let known = known.join(", ");
                return Err(format!("{} is not done to a {words}: that knows {known} and all", operation.name()));
            }
            operations.push(*operation);
        }
        operations.sort();
        operations.dedup();
        grants.extend(operations.into_iter().map(|operation| (*kind, name.clone(), operation)));
    }
    if entries.idempotent {
        let name = ResourceType::CLUSTER_NAME.to_owned();
        grants.push((ResourceType::Cluster, name, Operation::IdempotentWrite));
    }
    Ok(grants)
}

pub(crate) fn producers_operations(kind: ResourceType) -> &'static [Operation] {
    match kind {
        ResourceType::Topic => &[Operation::Write, Operation::Describe, Operation::Create],
        ResourceType::TransactionalId => &[Operation::Write, Operation::Describe],
        _ => &[],
    }
}

pub(crate) fn consumers_operations(kind: ResourceType) -> &'static [Operation] {
    match kind {
        ResourceType::Topic => &[Operation::Read, Operation::Describe],
        ResourceType::Group => &[Operation::Read],
        _ => &[],
    }
}

fn pattern_type(kind: ResourceType, is_prefixed: bool) -> PatternType {
    // There is one cluster, whose name has no beginning worth naming.
    if is_prefixed && kind != ResourceType::Cluster { PatternType::Prefixed } else { PatternType::Literal }
}

/// The ACLs to add.
pub(super) fn additions(
    resources: &ResourceArguments,
    entries: &EntryArguments,
    permission: Permission,
) -> Result<Vec<Acl>, String> {
    let named = resources.resources();
    if named.is_empty() {
        return Err("name a resource: --topic, --group, --cluster, --transactional-id, ...".to_owned());
    }
    if entries.operation.is_empty() && !entries.producer && !entries.consumer {
        return Err("say what is meant: --operation, --producer or --consumer".to_owned());
    }
    let everywhere = ["*".to_owned()];
    let hosts = if entries.host.is_empty() { &everywhere[..] } else { &entries.host };
    let mut acls = Vec::new();
    for (resource_type, name, operation) in grants(&named, entries)? {
        let pattern_type = pattern_type(resource_type, resources.prefixed);
        for principal in &entries.principal {
            for host in hosts {
                let (name, principal, host) = (name.clone(), principal.clone(), host.clone());
                acls.push(Acl { resource_type, name, pattern_type, principal, host, operation, permission });
            }
        }
    }
    acls.sort();
    acls.dedup();
    Ok(acls)
}

/// The filters of what to list or remove; without anything named it is everything.
pub(super) fn filters(
    resources: &ResourceArguments,
    entries: &EntryArguments,
    permission: Option<Permission>,
    pattern: Option<PatternFilter>,
) -> Result<Vec<AclFilter>, String> {
    let any = AclFilter { permission, ..AclFilter::ALL };
    let named = resources.resources();
    let mut filters = Vec::new();
    let is_by_operation = !entries.operation.is_empty() || entries.producer || entries.consumer;
    let with_pattern = |kind: ResourceType, name: String| {
        let of_name = PatternFilter::Only(pattern_type(kind, resources.prefixed));
        AclFilter { resource_type: Some(kind), name: Some(name), pattern: pattern.unwrap_or(of_name), ..any.clone() }
    };
    if named.is_empty() {
        if entries.producer || entries.consumer {
            return Err("--producer and --consumer need --topic".to_owned());
        }
        filters.push(AclFilter { pattern: pattern.unwrap_or(PatternFilter::Any), ..any.clone() });
        if !entries.operation.is_empty() {
            let of =
                |filter: &AclFilter, operation: &Operation| AclFilter { operation: Some(*operation), ..filter.clone() };
            filters = entries
                .operation
                .iter()
                .flat_map(|operation| filters.iter().map(move |filter| of(filter, operation)))
                .collect();
        }
    } else if is_by_operation {
        for (kind, name, operation) in grants(&named, entries)? {
            filters.push(AclFilter { operation: Some(operation), ..with_pattern(kind, name) });
        }
    } else {
        filters.extend(named.into_iter().map(|(kind, name)| with_pattern(kind, name)));
    }
    if !entries.principal.is_empty() {
        filters = each(&filters, &entries.principal, |filter, who| filter.principal = Some(who.clone()));
    }
    if !entries.host.is_empty() {
        filters = each(&filters, &entries.host, |filter, host| filter.host = Some(host.clone()));
    }
    Ok(filters)
}

/// Each filter with each value.
fn each(filters: &[AclFilter], values: &[String], set: impl Fn(&mut AclFilter, &String)) -> Vec<AclFilter> {
    let mut all = Vec::new();
    for filter in filters {
        for value in values {
            let mut filter = filter.clone();
            set(&mut filter, value);
            all.push(filter);
        }
    }
    all
}

/// What somebody probably meant who writes `orders.*` as the whole name of something.
pub(super) fn looks_like_pattern(acl: &Acl) -> bool {
    let by_name =
        matches!(acl.resource_type, ResourceType::Topic | ResourceType::Group | ResourceType::TransactionalId);
    let is_odd = acl.name.contains(['*', '?', '[', ']', '(', ')', '|', '^', '$', '+', '\\', '{', '}']);
    by_name && acl.name != "*" && is_odd
}

/// The beginning that such a name means.
pub(super) fn probable_prefix(name: &str) -> &str {
    let end = name.find(['*', '?', '[', '(', '|', '^', '$', '+', '\\', '{']).unwrap_or(name.len());
    name.get(..end).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(topics: &[&str], groups: &[&str], prefixed: bool) -> ResourceArguments {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        ResourceArguments { topic: owned(topics), group: owned(groups), prefixed, ..ResourceArguments::default() }
    }

    fn entries(operations: &[Operation]) -> EntryArguments {
        EntryArguments {
            principal: vec!["User:a".to_owned()],
            operation: operations.to_vec(),
            ..EntryArguments::default()
        }
    }

    fn shown(acls: &[Acl]) -> Vec<String> {
        acls.iter()
            .map(|acl| {
                format!("{} {} {} {} {}", acl.resource_type, acl.name, acl.pattern_type, acl.principal, acl.operation)
            })
            .collect()
    }

    #[test]
    fn producers_and_consumers_get_what_kafkas_tool_gives_them() {
        let both = EntryArguments { producer: true, consumer: true, idempotent: true, ..entries(&[]) };
        let acls = additions(&resources(&["t"], &["g"], true), &both, Permission::Allow).expect("planned");
        assert_eq!(
            shown(&acls),
            [
                "TOPIC t PREFIXED User:a READ",
                "TOPIC t PREFIXED User:a WRITE",
                "TOPIC t PREFIXED User:a CREATE",
                "TOPIC t PREFIXED User:a DESCRIBE",
                "GROUP g PREFIXED User:a READ",
                "CLUSTER kafka-cluster LITERAL User:a IDEMPOTENT_WRITE",
            ]
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let check = |resources: &ResourceArguments, entries: &EntryArguments, problem: &str| {
            let found = additions(resources, entries, Permission::Allow).expect_err("refused");
            assert!(found.contains(problem), "{found}");
        };
        check(&resources(&[], &[], false), &entries(&[Operation::Read]), "name a resource");
        check(&resources(&["t"], &[], false), &entries(&[]), "--operation");
        check(&resources(&[], &["g"], false), &entries(&[Operation::Write]), "WRITE is not done to a group");
        check(&resources(&["t"], &[], false), &EntryArguments { consumer: true, ..entries(&[]) }, "--group");
    }

    #[test]
    fn a_filter_leaves_open_what_is_not_named() {
        let none = EntryArguments::default();
        assert_eq!(filters(&ResourceArguments::default(), &none, None, None), Ok(vec![AclFilter::ALL]));
        let of_topic = filters(&resources(&["t"], &[], false), &none, Some(Permission::Deny), None).expect("planned");
        assert_eq!(
            of_topic,
            [AclFilter {
                resource_type: Some(ResourceType::Topic),
                name: Some("t".to_owned()),
                pattern: PatternFilter::Only(PatternType::Literal),
                permission: Some(Permission::Deny),
                ..AclFilter::ALL
            }]
        );
        let of_user =
            filters(&ResourceArguments::default(), &entries(&[Operation::Read]), None, None).expect("planned");
        let expected =
            AclFilter { principal: Some("User:a".to_owned()), operation: Some(Operation::Read), ..AclFilter::ALL };
        assert_eq!(of_user, [expected]);
    }

    #[test]
    fn names_that_look_like_patterns_are_noticed() {
        let topic = |name: &str| Acl {
            resource_type: ResourceType::Topic,
            name: name.to_owned(),
            pattern_type: PatternType::Literal,
            principal: "User:a".to_owned(),
            host: "*".to_owned(),
            operation: Operation::Read,
            permission: Permission::Allow,
        };
        for (name, expected) in [
            ("helixagent.*", true),
            ("foo*", true),
            ("a|b", true),
            ("*", false),
            ("a.b-c_d", false),
            ("billing-agg", false),
        ] {
            assert_eq!(looks_like_pattern(&topic(name)), expected, "{name}");
        }
        assert_eq!(probable_prefix("helixagent.*"), "helixagent.");
        assert_eq!(probable_prefix("foo*"), "foo");
    }
}
