//! CreateAcls (KIP-140, KIP-290).
//!
//! - Each ACL is kept or refused on its own; the records of all that are kept count together.
//! - An ACL that is there already, or twice in the request, is kept once.

use std::collections::HashSet;

use stream_types::limits::ACLS_PER_REQUEST_MAX;
use stream_types::{ErrorCode, Uuid};

use super::{ApiError, Controller, Decision, RandomSource};
use crate::acl::{ANY, AclBinding, CLUSTER, CLUSTER_NAME, LITERAL, NewAcl, PREFIXED};

/// ACLs to keep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreateAcls {
    /// What is asked for.
    pub acls: Vec<NewAcl>,
}

/// One answer for each ACL, in the order of the request.
#[derive(Clone, PartialEq, Debug)]
pub struct CreateAclsReply {
    /// Why each was refused, if it was.
    pub results: Vec<Result<(), ApiError>>,
}

impl Controller {
    /// Keeps ACLs.
    pub fn create_acls(&self, random: &mut dyn RandomSource, command: &CreateAcls) -> Decision<CreateAclsReply> {
        if command.acls.len() > ACLS_PER_REQUEST_MAX {
            let refusal = || Err(ApiError::new(ErrorCode::PolicyViolation, too_many()));
            return Decision::nothing(CreateAclsReply { results: command.acls.iter().map(|_| refusal()).collect() });
        }
        let mut known: HashSet<AclBinding<'_>> = self.image.security().acls.values().map(AclBinding::from).collect();
        let mut given: HashSet<Uuid> = HashSet::new();
        let mut records = Vec::new();
        let mut results = Vec::with_capacity(command.acls.len());
        for acl in &command.acls {
            let checked = check(&acl.binding());
            if checked.is_ok() && known.insert(acl.binding()) {
                let mut record = acl.record();
                record.id = self.new_acl_id(random, &given);
                given.insert(record.id);
                records.push(record.into());
            }
            results.push(checked);
        }
        Decision { records, reply: CreateAclsReply { results } }
    }

    fn new_acl_id(&self, random: &mut dyn RandomSource, given: &HashSet<Uuid>) -> Uuid {
        loop {
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            let id = Uuid::from_random(bytes);
            if !id.is_zero() && !given.contains(&id) && !self.image.security().acls.contains_key(&id) {
                return id;
            }
        }
    }
}

pub(super) fn too_many() -> String {
    format!("one request may change at most {ACLS_PER_REQUEST_MAX} ACLs")
}

fn check(acl: &AclBinding<'_>) -> Result<(), ApiError> {
    let problem = if acl.resource_type == CLUSTER && acl.resource_name != CLUSTER_NAME {
        format!("The only valid name for the CLUSTER resource is {CLUSTER_NAME}")
    } else if acl.resource_name.is_empty() {
        "Invalid empty resource name".to_owned()
    } else if acl.resource_type <= ANY {
        "Invalid resourceType ANY".to_owned()
    } else if !matches!(acl.pattern_type, LITERAL | PREFIXED) {
        format!("Invalid patternType {}", if acl.pattern_type == ANY { "ANY" } else { "MATCH" })
    } else if acl.operation <= ANY {
        "Invalid operation ANY".to_owned()
    } else if acl.permission_type <= ANY {
        "Invalid permissionType ANY".to_owned()
    } else if !acl.principal.contains(':') {
        format!(
            "Could not parse principal from `{}` (no colon is present separating the principal type from the principal name)",
            acl.principal
        )
    } else {
        return Ok(());
    };
    Err(ApiError::new(ErrorCode::InvalidRequest, problem))
}
