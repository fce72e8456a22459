//! The authorizer against examples, and against the obvious way to decide after 10,000 random changes of the ACLs.

use core::net::{IpAddr, Ipv4Addr};

use stream_metadata::acl::NewAcl;

use super::{Authorizer, AuthorizerSettings, Operation, PatternType, Permission, ResourceType, java_address};
use crate::Principal;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));

/// `ALLOW READ TOPIC LITERAL orders User:a *`.
fn acl(text: &str) -> NewAcl {
    let words: Vec<&str> = text.split(' ').collect();
    let permission = Permission::ALL.iter().find(|permission| permission.name() == words[0]).unwrap();
    let operation = Operation::ALL.iter().find(|operation| operation.name() == words[1]).unwrap();
    let resource = ResourceType::ALL.iter().find(|resource| resource.name() == words[2]).unwrap();
    let pattern = PatternType::ALL.iter().find(|pattern| pattern.name() == words[3]).unwrap();
    NewAcl {
        resource_type: resource.code(),
        resource_name: words[4].to_owned(),
        pattern_type: pattern.code(),
        principal: words[5].to_owned(),
        host: words[6].to_owned(),
        operation: operation.code(),
        permission_type: permission.code(),
    }
}

fn authorizer(acls: &[&str]) -> Authorizer {
    let acls: Vec<NewAcl> = acls.iter().map(|text| acl(text)).collect();
    let settings =
        AuthorizerSettings { super_users: [Principal::user("admin")].into(), allow_everyone_if_no_acl_found: false };
    Authorizer::new(settings, acls.iter().map(NewAcl::binding))
}

/// Whether `user` may do it to a topic.
fn may(authorizer: &Authorizer, user: &str, operation: Operation, topic: &str) -> bool {
    authorizer.authorize(&Principal::user(user), HERE, operation, ResourceType::Topic, topic)
}

#[test]
fn names_are_whole_beginnings_or_everything() {
    use Operation::Read;
    let one = authorizer(&["ALLOW READ TOPIC LITERAL orders User:a *", "ALLOW READ TOPIC PREFIXED bill User:a *"]);
    assert!(may(&one, "a", Read, "orders") && may(&one, "a", Read, "bill") && may(&one, "a", Read, "billing"));
    assert!(!may(&one, "a", Read, "orders2") && !may(&one, "a", Read, "order") && !may(&one, "a", Read, "bil"));
    assert!(!may(&one, "b", Read, "orders") && !may(&one, "a", Operation::Write, "orders"));
    let group = |name| one.authorize(&Principal::user("a"), HERE, Read, ResourceType::Group, name);
    assert!(!group("orders"));
    let all = authorizer(&["ALLOW READ TOPIC LITERAL * User:a *"]);
    assert!(may(&all, "a", Read, "anything"));
    let asterisk = authorizer(&["ALLOW READ TOPIC PREFIXED * User:a *"]);
    assert!(!may(&asterisk, "a", Read, "anything"), "an asterisk is a wildcard as a whole name only");
}

#[test]
fn a_denial_wins_and_only_super_users_are_above_it() {
    use Operation::{Describe, Read};
    let denied = authorizer(&["ALLOW ALL TOPIC LITERAL * User:* *", "DENY READ TOPIC PREFIXED ord User:a *"]);
    assert!(!may(&denied, "a", Read, "orders") && may(&denied, "b", Read, "orders") && may(&denied, "a", Read, "x"));
    assert!(may(&denied, "a", Describe, "orders"), "denying Read does not deny Describe");
    let everybody = authorizer(&["DENY ALL TOPIC LITERAL * User:* *"]);
    assert!(!may(&everybody, "a", Read, "orders") && may(&everybody, "admin", Read, "orders"));
}

#[test]
fn operations_imply_descriptions() {
    use Operation::{Describe, DescribeConfigs};
    for operation in ["READ", "WRITE", "DELETE", "ALTER"] {
        let one = authorizer(&[&format!("ALLOW {operation} TOPIC LITERAL t User:a *")]);
        assert!(may(&one, "a", Describe, "t") && !may(&one, "a", DescribeConfigs, "t"), "{operation}");
    }
    let one = authorizer(&["ALLOW ALTER_CONFIGS TOPIC LITERAL t User:a *"]);
    assert!(may(&one, "a", DescribeConfigs, "t") && !may(&one, "a", Describe, "t"));
    assert!(!may(&authorizer(&["ALLOW CREATE TOPIC LITERAL t User:a *"]), "a", Describe, "t"));
}

