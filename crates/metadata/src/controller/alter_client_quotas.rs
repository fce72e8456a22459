//! AlterClientQuotas: quotas of users, client ids and addresses (KIP-546, KIP-612).
//!
//! - An entity is a user, a client id, both, or an address; a missing name is the default of its type.
//! - Each entity succeeds or is refused on its own, in Kafka's words; a value that is set already makes no record.
//! - Kafka takes NaN for a value and two names of one type for an entity; neither means anything, and both are refused here.

use std::collections::HashSet;

use stream_types::ErrorCode;

use super::{ApiError, Controller, Decision};
use crate::image::QuotaEntity;
use crate::record::MetadataRecord;
use stream_codec::stored::metadata::{ClientQuotaRecord, EntityData};

/// A user, by the principal's name.
const USER: &str = "user";
/// What a client calls itself.
const CLIENT_ID: &str = "client-id";
/// An address.
const IP: &str = "ip";

/// Quotas to change.
#[derive(Clone, PartialEq, Debug)]
pub struct AlterClientQuotas {
    /// Entity and changes.
    pub entries: Vec<(QuotaEntity, Vec<QuotaChange>)>,
    /// Answer as if, but change nothing.
    pub validate_only: bool,
}

/// A change of one quota.
#[derive(Clone, PartialEq, Debug)]
pub struct QuotaChange {
    /// Which quota.
    pub key: String,
    /// Its new value; None removes it.
    pub value: Option<f64>,
}

/// One answer for each entity asked for, in the order of the request.
#[derive(Clone, PartialEq, Debug)]
pub struct AlterClientQuotasReply {
    /// Entity and outcome.
    pub entries: Vec<(QuotaEntity, Result<(), ApiError>)>,
}

/// Which values a quota may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueType {
    Double,
    Long,
    Int,
}

const CLIENT_KEYS: &[(&str, ValueType)] = &[
    ("consumer_byte_rate", ValueType::Long),
    ("controller_mutation_rate", ValueType::Double),
    ("producer_byte_rate", ValueType::Long),
    ("request_percentage", ValueType::Double),
];
const IP_KEYS: &[(&str, ValueType)] = &[("connection_creation_rate", ValueType::Int)];

impl Controller {
    /// Sets and removes quotas.
    pub fn alter_client_quotas(&self, command: &AlterClientQuotas) -> Decision<AlterClientQuotasReply> {
        let mut records = Vec::new();
        let mut entries = Vec::new();
        let mut answered = HashSet::new();
        for (entity, changes) in &command.entries {
            let mut sorted = entity.clone();
            sorted.sort();
            let outcome = if answered.insert(sorted.clone()) {
                self.changed_quotas(&sorted, changes)
            } else {
                Err(duplicate(&sorted))
            };
            let outcome = outcome.map(|changed| {
                if !command.validate_only {
                    records.extend(changed);
                }
            });
            entries.push((entity.clone(), outcome));
        }
        Decision { records, reply: AlterClientQuotasReply { entries } }
    }

    fn changed_quotas(&self, entity: &QuotaEntity, changes: &[QuotaChange]) -> Result<Vec<MetadataRecord>, ApiError> {
        let keys = keys_of(entity)?;
        let mut records = Vec::new();
        let mut changed = HashSet::new();
        for QuotaChange { key, value } in changes {
            if !changed.insert(key) {
                return Err(duplicate(entity));
            }
            let current = self.image.security().quotas.get(&(entity.clone(), key.clone())).copied();
            if let Some(value) = value {
                check_value(keys, key, *value)?;
            }
            if *value != current {
                records.push(record(entity, key, *value).into());
            }
        }
        Ok(records)
    }
}

