//! ACLs (KIP-140, KIP-290) in the numbers of the protocol, and the filters that find them.

use stream_codec::Str;
use stream_codec::stored::metadata::AccessControlEntryRecord;

/// The number that stands for everything in a filter.
pub const ANY: i8 = 1;
/// The pattern type of a filter that finds what is about a resource of that name.
pub const MATCH: i8 = 2;
/// The pattern type of whole names.
pub const LITERAL: i8 = 3;
/// The pattern type of beginnings of names.
pub const PREFIXED: i8 = 4;
/// The literal name that is every name.
pub const WILDCARD: &str = "*";

/// Resource type of topics.
pub const TOPIC: i8 = 2;
/// Resource type of the cluster.
pub const CLUSTER: i8 = 4;
/// The cluster's only name.
pub const CLUSTER_NAME: &str = "kafka-cluster";

const RESOURCE_TYPES: std::ops::RangeInclusive<i8> = 2..=7;
const OPERATIONS: std::ops::RangeInclusive<i8> = 2..=15;
const PERMISSION_TYPES: std::ops::RangeInclusive<i8> = 2..=3;

/// One ACL; two with the same fields are one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AclBinding<'a> {
    /// What kind of resource it is about.
    pub resource_type: i8,
    /// Which, as `pattern_type` says.
    pub resource_name: &'a str,
    /// Whether that is a whole name or a beginning.
    pub pattern_type: i8,
    /// For whom, as `Type:name`.
    pub principal: &'a str,
    /// From where: an address, or `*`.
    pub host: &'a str,
    /// What is done.
    pub operation: i8,
    /// Allowed (3) or denied (2).
    pub permission_type: i8,
}

/// One ACL that is to be kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[allow(missing_docs)]
pub struct NewAcl {
    pub resource_type: i8,
    pub resource_name: String,
    pub pattern_type: i8,
    pub principal: String,
    pub host: String,
    pub operation: i8,
    pub permission_type: i8,
}

/// Finds ACLs; None and [`ANY`] are satisfied by everything.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct AclFilter {
    pub resource_type: i8,
    pub resource_name: Option<String>,
    pub pattern_type: i8,
    pub principal: Option<String>,
    pub host: Option<String>,
    pub operation: i8,
    pub permission_type: i8,
}

impl NewAcl {
    /// The same, borrowed.
    pub fn binding(&self) -> AclBinding<'_> {
        AclBinding {
            resource_type: self.resource_type,
            resource_name: &self.resource_name,
            pattern_type: self.pattern_type,
            principal: &self.principal,
            host: &self.host,
            operation: self.operation,
            permission_type: self.permission_type,
        }
    }

    /// The record of this ACL; the id is for the caller.
    pub(crate) fn record(&self) -> AccessControlEntryRecord {
        AccessControlEntryRecord {
            resource_type: self.resource_type,
            resource_name: Str::from(&self.resource_name),
            pattern_type: self.pattern_type,
            principal: Str::from(&self.principal),
            host: Str::from(&self.host),
            operation: self.operation,
            permission_type: self.permission_type,
            ..Default::default()
        }
    }

    /// Whether each number is one that Kafka has a name for, those of filters included.
    pub fn has_known_numbers(&self) -> bool {
        is_known(self.resource_type, &RESOURCE_TYPES)
            && matches!(self.pattern_type, ANY..=PREFIXED)
            && is_known(self.operation, &OPERATIONS)
            && is_known(self.permission_type, &PERMISSION_TYPES)
    }
}

impl<'a> From<&'a AccessControlEntryRecord> for AclBinding<'a> {
    fn from(record: &'a AccessControlEntryRecord) -> AclBinding<'a> {
        AclBinding {
            resource_type: record.resource_type,
            resource_name: &record.resource_name,
            pattern_type: record.pattern_type,
            principal: &record.principal,
            host: &record.host,
            operation: record.operation,
            permission_type: record.permission_type,
        }
    }
}