#[test]
fn hosts_are_compared_as_java_writes_them() {
    let read = |acl: &str, host: &str| {
        let host: IpAddr = host.parse().unwrap();
        authorizer(&[acl]).authorize(&Principal::user("a"), host, Operation::Read, ResourceType::Topic, "t")
    };
    assert!(read("ALLOW READ TOPIC LITERAL t User:a 10.0.0.7", "10.0.0.7"));
    assert!(read("ALLOW READ TOPIC LITERAL t User:a 10.0.0.7", "::ffff:10.0.0.7"));
    assert!(!read("ALLOW READ TOPIC LITERAL t User:a 10.0.0.7", "10.0.0.8"));
    assert!(read("ALLOW READ TOPIC LITERAL t User:a 0:0:0:0:0:0:0:1", "::1"));
    assert!(!read("ALLOW READ TOPIC LITERAL t User:a ::1", "::1"), "Kafka would not know it either");
    assert_eq!(java_address("2001:db8::7".parse().unwrap()), "2001:db8:0:0:0:0:0:7");
}

#[test]
fn what_no_acl_names_is_for_everybody_where_the_configuration_says_so() {
    let acls = [acl("ALLOW READ TOPIC LITERAL orders User:a *"), acl("DENY READ TOPIC PREFIXED bill User:b *")];
    let settings = AuthorizerSettings { allow_everyone_if_no_acl_found: true, ..Default::default() };
    let open = Authorizer::new(settings, acls.iter().map(NewAcl::binding));
    assert!(may(&open, "c", Operation::Read, "free") && !may(&open, "c", Operation::Read, "orders"));
    assert!(!may(&open, "c", Operation::Read, "billing"), "an ACL for somebody else is an ACL");
    assert!(open.authorize(&Principal::user("c"), HERE, Operation::Read, ResourceType::Group, "orders"));
}

#[test]
fn writing_to_some_topic_is_found_as_kafka_finds_it() {
    let any = |acls: &[&str], user: &str| {
        let principal = Principal::user(user);
        authorizer(acls).authorize_any_resource(&principal, HERE, Operation::Write, ResourceType::Topic)
    };
    assert!(!any(&[], "a") && any(&[], "admin"));
    assert!(any(&["ALLOW WRITE TOPIC LITERAL t User:a *"], "a"));
    assert!(any(&["ALLOW ALL TOPIC PREFIXED t User:* *"], "a"));
    assert!(!any(&["ALLOW READ TOPIC LITERAL t User:a *"], "a"));
    assert!(!any(&["ALLOW WRITE TOPIC LITERAL t User:a 10.0.0.8"], "a"));
    assert!(!any(&["ALLOW WRITE TOPIC LITERAL t User:a *", "DENY WRITE TOPIC LITERAL t User:a *"], "a"));
    assert!(!any(&["ALLOW WRITE TOPIC PREFIXED to User:a *", "DENY WRITE TOPIC PREFIXED t User:* *"], "a"));
    assert!(any(&["ALLOW WRITE TOPIC PREFIXED t User:a *", "DENY WRITE TOPIC PREFIXED to User:* *"], "a"));
    assert!(any(&["ALLOW WRITE TOPIC PREFIXED t User:a *", "DENY WRITE TOPIC LITERAL t User:a *"], "a"));
    assert!(!any(&["ALLOW WRITE TOPIC LITERAL t User:a *", "DENY ALL TOPIC LITERAL * User:a *"], "a"));
}

#[test]
fn authorized_operations_are_bits() {
    let one = authorizer(&["ALLOW READ TOPIC LITERAL t User:a *"]);
    let bits = |user: &str| one.authorized_operations(&Principal::user(user), HERE, ResourceType::Topic, "t");
    assert_eq!(bits("a"), 1 << 3 | 1 << 8);
    assert_eq!(bits("b"), 0);
    assert_eq!(bits("admin"), 0b1101_1111_1000);
}

