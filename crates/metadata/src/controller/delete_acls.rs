//! DeleteAcls (KIP-140, KIP-290).
//!
//! - Each filter is answered with the ACLs that it finds; one that several filters find is in each of their answers.

use std::collections::BTreeSet;

use stream_codec::stored::metadata::{AccessControlEntryRecord, RemoveAccessControlEntryRecord};
use stream_types::limits::ACLS_PER_REQUEST_MAX;
use stream_types::{ErrorCode, Uuid};

use super::create_acls::too_many;
use super::{ApiError, Controller, Decision};
use crate::acl::{AclBinding, AclFilter};

/// ACLs to forget.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeleteAcls {
    /// What finds them.
    pub filters: Vec<AclFilter>,
}

/// One answer for each filter, in the order of the request.
#[derive(Clone, PartialEq, Debug)]
pub struct DeleteAclsReply {
    /// What each filter found, or why it was refused.
    pub results: Vec<Result<Vec<AccessControlEntryRecord>, ApiError>>,
}

impl Controller {
    /// Forgets the ACLs that the filters find.
    pub fn delete_acls(&self, command: &DeleteAcls) -> Decision<DeleteAclsReply> {
        let mut gone: BTreeSet<Uuid> = BTreeSet::new();
        let mut results = Vec::with_capacity(command.filters.len());
        for filter in &command.filters {
            if !filter.has_known_numbers() {
                results.push(Err(ApiError::new(ErrorCode::InvalidRequest, "Unknown patternFilter or entryFilter.")));
                continue;
            }
            let acls = self.image.security().acls.values();
            let mut found: Vec<_> = acls.filter(|acl| filter.matches(&AclBinding::from(*acl))).cloned().collect();
            gone.extend(found.iter().map(|acl| acl.id));
            if gone.len() > ACLS_PER_REQUEST_MAX {
                let refusal = || Err(ApiError::new(ErrorCode::PolicyViolation, too_many()));
                let results = command.filters.iter().map(|_| refusal()).collect();
                return Decision::nothing(DeleteAclsReply { results });
            }
            found.sort_by(|one, other| AclBinding::from(one).cmp(&AclBinding::from(other)));
            results.push(Ok(found));
        }
        let records = gone.into_iter().map(|id| RemoveAccessControlEntryRecord { id }.into()).collect();
        Decision { records, reply: DeleteAclsReply { results } }
    }
}