impl AclFilter {
    /// Whether each number is one that Kafka has a name for.
    pub fn has_known_numbers(&self) -> bool {
        is_known(self.resource_type, &RESOURCE_TYPES)
            && matches!(self.pattern_type, ANY..=PREFIXED)
            && is_known(self.operation, &OPERATIONS)
            && is_known(self.permission_type, &PERMISSION_TYPES)
    }

    /// Whether the filter finds this ACL.
    pub fn matches(&self, acl: &AclBinding<'_>) -> bool {
        let is = |wanted: i8, found: i8| wanted == ANY || wanted == found;
        let is_text = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        is(self.resource_type, acl.resource_type)
            && self.matches_name(acl)
            && is_text(&self.principal, acl.principal)
            && is_text(&self.host, acl.host)
            && is(self.operation, acl.operation)
            && is(self.permission_type, acl.permission_type)
    }

    fn matches_name(&self, acl: &AclBinding<'_>) -> bool {
        let is_type = matches!(self.pattern_type, ANY | MATCH) || self.pattern_type == acl.pattern_type;
        let Some(name) = self.resource_name.as_deref().filter(|_| is_type) else { return is_type };
        match (self.pattern_type, acl.pattern_type) {
            (MATCH, LITERAL) => acl.resource_name == name || acl.resource_name == WILDCARD,
            (MATCH, PREFIXED) => name.starts_with(acl.resource_name),
            (MATCH, _) => false,
            _ => acl.resource_name == name,
        }
    }
}

fn is_known(number: i8, range: &std::ops::RangeInclusive<i8>) -> bool {
    number == ANY || range.contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(pattern_type: i8, name: &str) -> NewAcl {
        NewAcl {
            resource_type: TOPIC,
            resource_name: name.to_owned(),
            pattern_type,
            principal: "User:a".to_owned(),
            host: "*".to_owned(),
            operation: 3,
            permission_type: 3,
        }
    }

    fn filter(pattern_type: i8, name: Option<&str>) -> AclFilter {
        AclFilter {
            resource_type: ANY,
            resource_name: name.map(str::to_owned),
            pattern_type,
            principal: None,
            host: None,
            operation: ANY,
            permission_type: ANY,
        }
    }

    #[test]
    fn filters_find_names_in_four_ways() {
        let acls = [acl(LITERAL, "orders"), acl(LITERAL, "*"), acl(PREFIXED, "ord"), acl(PREFIXED, "orders")];
        let found = |filter: AclFilter| -> Vec<usize> {
            (0..acls.len()).filter(|index| filter.matches(&acls[*index].binding())).collect()
        };
        assert_eq!(found(filter(ANY, Some("orders"))), [0, 3]);
        assert_eq!(found(filter(MATCH, Some("orders"))), [0, 1, 2, 3]);
        assert_eq!(found(filter(MATCH, Some("or"))), [1]);
        assert_eq!(found(filter(LITERAL, Some("orders"))), [0]);
        assert_eq!(found(filter(LITERAL, Some("*"))), [1]);
        assert_eq!(found(filter(PREFIXED, Some("ord"))), [2]);
        assert_eq!(found(filter(ANY, None)), [0, 1, 2, 3]);
        assert_eq!(found(filter(PREFIXED, None)), [2, 3]);
    }

    #[test]
    fn filters_compare_every_field() {
        let acl = acl(LITERAL, "orders");
        let wanted = filter(ANY, None);
        let no = [
            AclFilter { resource_type: 3, ..wanted.clone() },
            AclFilter { principal: Some("User:b".to_owned()), ..wanted.clone() },
            AclFilter { host: Some("127.0.0.1".to_owned()), ..wanted.clone() },
            AclFilter { operation: 4, ..wanted.clone() },
            AclFilter { permission_type: 2, ..wanted },
        ];
        for filter in no {
            assert!(!filter.matches(&acl.binding()), "{filter:?}");
        }
    }
}
