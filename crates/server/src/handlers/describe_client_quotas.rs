//! DescribeClientQuotas (key 48), versions 0–1.
//!
//! - A component of the filter asks for one name (0), for the default (1), or for any name of a type (2) (KIP-546).
//! - `strict` leaves out entities with a part that the filter does not name.
//! - DescribeConfigs on the cluster, else CLUSTER_AUTHORIZATION_FAILED.
//! - A type that does not exist is UNSUPPORTED_VERSION, as in Kafka.

use std::collections::BTreeMap;
use std::sync::Arc;

use stream_metadata::image::QuotaEntity;
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, DescribeClientQuotasResponse, EntityData, EntryData, ValueData,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// What a filter wants of one type of entity.
#[derive(PartialEq, Eq, Debug)]
enum Wanted {
    Any,
    Exactly(Option<String>),
}

type Filter = BTreeMap<String, Wanted>;

/// Lists quotas.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeClientQuotasRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let refused = |error: ErrorCode, message: Option<String>| DescribeClientQuotasResponse {
        error_code: error.code(),
        error_message: message.map(Into::into),
        entries: None,
        ..Default::default()
    };
    if !broker.may_on_cluster(&request.session, Operation::DescribeConfigs) {
        return request.ready(&refused(ErrorCode::ClusterAuthorizationFailed, None));
    }
    let filter = match filter(&body.components) {
        Ok(filter) => filter,
        Err((error, message)) => return request.ready(&refused(error, Some(message))),
    };
    let image = broker.image();
    let mut found: BTreeMap<&QuotaEntity, Vec<ValueData>> = BTreeMap::new();
    for ((entity, key), value) in &image.security().quotas {
        if matches(&filter, body.strict, entity) {
            found.entry(entity).or_default().push(ValueData { key: key.as_str().into(), value: *value });
        }
    }
    let entries = found.into_iter().map(|(entity, values)| EntryData { entity: parts(entity), values }).collect();
    request.ready(&DescribeClientQuotasResponse { error_message: None, entries: Some(entries), ..Default::default() })
}

fn filter(components: &[ComponentData]) -> Result<Filter, (ErrorCode, String)> {
    let invalid = |message: String| Err((ErrorCode::InvalidRequest, message));
    let mut filter = Filter::new();
    for ComponentData { entity_type, match_type, r#match: name } in components {
        let kind = entity_type.to_string();
        let wanted = match (match_type, name) {
            (0, Some(name)) => Wanted::Exactly(Some(name.to_string())),
            (0, None) => {
                return invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.".to_owned());
            }
            (1, None) => Wanted::Exactly(None),
            (1, Some(_)) => {
                return invalid("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.".to_owned());
            }
            (2, None) => Wanted::Any,
            (2, Some(_)) => {
                return invalid(
                    "Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.".to_owned(),
                );
            }
            (unknown, _) => return invalid(format!("Unknown match type {unknown}")),
        };
        match kind.as_str() {
            "user" | "client-id" | "ip" => {}
            "" => return invalid("Invalid empty entity type".to_owned()),
            _ => return Err((ErrorCode::UnsupportedVersion, format!("Custom entity type '{kind}' not supported"))),
        }
        if filter.contains_key(&kind) {
            return invalid(format!("Entity type {kind} cannot appear more than once in the filter."));
        }
        filter.insert(kind, wanted);
    }
    if filter.contains_key("ip") && filter.len() > 1 {
        return invalid(
            "Invalid entity filter component combination, IP filter component should not be used with user or \
             clientId filter component."
                .to_owned(),
        );
    }
    Ok(filter)
}

fn matches(filter: &Filter, strict: bool, entity: &QuotaEntity) -> bool {
    let has = |(kind, wanted): (&String, &Wanted)| {
        entity
            .iter()
            .any(|(part, name)| part == kind && (*wanted == Wanted::Any || *wanted == Wanted::Exactly(name.clone())))
    };
    filter.iter().all(has) && (!strict || entity.iter().all(|(kind, _)| filter.contains_key(kind)))
}

fn parts(entity: &QuotaEntity) -> Vec<EntityData> {
    let part = |(kind, name): &(String, Option<String>)| EntityData {
        entity_type: kind.as_str().into(),
        entity_name: name.as_deref().map(Into::into),
    };
    entity.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(parts: &[(&str, Option<&str>)]) -> QuotaEntity {
        parts.iter().map(|(kind, name)| ((*kind).to_owned(), name.map(str::to_owned))).collect()
    }

    #[test]
    fn filters_match_as_in_kafka() {
        let user = entity(&[("user", Some("u"))]);
        let both = entity(&[("client-id", None), ("user", Some("u"))]);
        let component = |kind: &str, match_type, name: Option<&str>| ComponentData {
            entity_type: kind.into(),
            match_type,
            r#match: name.map(Into::into),
        };
        let check = |components: &[ComponentData], strict, expected: (bool, bool)| {
            let filter = filter(components).unwrap();
            assert_eq!((matches(&filter, strict, &user), matches(&filter, strict, &both)), expected, "{components:?}");
        };
        check(&[], false, (true, true));
        check(&[], true, (false, false));
        check(&[component("user", 0, Some("u"))], false, (true, true));
        check(&[component("user", 0, Some("u"))], true, (true, false));
        check(&[component("user", 0, Some("v"))], false, (false, false));
        check(&[component("user", 2, None), component("client-id", 1, None)], true, (false, true));
        check(&[component("client-id", 0, Some("c"))], false, (false, false));
        let refused = |components: &[ComponentData]| filter(components).unwrap_err().0;
        assert_eq!(refused(&[component("group", 2, None)]), ErrorCode::UnsupportedVersion);
        assert_eq!(refused(&[component("user", 7, None)]), ErrorCode::InvalidRequest);
        assert_eq!(refused(&[component("ip", 2, None), component("user", 2, None)]), ErrorCode::InvalidRequest);
    }
}