/// The quotas that an entity can have.
fn keys_of(entity: &QuotaEntity) -> Result<&'static [(&'static str, ValueType)], ApiError> {
    let mut kinds = HashSet::new();
    for (kind, name) in entity {
        if !matches!(kind.as_str(), USER | CLIENT_ID | IP) {
            return Err(invalid(format!("Unhandled client quota entity type: {kind}")));
        }
        if !kinds.insert(kind.as_str()) {
            return Err(invalid(format!("Duplicate client quota entity type: {kind}")));
        }
        if name.as_deref() == Some("") {
            return Err(invalid(format!("Empty {kind} not supported")));
        }
    }
    match (kinds.contains(IP), kinds.len()) {
        (_, 0) => Err(invalid("Invalid empty client quota entity")),
        (true, 1) => {
            check_address(entity)?;
            Ok(IP_KEYS)
        }
        (true, _) => {
            let problem = "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId";
            Err(invalid(problem))
        }
        (false, _) => Ok(CLIENT_KEYS),
    }
}

fn check_address(entity: &QuotaEntity) -> Result<(), ApiError> {
    match entity.first() {
        // A name would have to be resolved, by every broker alike: addresses only.
        Some((_, Some(ip))) if !is_address(ip) => {
            Err(invalid(format!("{ip} is not a valid IP or resolvable host: give an address, names are not resolved.")))
        }
        _ => Ok(()),
    }
}

/// Four numbers with dots, or hexadecimal groups with colons.
fn is_address(text: &str) -> bool {
    let is_byte = |part: &str| part.parse::<u8>().is_ok() && part.bytes().all(|byte| byte.is_ascii_digit());
    let v4 = text.split('.').count() == 4 && text.split('.').all(is_byte);
    let is_group = |part: &str| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups = text.split(':').count();
    let short = text.matches("::").count();
    let v6 = text.split(':').all(is_group) && short <= 1 && (groups == 8 || short == 1 && (3..=9).contains(&groups));
    v4 || v6
}

fn check_value(keys: &[(&str, ValueType)], key: &str, value: f64) -> Result<(), ApiError> {
    let Some((_, value_type)) = keys.iter().find(|(name, _)| *name == key) else {
        return Err(invalid(format!("Invalid configuration key {key}")));
    };
    if value.is_nan() || value <= 0.0 {
        return Err(invalid(format!("Quota {key} must be greater than 0")));
    }
    let (name, max) = match value_type {
        ValueType::Double => return Ok(()),
        ValueType::Long => ("a LONG", i64::MAX as f64),
        ValueType::Int => ("an INT", f64::from(i32::MAX)),
    };
    if value > max {
        return Err(invalid(format!("Proposed value for {key} is too large for {name}.")));
    }
    if value.fract().abs() > 1e-6 {
        return Err(invalid(format!("{key} cannot be a fractional value.")));
    }
    Ok(())
}

fn record(entity: &QuotaEntity, key: &str, value: Option<f64>) -> ClientQuotaRecord {
    let entity = entity.iter().map(|(kind, name)| EntityData {
        entity_type: kind.as_str().into(),
        entity_name: name.as_deref().map(Into::into),
    });
    ClientQuotaRecord {
        entity: entity.collect(),
        key: key.into(),
        value: value.unwrap_or(0.0),
        remove: value.is_none(),
    }
}

/// What Kafka says of an entity, or one of its quotas, that is there twice, in the words of its `toString`.
fn duplicate(entity: &QuotaEntity) -> ApiError {
    let parts: Vec<String> =
        entity.iter().map(|(kind, name)| format!("{kind}={}", name.as_deref().unwrap_or("null"))).collect();
    invalid(format!("Ignoring duplicate entity ClientQuotaEntity(entries={{{}}})", parts.join(", ")))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_names() {
        for text in ["10.0.0.1", "::1", "2001:db8::7", "1:2:3:4:5:6:7:8", "::"] {
            assert!(is_address(text), "{text}");
        }
        for text in ["", "10.0.0", "10.0.0.256", "example.org", "1:2", "1::2::3", "g::1", "+1.0.0.1"] {
            assert!(!is_address(text), "{text}");
        }
    }
}
