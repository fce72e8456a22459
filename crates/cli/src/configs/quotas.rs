//! Quotas of clients: `configs` for `--user`, `--client` and `--ip`.

use serde_json::{Value, json};
use stream_client::{ClientQuotas, QuotaChange, QuotaEntity};

use super::alter::AlterArguments;
use super::describe::DescribeArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, print, print_json};

/// What Kafka limits by user and client, and by address.
const KEYS: &[&str] = &[
    "producer_byte_rate",
    "consumer_byte_rate",
    "request_percentage",
    "controller_mutation_rate",
    "connection_creation_rate",
];

pub(super) async fn describe(arguments: &DescribeArguments, entity: Option<QuotaEntity>) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let quotas = client.client_quotas(entity.as_ref()).await.tried(|| match &entity {
        Some(entity) => format!("describing the quotas of {}", entity.what()),
        None => "describing quotas".to_owned(),
    })?;
    if arguments.connection.is_json() {
        return print_json(&quotas.iter().map(as_json).collect());
    }
    let mut rows = Rows::new(&["WHOSE", "KEY", "VALUE"]);
    for quotas in &quotas {
        for (key, value) in &quotas.values {
            rows.push(vec![quotas.entity.what(), key.clone(), value.to_string()]);
        }
    }
    rows.print()
}

fn as_json(quotas: &ClientQuotas) -> Value {
    let entity = quotas.entity.parts.iter().map(|(kind, name)| (kind.clone(), json!(name)));
    let values = quotas.values.iter().map(|(key, value)| (key.clone(), json!(value)));
    json!({"entity": Value::Object(entity.collect()), "values": Value::Object(values.collect())})
}

pub(super) async fn alter(arguments: &AlterArguments, entity: QuotaEntity) -> Result<(), CliError> {
    if !arguments.append.is_empty() || !arguments.subtract.is_empty() {
        return Err(CliError::usage("a quota is a number: --set KEY=NUMBER or --delete KEY"));
    }
    let changes = changes(&arguments.set, &arguments.delete).map_err(CliError::usage)?;
    let client = arguments.connection.client()?;
    let what = entity.what();
    client
        .alter_client_quotas(&entity, &changes, arguments.dry_run)
        .await
        .tried(|| format!("altering the quotas of {what}"))?;
    if arguments.connection.is_json() {
        let entity = entity.parts.iter().map(|(kind, name)| (kind.clone(), json!(name)));
        return print_json(&json!({
            "entity": Value::Object(entity.collect()),
            "changes": changes.len(),
            "altered": !arguments.dry_run,
        }));
    }
    let done = if arguments.dry_run { "could be altered" } else { "altered" };
    let plural = if changes.len() == 1 { "" } else { "s" };
    print(&format!("{what} {done}: {} quota{plural}\n", changes.len()))
}

fn changes(set: &[(String, String)], delete: &[String]) -> Result<Vec<QuotaChange>, String> {
    let mut changes = Vec::new();
    for (key, value) in set {
        let number: Option<f64> = value.trim().parse().ok().filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| format!("{key}={value} is not a number"))?;
        changes.push(QuotaChange { key: key.clone(), value: Some(number) });
    }
    changes.extend(delete.iter().map(|key| QuotaChange { key: key.clone(), value: None }));
    match changes.iter().find(|change| !KEYS.contains(&change.key.as_str())) {
        Some(unknown) => Err(format!("'{}' is no quota; there are {}", unknown.key, KEYS.join(", "))),
        None => Ok(changes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_numbers_with_known_names() {
        let set = |key: &str, value: &str| changes(&[(key.to_owned(), value.to_owned())], &[]);
        let expected = QuotaChange { key: "producer_byte_rate".to_owned(), value: Some(1048576.0) };
        assert_eq!(set("producer_byte_rate", "1048576"), Ok(vec![expected]));
        assert!(set("producer_byte_rate", "fast").is_err());
        assert!(set("producer_byte_rate", "inf").is_err());
        assert!(set("producer_rate", "1").expect_err("refused").contains("there are producer_byte_rate"));
        let removed = QuotaChange { key: "request_percentage".to_owned(), value: None };
        assert_eq!(changes(&[], &["request_percentage".to_owned()]), Ok(vec![removed]));
    }
}