/// A small generator with a seed.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const NAMES: &[&str] = &["o", "or", "orders", "orders2", "bill", "*", "b", "x"];
const HOSTS: &[&str] = &["*", "*", "10.0.0.7", "10.0.0.8", "nonsense"];
const PRINCIPALS: &[&str] = &["User:a", "User:b", "User:*", "Team:a"];
const RESOURCES: &[ResourceType] = &[ResourceType::Topic, ResourceType::Group];

fn random_acl(random: &mut Seeded) -> NewAcl {
    NewAcl {
        resource_type: RESOURCES[random.below(2)].code(),
        resource_name: random.one(NAMES).to_owned(),
        pattern_type: PatternType::ALL[random.below(2)].code(),
        principal: random.one(PRINCIPALS).to_owned(),
        host: random.one(HOSTS).to_owned(),
        operation: Operation::ALL[random.below(10)].code(),
        permission_type: Permission::ALL[usize::from(random.below(4) > 0)].code(),
    }
}

/// The rules, one ACL after the other.
fn naive(acls: &[NewAcl], user: &str, host: &str, operation: Operation, resource: ResourceType, name: &str) -> bool {
    use Operation::{All, Alter, AlterConfigs, Delete, Describe, DescribeConfigs, Read, Write};
    let about = |acl: &&NewAcl| {
        let is_literal = acl.pattern_type == PatternType::Literal.code();
        let is_name = match is_literal {
            true => acl.resource_name == name || acl.resource_name == "*",
            false => name.starts_with(&acl.resource_name),
        };
        acl.resource_type == resource.code() && is_name
    };
    let about: Vec<&NewAcl> = acls.iter().filter(about).collect();
    if about.is_empty() {
        return true;
    }
    let mine = |acl: &&&NewAcl| {
        (acl.principal == format!("User:{user}") || acl.principal == "User:*") && (acl.host == host || acl.host == "*")
    };
    let says = |acl: &NewAcl| Operation::from_code(acl.operation).unwrap();
    let is_denied =
        |acl: &&NewAcl| acl.permission_type == Permission::Deny.code() && (says(acl) == operation || says(acl) == All);
    let is_allowed = |acl: &&NewAcl| {
        let implied = match operation {
            Describe => [Read, Write, Delete, Alter].contains(&says(acl)),
            DescribeConfigs => says(acl) == AlterConfigs,
            _ => false,
        };
        acl.permission_type == Permission::Allow.code() && (says(acl) == operation || says(acl) == All || implied)
    };
    let mine: Vec<&NewAcl> = about.iter().filter(mine).copied().collect();
    !mine.iter().any(is_denied) && mine.iter().any(is_allowed)
}

#[test]
fn decisions_are_those_of_the_rules_after_any_change() {
    let mut random = Seeded(4);
    let mut acls: Vec<NewAcl> = Vec::new();
    let (mut allowed, mut denied) = (0, 0);
    for change in 0..10_000 {
        if acls.len() > 30 || (!acls.is_empty() && random.below(3) == 0) {
            acls.swap_remove(random.below(acls.len()));
        } else {
            acls.push(random_acl(&mut random));
        }
        let settings = AuthorizerSettings { allow_everyone_if_no_acl_found: true, ..Default::default() };
        let authorizer = Authorizer::new(settings, acls.iter().map(NewAcl::binding));
        for _ in 0..8 {
            let (user, host) = (random.one(&["a", "b", "c"]), random.one(&["10.0.0.7", "10.0.0.8", "10.0.0.9"]));
            let operation = Operation::ALL[1 + random.below(10)];
            let (resource, name) = (RESOURCES[random.below(2)], random.one(NAMES));
            let address: IpAddr = host.parse().unwrap();
            let decided = authorizer.authorize(&Principal::user(user), address, operation, resource, name);
            let expected = naive(&acls, user, host, operation, resource, name);
            assert_eq!(decided, expected, "change {change}: {user} {host} {operation} {resource} {name}: {acls:?}");
            *(if decided { &mut allowed } else { &mut denied }) += 1;
        }
    }
    assert!(allowed > 10_000 && denied > 10_000, "{allowed} {denied}");
}
