//! DeleteAcls (KIP-140, KIP-290).
//!
//! - Each filter is answered with the ACLs that it finds; one that several filters find is in each of their answers.
//! - A request with more filters, or answers with more ACLs, than [`ACLS_PER_REQUEST_MAX`] is POLICY_VIOLATION and removes nothing.

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
        let mut found_count = 0;
        let refused = || {
            let refusal = || Err(ApiError::new(ErrorCode::PolicyViolation, too_many()));
            Decision::nothing(DeleteAclsReply { results: command.filters.iter().map(|_| refusal()).collect() })
        };
        if command.filters.len() > ACLS_PER_REQUEST_MAX {
            return refused();
        }
        let mut results = Vec::with_capacity(command.filters.len());
        for filter in &command.filters {
            if !filter.has_known_numbers() {
                results.push(Err(ApiError::new(ErrorCode::InvalidRequest, "Unknown patternFilter or entryFilter.")));
                continue;
            }
            let acls = self.image.security().acls.values();
            let mut found: Vec<_> = acls.filter(|acl| filter.matches(&AclBinding::from(*acl))).cloned().collect();
            // Every filter that finds an ACL has it in its answer: answers are bounded, too.
            found_count += found.len();
            if found_count > ACLS_PER_REQUEST_MAX {
                return refused();
            }
            gone.extend(found.iter().map(|acl| acl.id));
            found.sort_by(|one, other| AclBinding::from(one).cmp(&AclBinding::from(other)));
            results.push(Ok(found));
        }
        let records = gone.into_iter().map(|id| RemoveAccessControlEntryRecord { id }.into()).collect();
        Decision { records, reply: DeleteAclsReply { results } }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::acl::{ANY, NewAcl};
    use crate::config_def::StaticConfig;
    use crate::image::MetadataImage;

    #[test]
    fn answers_are_bounded() {
        let mut image = MetadataImage::empty("c");
        for number in 0..=100u8 {
            let acl = NewAcl { principal: format!("User:{number}"), ..NewAcl::default() };
            let mut record = acl.record();
            record.id = Uuid([number; 16]);
            image.replay(&record.into()).expect("an ACL can be stored");
        }
        let config = StaticConfig::new(stream_types::NodeId(1), Default::default());
        let controller = Controller::new(Arc::new(image), Arc::new(config));
        let every = AclFilter {
            resource_type: ANY,
            resource_name: None,
            pattern_type: ANY,
            principal: None,
            host: None,
            operation: ANY,
            permission_type: ANY,
        };
        let removed = |filters: usize| controller.delete_acls(&DeleteAcls { filters: vec![every.clone(); filters] });
        assert_eq!(removed(3).records.len(), 101);
        let refused = removed(ACLS_PER_REQUEST_MAX / 101 + 1);
        assert!(refused.records.is_empty());
        assert!(refused.reply.results.iter().all(|result| result.is_err()));
        assert!(removed(ACLS_PER_REQUEST_MAX + 1).records.is_empty());
    }
}
