//! Who may do what: Kafka's StandardAuthorizer (KIP-801) over an index of the ACLs.
//!
//! - Super users may do everything, whatever is denied.
//! - An ACL is about a resource when its literal name is the resource's, or `*`, or its prefix begins the resource's name.
//! - A DENY for the principal (or `User:*`) and the host (or `*`) wins over every ALLOW. Allowing Read, Write, Delete or Alter
//!   allows Describe, allowing AlterConfigs allows DescribeConfigs; denying them denies nothing else.
//! - Where no ACL at all is about the resource, `allow.everyone.if.no.acl.found` decides; where one is, nobody else may.
//!
//! A decision allocates nothing: Produce and Fetch ask for each topic.

use core::net::IpAddr;
use std::collections::{BTreeSet, HashMap, HashSet};

use stream_metadata::acl::AclBinding;

use super::{Operation, PatternType, Permission, ResourceType};
use crate::Principal;

/// What the configuration says about authorization.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuthorizerSettings {
    /// `super.users`
    pub super_users: HashSet<Principal>,
    /// `allow.everyone.if.no.acl.found`
    pub allow_everyone_if_no_acl_found: bool,
}

/// Decides on one state of the ACLs; a new one is made when they change.
#[derive(Debug)]
pub struct Authorizer {
    settings: AuthorizerSettings,
    types: HashMap<ResourceType, TypeIndex>,
}

/// The ACLs on resources of one type.
#[derive(Debug, Default)]
struct TypeIndex {
    literal: HashMap<Box<[u8]>, Vec<Entry>>,
    prefixed: HashMap<Box<[u8]>, Vec<Entry>>,
    /// Every length that a prefix has.
    prefix_lengths: BTreeSet<usize>,
    /// The literal name `*`.
    everything: Vec<Entry>,
}

/// An ACL without its resource.
#[derive(Debug)]
struct Entry {
    /// None: `User:*`.
    principal: Option<Principal>,
    host: Host,
    operation: Operation,
    permission: Permission,
}

#[derive(Debug)]
enum Host {
    Any,
    Address(IpAddr),
    /// Text that no client's address reads like.
    Nobody,
}

/// What the ACLs on a resource say, as far as they were looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Found {
    NoAcl,
    Nothing,
    Allowed,
    Denied,
}

const WILDCARD: &str = "*";

impl Authorizer {
    /// An authorizer over these ACLs. One with a number that Kafka does not know, or without a principal's type, says nothing.
    pub fn new<'a>(settings: AuthorizerSettings, acls: impl IntoIterator<Item = AclBinding<'a>>) -> Authorizer {
        let mut authorizer = Authorizer { settings, types: HashMap::new() };
        for acl in acls {
            authorizer.add(acl);
        }
        authorizer
    }

    /// Whether the principal, coming from this host, may do this to the resource with this name.
    pub fn authorize(
        &self,
        principal: &Principal,
        host: IpAddr,
        operation: Operation,
        resource_type: ResourceType,
        name: &str,
    ) -> bool {
        if self.settings.super_users.contains(principal) {
            return true;
        }
        let asked = Asked { principal, host: host.to_canonical(), operation };
        let found = self.types.get(&resource_type).map_or(Found::NoAcl, |index| index.find(&asked, name));
        match found {
            Found::NoAcl => self.settings.allow_everyone_if_no_acl_found,
            Found::Allowed => true,
            Found::Nothing | Found::Denied => false,
        }
    }

    /// Whether there can be a resource of this type to which the principal may do this (KIP-679).
    pub fn authorize_any_resource(
        &self,
        principal: &Principal,
        host: IpAddr,
        operation: Operation,
        resource_type: ResourceType,
    ) -> bool {
        // As Kafka does: some name that nobody has ACLs on stands for super users and for what everybody may.
        if self.authorize(principal, host, operation, resource_type, "hardcode") {
            return true;
        }
        let Some(index) = self.types.get(&resource_type) else { return false };
        let asked = Asked { principal, host: host.to_canonical(), operation };
        if asked.is_said_exactly(&index.everything, Permission::Deny) {
            return false;
        }
        if asked.is_said_exactly(&index.everything, Permission::Allow) {
            return true;
        }
        let is_left =
            |name: &[u8]| !index.prefixes_of(name).any(|entries| asked.is_said_exactly(entries, Permission::Deny));
        let literal = index.literal.iter().any(|(name, entries)| {
            asked.is_said_exactly(entries, Permission::Allow)
                && !asked.is_said_exactly(entries, Permission::Deny)
                && is_left(name)
        });
        let prefixed = || {
            index
                .prefixed
                .iter()
                .any(|(name, entries)| asked.is_said_exactly(entries, Permission::Allow) && is_left(name))
        };
        literal || prefixed()
    }

    /// The operations that the principal may do to the resource, as the bits of KIP-430.
    pub fn authorized_operations(
        &self,
        principal: &Principal,
        host: IpAddr,
        resource_type: ResourceType,
        name: &str,
    ) -> i32 {
        let operations = resource_type.operations().iter();
        let allowed = operations.filter(|operation| self.authorize(principal, host, **operation, resource_type, name));
        allowed.fold(0, |bits, operation| bits | 1 << operation.code())
    }

    fn add(&mut self, acl: AclBinding<'_>) {
        let (Some(resource_type), Some(pattern_type)) =
            (ResourceType::from_code(acl.resource_type), PatternType::from_code(acl.pattern_type))
        else {
            return;
        };
        let (Some(operation), Some(permission)) =
            (Operation::from_code(acl.operation), Permission::from_code(acl.permission_type))
        else {
            return;
        };
        let principal = match acl.principal {
            "User:*" => None,
            text => match Principal::parse(text) {
                Some(principal) => Some(principal),
                None => return,
            },
        };
        let entry = Entry { principal, host: Host::of(acl.host), operation, permission };
        let index = self.types.entry(resource_type).or_default();
        let name = acl.resource_name.as_bytes();
        match pattern_type {
            PatternType::Literal if acl.resource_name == WILDCARD => index.everything.push(entry),
            PatternType::Literal => index.literal.entry(name.into()).or_default().push(entry),
            PatternType::Prefixed => {
                index.prefix_lengths.insert(name.len());
                index.prefixed.entry(name.into()).or_default().push(entry);
            }
        }
    }
}

