//! Quotas of users, clients and addresses.

use stream_client::{Client, ClientQuotas, QuotaChange};

use super::entity::{Entity, Kind};
use crate::kafka_tools::error::ToolError;
use crate::output::print;

/// What is limited by user and client.
pub(super) const KEYS: &[&str] =
    &["producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"];
/// What is limited by address.
const IP_KEYS: &[&str] = &["connection_creation_rate"];

pub(super) async fn describe(client: &Client, entity: &Entity) -> Result<(), ToolError> {
    let mut quotas = client.client_quotas(None).await?;
    quotas.retain(|quotas| is_meant(entity, quotas));
    let text: String = quotas.iter().map(line).collect();
    Ok(print(&text)?)
}

/// Whether quotas are of these types, and of these names where there are names.
fn is_meant(entity: &Entity, quotas: &ClientQuotas) -> bool {
    let parts = &quotas.entity.parts;
    let is_of = |(kind, name): &(Kind, Option<String>)| {
        let own = parts.iter().find(|(quota_type, _)| Some(quota_type.as_str()) == kind.quota_type());
        own.is_some_and(|(_, own)| match name.as_deref() {
            None => true,
            Some("") => own.is_none(),
            name => own.as_deref() == name,
        })
    };
    parts.len() == entity.parts.len() && entity.parts.iter().all(is_of)
}

fn line(quotas: &ClientQuotas) -> String {
    let part = |(kind, name): &(String, Option<String>)| {
        let kind = if kind == "user" { "user-principal" } else { kind };
        match name {
            Some(name) => format!("{kind} '{name}'"),
            None => format!("the default {kind}"),
        }
    };
    let parts: Vec<String> = quotas.entity.parts.iter().map(part).collect();
    let values: Vec<String> = quotas.values.iter().map(|(key, value)| format!("{key}={}", as_java(*value))).collect();
    format!("Quota configs for {} are {}\n", parts.join(", "), values.join(", "))
}

/// A number as Java writes it: 1024.0, 1.048576E7, 1.0E-4.
fn as_java(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => text,
    }
}

pub(super) async fn alter(
    client: &Client,
    entity: &Entity,
    set: &[(String, String)],
    delete: &[String],
) -> Result<(), ToolError> {
    let kind = entity.kind();
    let added = set.iter().map(|(key, _)| key.as_str());
    check_known(kind, "added", added)?;
    check_known(kind, "deleted", delete.iter().map(String::as_str))?;
    let mut changes = Vec::new();
    for (key, value) in set {
        let number: f64 = value
            .parse()
            .map_err(|_| ToolError::usage(format!("Cannot parse quota configuration value for {key}: {value}")))?;
        changes.push(QuotaChange { key: key.clone(), value: Some(number) });
    }
    changes.extend(delete.iter().map(|key| QuotaChange { key: key.clone(), value: None }));
    client.alter_client_quotas(&entity.quota_entity(), &changes, false).await?;
    Ok(())
}

fn check_known<'a>(kind: Kind, done: &str, keys: impl Iterator<Item = &'a str>) -> Result<(), ToolError> {
    let (known, what) = match kind {
        Kind::Ips => (IP_KEYS, "connection quota"),
        Kind::Users => (KEYS, "quota and SCRAM credential"),
        _ => (KEYS, "quota"),
    };
    let unknown: Vec<&str> = keys.filter(|key| !known.contains(key)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(ToolError::usage(format!(
        "Only {what} configs can be {done} for '{}' using --bootstrap-server. Unexpected config names: Set({})",
        kind.name(),
        unknown.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_writes_them() {
        for (value, text) in [
            (1024.0, "1024.0"),
            (0.5, "0.5"),
            (10_485_760.0, "1.048576E7"),
            (20_000_000.0, "2.0E7"),
            (0.0001, "1.0E-4"),
            (0.0, "0.0"),
            (9_999_999.0, "9999999.0"),
        ] {
            assert_eq!(as_java(value), text);
        }
    }
}
