//! DescribeAcls, CreateAcls and DeleteAcls (KIP-140, KIP-290).

use stream_codec::Str;
use stream_security::acl::{Operation, PatternType, Permission, ResourceType};
use stream_wire::create_acls::{AclCreation, AclCreationResult, CreateAclsRequest};
use stream_wire::delete_acls::{DeleteAclsFilter, DeleteAclsFilterResult, DeleteAclsMatchingAcl, DeleteAclsRequest};
use stream_wire::describe_acls::{DescribeAclsRequest, DescribeAclsResponse};

use crate::client::{Client, Target};
use crate::error::ClientError;

/// The number that stands for every kind in a filter.
const ANY: i8 = 1;
/// The pattern type that finds every ACL that applies to a name.
const MATCH: i8 = 2;

/// An access control entry and what it is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Acl {
    /// The kind of resource.
    pub resource_type: ResourceType,
    /// The resource's name, or the beginning of names.
    pub name: String,
    /// How the name is meant.
    pub pattern_type: PatternType,
    /// Who: `User:alice`.
    pub principal: String,
    /// From where; `*` is everywhere.
    pub host: String,
    /// What is done.
    pub operation: Operation,
    /// Whether that is allowed.
    pub permission: Permission,
}

/// Which names a filter finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatternFilter {
    /// However they are meant.
    Any,
    /// All that apply to the name.
    Match,
    /// Those meant in this way.
    Only(PatternType),
}

/// Which ACLs are meant; what is none is every one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AclFilter {
    /// The kind of resource.
    pub resource_type: Option<ResourceType>,
    /// The resource's name.
    pub name: Option<String>,
    /// How the name is meant.
    pub pattern: PatternFilter,
    /// Who.
    pub principal: Option<String>,
    /// From where.
    pub host: Option<String>,
    /// What is done.
    pub operation: Option<Operation>,
    /// Whether that is allowed.
    pub permission: Option<Permission>,
}

impl AclFilter {
    /// Every ACL.
    pub const ALL: AclFilter = AclFilter {
        resource_type: None,
        name: None,
        pattern: PatternFilter::Any,
        principal: None,
        host: None,
        operation: None,
        permission: None,
    };

    fn pattern_code(&self) -> i8 {
        match self.pattern {
            PatternFilter::Any => ANY,
            PatternFilter::Match => MATCH,
            PatternFilter::Only(pattern_type) => pattern_type.code(),
        }
    }
}

fn text(text: &Option<String>) -> Option<Str> {
    text.as_deref().map(Str::from)
}

/// What an ACL is about, in numbers of the protocol.
struct Numbers {
    resource_type: i8,
    pattern_type: i8,
    operation: i8,
    permission: i8,
}

impl Numbers {
    fn acl(self, name: Str, principal: Str, host: Str) -> Result<Acl, ClientError> {
        let unknown = |what: &str, code: i8| ClientError::Unknown { what: format!("an ACL with {what} {code}") };
        Ok(Acl {
            resource_type: ResourceType::from_code(self.resource_type)
                .ok_or_else(|| unknown("resource type", self.resource_type))?,
            name: name.to_string(),
            pattern_type: PatternType::from_code(self.pattern_type)
                .ok_or_else(|| unknown("pattern type", self.pattern_type))?,
            principal: principal.to_string(),
            host: host.to_string(),
            operation: Operation::from_code(self.operation).ok_or_else(|| unknown("operation", self.operation))?,
            permission: Permission::from_code(self.permission).ok_or_else(|| unknown("permission", self.permission))?,
        })
    }
}

impl Client {
    /// The ACLs that a filter finds, in their order.
    ///
    /// # Errors
    /// SECURITY_DISABLED without an authorizer; Kafka's other errors; when no broker answers in time.
    pub async fn describe_acls(&self, filter: &AclFilter) -> Result<Vec<Acl>, ClientError> {
        let request = DescribeAclsRequest {
            resource_type_filter: filter.resource_type.map_or(ANY, ResourceType::code),
            resource_name_filter: text(&filter.name),
            pattern_type_filter: filter.pattern_code(),
            principal_filter: text(&filter.principal),
            host_filter: text(&filter.host),
            operation: filter.operation.map_or(ANY, Operation::code),
            permission_type: filter.permission.map_or(ANY, Permission::code),
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            match ClientError::check("ACLs", response.error_code, response.error_message.as_deref()) {
                Ok(()) => return described(response),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// Adds ACLs; those that exist already stay.
    ///
    /// # Errors
    /// The first that was refused, in Kafka's words; when no broker answers in time.
    pub async fn create_acls(&self, acls: &[Acl]) -> Result<(), ClientError> {
        let creation = |acl: &Acl| AclCreation {
            resource_type: acl.resource_type.code(),
            resource_name: acl.name.as_str().into(),
            resource_pattern_type: acl.pattern_type.code(),
            principal: acl.principal.as_str().into(),
            host: acl.host.as_str().into(),
            operation: acl.operation.code(),
            permission_type: acl.permission.code(),
        };
        let request = CreateAclsRequest { creations: acls.iter().map(creation).collect() };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            let check = |result: &AclCreationResult| {
                ClientError::check("ACLs", result.error_code, result.error_message.as_deref())
            };
            match response.results.iter().try_for_each(check) {
                Ok(()) => return Ok(()),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// Removes what the filters find, and says what that was.
    ///
    /// # Errors
    /// As [`Client::create_acls`].
    pub async fn delete_acls(&self, filters: &[AclFilter]) -> Result<Vec<Acl>, ClientError> {
        let filter = |filter: &AclFilter| DeleteAclsFilter {
            resource_type_filter: filter.resource_type.map_or(ANY, ResourceType::code),
            resource_name_filter: text(&filter.name),
            pattern_type_filter: filter.pattern_code(),
            principal_filter: text(&filter.principal),
            host_filter: text(&filter.host),
            operation: filter.operation.map_or(ANY, Operation::code),
            permission_type: filter.permission.map_or(ANY, Permission::code),
        };
        let request = DeleteAclsRequest { filters: filters.iter().map(filter).collect() };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            let check = |result: &DeleteAclsFilterResult| {
                ClientError::check("ACLs", result.error_code, result.error_message.as_deref())
            };
            if let Err(error) = response.filter_results.iter().try_for_each(check) {
                retry.after(error).await?;
                continue;
            }
            let matching = response.filter_results.into_iter().flat_map(|result| result.matching_acls);
            let mut acls = matching.map(deleted).collect::<Result<Vec<Acl>, ClientError>>()?;
            acls.sort();
            acls.dedup();
            return Ok(acls);
        }
    }
}

fn described(response: DescribeAclsResponse) -> Result<Vec<Acl>, ClientError> {
    let mut acls = Vec::new();
    for resource in response.resources {
        for acl in resource.acls {
            let numbers = Numbers {
                resource_type: resource.resource_type,
                pattern_type: resource.pattern_type,
                operation: acl.operation,
                permission: acl.permission_type,
            };
            acls.push(numbers.acl(resource.resource_name.clone(), acl.principal, acl.host)?);
        }
    }
    acls.sort();
    Ok(acls)
}

fn deleted(acl: DeleteAclsMatchingAcl) -> Result<Acl, ClientError> {
    ClientError::check("ACLs", acl.error_code, acl.error_message.as_deref())?;
    let numbers = Numbers {
        resource_type: acl.resource_type,
        pattern_type: acl.pattern_type,
        operation: acl.operation,
        permission: acl.permission_type,
    };
    numbers.acl(acl.resource_name, acl.principal, acl.host)
}