impl TypeIndex {
    fn find(&self, asked: &Asked<'_>, name: &str) -> Found {
        let mut found = Found::NoAcl;
        // A group may be called `*`: its own ACLs are those of everything.
        let literal = self.literal.get(name.as_bytes());
        for entries in literal.into_iter().chain(self.prefixes_of(name.as_bytes())).chain([&self.everything]) {
            match asked.find(entries) {
                Found::Denied => return Found::Denied,
                Found::Allowed => found = Found::Allowed,
                Found::Nothing if found == Found::NoAcl => found = Found::Nothing,
                Found::Nothing | Found::NoAcl => {}
            }
        }
        found
    }

    /// The ACLs on each prefix of the name.
    fn prefixes_of<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a Vec<Entry>> {
        let lengths = self.prefix_lengths.range(..=name.len());
        lengths.filter_map(move |length| self.prefixed.get(name.get(..*length)?))
    }
}

/// Who wants to do what.
struct Asked<'a> {
    principal: &'a Principal,
    host: IpAddr,
    operation: Operation,
}

impl Asked<'_> {
    fn find(&self, entries: &[Entry]) -> Found {
        let mut found = if entries.is_empty() { Found::NoAcl } else { Found::Nothing };
        for entry in entries.iter().filter(|entry| self.is_meant_by(entry)) {
            match entry.permission {
                Permission::Deny if self.is_named_by(entry.operation) => return Found::Denied,
                Permission::Allow if self.is_named_by(entry.operation) || self.is_implied_by(entry.operation) => {
                    found = Found::Allowed;
                }
                Permission::Deny | Permission::Allow => {}
            }
        }
        found
    }

    /// Whether one of the ACLs says this of the very operation, and not of one that implies it.
    fn is_said_exactly(&self, entries: &[Entry], permission: Permission) -> bool {
        let mut said = entries.iter().filter(|entry| entry.permission == permission && self.is_meant_by(entry));
        said.any(|entry| self.is_named_by(entry.operation))
    }

    fn is_meant_by(&self, entry: &Entry) -> bool {
        let is_host = match entry.host {
            Host::Any => true,
            Host::Address(address) => address == self.host,
            Host::Nobody => false,
        };
        is_host && entry.principal.as_ref().is_none_or(|principal| principal == self.principal)
    }

    fn is_named_by(&self, operation: Operation) -> bool {
        operation == self.operation || operation == Operation::All
    }

    fn is_implied_by(&self, operation: Operation) -> bool {
        use Operation::{Alter, AlterConfigs, Delete, Describe, DescribeConfigs, Read, Write};
        match self.operation {
            Describe => matches!(operation, Read | Write | Delete | Alter),
            DescribeConfigs => operation == AlterConfigs,
            _ => false,
        }
    }
}

impl Host {
    fn of(text: &str) -> Host {
        if text == WILDCARD {
            return Host::Any;
        }
        match text.parse::<IpAddr>() {
            // Kafka compares texts, and Java writes addresses in one way only.
            Ok(address) if java_address(address) == text => Host::Address(address),
            _ => Host::Nobody,
        }
    }
}

/// The address as Java prints it, which is how ACLs and tools know clients: IPv6 in full, IPv4 as such also where it came in IPv6.
pub fn java_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let segments: Vec<String> = address.segments().iter().map(|segment| format!("{segment:x}")).collect();
            segments.join(":")
        }
    }
}
