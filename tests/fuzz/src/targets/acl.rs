//! ACLs: the authorizer's index against looking at every ACL in turn.

use core::net::{IpAddr, Ipv4Addr};

use stream_metadata::acl::NewAcl;
use stream_security::Principal;
use stream_security::acl::{Authorizer, AuthorizerSettings, Operation, PatternType, Permission, ResourceType};

const NAMES: [&str; 10] = ["*", "a", "ab", "abc", "abcd", "b", "", "ä", "äb", "abc.d"];
const PRINCIPALS: [&str; 5] = ["User:*", "User:alice", "User:bob", "Team:alice", "User:"];
const HOSTS: [&str; 4] = ["*", "127.0.0.1", "10.0.0.1", "nowhere"];
const OPERATIONS: [Operation; 6] = [
    Operation::All,
    Operation::Read,
    Operation::Write,
    Operation::Describe,
    Operation::AlterConfigs,
    Operation::DescribeConfigs,
];
const TYPES: [ResourceType; 2] = [ResourceType::Topic, ResourceType::Group];
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Bytes that describe an ACL.
const ACL_BYTES: usize = 6;

fn pick<T: Copy>(values: &[T], byte: u8) -> T {
    values[usize::from(byte) % values.len()]
}

/// Each six bytes are an ACL, the rest are questions: name, operation and principal each a byte.
pub(super) fn decide(bytes: &[u8]) {
    let Some((count, rest)) = bytes.split_first() else { return };
    let (described, questions) = rest.split_at(rest.len().min(usize::from(*count) * ACL_BYTES));
    let acls: Vec<NewAcl> = described.chunks_exact(ACL_BYTES).map(acl).collect();
    let settings = AuthorizerSettings {
        super_users: [Principal::user("root")].into(),
        allow_everyone_if_no_acl_found: *count > 127,
    };
    let authorizer = Authorizer::new(settings.clone(), acls.iter().map(NewAcl::binding));
    for question in questions.chunks_exact(3).take(64) {
        let name = pick(&NAMES[1..], question[0]);
        let operation = pick(&OPERATIONS[1..], question[1]);
        let resource_type = pick(&TYPES, question[1] / 8);
        let principal = Principal::user(pick(&["alice", "bob", "carol", "root"], question[2]));
        let decided = authorizer.authorize(&principal, HERE, operation, resource_type, name);
        let expected = one_by_one(&acls, &settings, &principal, operation, resource_type, name);
        assert_eq!(decided, expected, "{principal} {operation:?} {resource_type:?} '{name}' with {acls:?}");
    }
}

fn acl(bytes: &[u8]) -> NewAcl {
    NewAcl {
        resource_type: pick(&TYPES, bytes[0]).code(),
        resource_name: pick(&NAMES, bytes[1]).to_owned(),
        pattern_type: if bytes[2] & 1 == 0 { PatternType::Literal.code() } else { PatternType::Prefixed.code() },
        principal: pick(&PRINCIPALS, bytes[3]).to_owned(),
        host: pick(&HOSTS, bytes[4]).to_owned(),
        operation: pick(&OPERATIONS, bytes[5]).code(),
        permission_type: if bytes[2] & 2 == 0 { Permission::Allow.code() } else { Permission::Deny.code() },
    }
}

/// As one would say it: every ACL in turn.
fn one_by_one(
    acls: &[NewAcl],
    settings: &AuthorizerSettings,
    principal: &Principal,
    operation: Operation,
    resource_type: ResourceType,
    name: &str,
) -> bool {
    if settings.super_users.contains(principal) {
        return true;
    }
    let about: Vec<&NewAcl> = acls.iter().filter(|acl| is_about(acl, resource_type, name)).collect();
    if about.is_empty() {
        return settings.allow_everyone_if_no_acl_found;
    }
    let says = |acl: &&NewAcl, permission: Permission, operations: &[Operation]| {
        acl.permission_type == permission.code()
            && (acl.principal == "User:*" || acl.principal == principal.to_string())
            && (acl.host == "*" || acl.host == HERE.to_string())
            && operations.iter().any(|operation| operation.code() == acl.operation)
    };
    if about.iter().any(|acl| says(acl, Permission::Deny, &[operation, Operation::All])) {
        return false;
    }
    let allowing: &[Operation] = match operation {
        Operation::Describe => &[
            Operation::Describe,
            Operation::All,
            Operation::Read,
            Operation::Write,
            Operation::Delete,
            Operation::Alter,
        ],
        Operation::DescribeConfigs => &[Operation::DescribeConfigs, Operation::All, Operation::AlterConfigs],
        _ => &[operation, Operation::All],
    };
    about.iter().any(|acl| says(acl, Permission::Allow, allowing))
}

fn is_about(acl: &NewAcl, resource_type: ResourceType, name: &str) -> bool {
    acl.resource_type == resource_type.code()
        && if acl.pattern_type == PatternType::Literal.code() {
            acl.resource_name == name || acl.resource_name == "*"
        } else {
            name.starts_with(&acl.resource_name)
        }
}

/// A few ACLs with questions.
pub(super) fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let allow_and_deny = vec![2, 0, 1, 0, 1, 0, 1, 0, 1, 2, 1, 0, 1, 0, 0, 0, 1, 1, 0, 2, 0, 1];
    let prefixes = vec![3, 0, 1, 1, 1, 0, 0, 0, 2, 3, 1, 0, 1, 0, 0, 0, 0, 1, 4, 2, 0, 0, 3, 0, 0, 3, 2, 1, 8, 1, 0];
    let many: Vec<u8> = (0u8..=200).map(|number| number.wrapping_mul(37)).collect();
    [("allow-and-deny", allow_and_deny), ("prefixes", prefixes), ("many", many)]
        .into_iter()
        .map(|(name, input)| ("acl", name.to_owned(), input))
        .collect()
}
