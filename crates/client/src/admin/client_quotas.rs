//! DescribeClientQuotas and AlterClientQuotas (KIP-546).

use stream_wire::alter_client_quotas::{
    AlterClientQuotasRequest, EntityData, OpData, RequestEntryData, ResponseEntryData,
};
use stream_wire::describe_client_quotas::{ComponentData, DescribeClientQuotasRequest};

use crate::client::{Client, Target};
use crate::error::ClientError;

/// The entity is that of the filter.
const EXACT: i8 = 0;
/// The entity is the default of its type.
const DEFAULT: i8 = 1;

/// Whom quotas are for: a type (`user`, `client-id`, `ip`) and a name, or none for all who have no quotas of their own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct QuotaEntity {
    /// Type and name of each part; user and client can stand together.
    pub parts: Vec<(String, Option<String>)>,
}

/// Quotas of an entity.
#[derive(Clone, PartialEq, Debug)]
pub struct ClientQuotas {
    /// Whose.
    pub entity: QuotaEntity,
    /// Keys and values, by key.
    pub values: Vec<(String, f64)>,
}

/// A change of one quota.
#[derive(Clone, PartialEq, Debug)]
pub struct QuotaChange {
    /// `producer_byte_rate`, ...
    pub key: String,
    /// The new value; none removes it.
    pub value: Option<f64>,
}

impl QuotaEntity {
    /// `user 'alice' client-id 'etl'`.
    pub fn what(&self) -> String {
        let part = |(kind, name): &(String, Option<String>)| match name {
            Some(name) => format!("{kind} '{name}'"),
            None => format!("default {kind}"),
        };
        self.parts.iter().map(part).collect::<Vec<_>>().join(", ")
    }
}

impl Client {
    /// The quotas of exactly this entity, or of all there are.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time.
    pub async fn client_quotas(&self, entity: Option<&QuotaEntity>) -> Result<Vec<ClientQuotas>, ClientError> {
        let component = |(kind, name): &(String, Option<String>)| ComponentData {
            entity_type: kind.as_str().into(),
            match_type: if name.is_some() { EXACT } else { DEFAULT },
            r#match: name.as_deref().map(Into::into),
        };
        let components = entity.iter().flat_map(|entity| &entity.parts).map(component).collect();
        let request = DescribeClientQuotasRequest { components, strict: entity.is_some() };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            if let Err(error) = ClientError::check("quotas", response.error_code, response.error_message.as_deref()) {
                retry.after(error).await?;
                continue;
            }
            let entries = response.entries.unwrap_or_default().into_iter();
            let mut quotas: Vec<ClientQuotas> = entries
                .map(|entry| {
                    let name = |name: stream_codec::Str| name.to_string();
                    let part = |part: stream_wire::describe_client_quotas::EntityData| {
                        (part.entity_type.to_string(), part.entity_name.map(name))
                    };
                    let mut values: Vec<(String, f64)> =
                        entry.values.into_iter().map(|value| (value.key.to_string(), value.value)).collect();
                    values.sort_by(|left, right| left.0.cmp(&right.0));
                    let mut parts: Vec<_> = entry.entity.into_iter().map(part).collect();
                    // The user first, then the user's client.
                    parts.sort_by(|left, right| right.0.cmp(&left.0));
                    ClientQuotas { entity: QuotaEntity { parts }, values }
                })
                .collect();
            quotas.sort_by(|left, right| left.entity.cmp(&right.entity));
            return Ok(quotas);
        }
    }

    /// Changes quotas of one entity, all or none; or only checks whether it would be allowed.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time.
    pub async fn alter_client_quotas(
        &self,
        entity: &QuotaEntity,
        changes: &[QuotaChange],
        validate_only: bool,
    ) -> Result<(), ClientError> {
        let part = |(kind, name): &(String, Option<String>)| EntityData {
            entity_type: kind.as_str().into(),
            entity_name: name.as_deref().map(Into::into),
        };
        let operation = |change: &QuotaChange| OpData {
            key: change.key.as_str().into(),
            value: change.value.unwrap_or_default(),
            remove: change.value.is_none(),
        };
        let entry = RequestEntryData {
            entity: entity.parts.iter().map(part).collect(),
            ops: changes.iter().map(operation).collect(),
        };
        let request = AlterClientQuotasRequest { entries: vec![entry], validate_only };
        let check = |entry: &ResponseEntryData| {
            ClientError::check(entity.what(), entry.error_code, entry.error_message.as_deref())
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            match response.entries.iter().try_for_each(check) {
                Ok(()) => return Ok(()),
                Err(error) => retry.after(error).await?,
            }
        }
    }
}
