//! ACLs, SCRAM credentials, client quotas and delegation tokens, kept as their records.

use std::collections::{BTreeMap, BTreeSet};

use stream_types::Uuid;

use stream_codec::stored::metadata::{
    AccessControlEntryRecord, ClientQuotaRecord, DelegationTokenRecord, UserScramCredentialRecord,
};

/// Who a quota is for: pairs of entity type and name, None for the default of the type.
pub type QuotaEntity = Vec<(String, Option<String>)>;

/// Everything that says who may do how much.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SecurityImage {
    /// ACLs by id.
    pub acls: BTreeMap<Uuid, AccessControlEntryRecord>,
    /// Which of them came from the file of topics as code.
    pub declared_acls: BTreeSet<Uuid>,
    /// SCRAM credentials by user and mechanism.
    pub scram: BTreeMap<(String, i8), UserScramCredentialRecord>,
    /// Quotas by entity and key.
    pub quotas: BTreeMap<(QuotaEntity, String), f64>,
    /// Delegation tokens by token id.
    pub tokens: BTreeMap<String, DelegationTokenRecord>,
}

/// The entity of a quota record, in one order whatever order the record has.
pub(super) fn quota_entity(record: &ClientQuotaRecord) -> QuotaEntity {
    let mut entity: QuotaEntity = record
        .entity
        .iter()
        .map(|part| (part.entity_type.to_string(), part.entity_name.as_ref().map(ToString::to_string)))
        .collect();
    entity.sort();
    entity
}
