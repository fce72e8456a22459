//! DescribeConfigs (key 32), versions 1–4.
//!
//! - Topics (2), brokers (4; the empty name is the cluster-wide default), groups (32) and client
//!   metrics (16): every key with value, source and synonyms; sensitive values are null.
//! - Needs DescribeConfigs on the topic or group, on the cluster for everything else.
//! - v3: types and documentation.
//! - Only asked-for keys where keys are named; a broker answers for itself only.

use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::config_def::{self, ConfigEntry};
use stream_metadata::{ConfigResourceType, MetadataImage};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
    DescribeConfigsResult, DescribeConfigsSynonym,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Describes configuration.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeConfigsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let image = broker.image();
    let results = body
        .resources
        .iter()
        .map(|resource| {
            let mut result = DescribeConfigsResult {
                error_message: None,
                resource_type: resource.resource_type,
                resource_name: resource.resource_name.clone(),
                ..Default::default()
            };
            let kind = ConfigResourceType::from_code(resource.resource_type);
            let allowed = kind.map_or(Ok(()), |kind| {
                broker.may_configure(&request.session, Operation::DescribeConfigs, kind, &resource.resource_name)
            });
            if let Err(error) = allowed {
                result.error_code = error.code();
                return result;
            }
            match describe(broker, &image, resource) {
                Ok(entries) => {
                    let wanted = entries.into_iter().filter(|entry| is_wanted(resource, entry));
                    result.configs = wanted.map(|entry| encode(entry, &body)).collect();
                }
                Err((error, message)) => {
                    result.error_code = error.code();
                    result.error_message = Some(message.into());
                }
            }
            result
        })
        .collect();
    request.ready(&DescribeConfigsResponse { throttle_time_ms: 0, results })
}

fn describe(
    broker: &Broker,
    image: &MetadataImage,
    resource: &DescribeConfigsResource,
) -> Result<Vec<ConfigEntry>, (ErrorCode, String)> {
    let name = &*resource.resource_name;
    let config = &broker.static_config;
    match ConfigResourceType::from_code(resource.resource_type) {
        Some(ConfigResourceType::Topic) => match image.topic(name) {
            Some(_) => Ok(config_def::describe_topic(image, config, name)),
            None => {
                stream_metadata::controller::check_topic_name(name).map_err(|error| (error.code, error.message))?;
                Err((ErrorCode::UnknownTopicOrPartition, format!("topic {name} does not exist")))
            }
        },
        Some(ConfigResourceType::Broker) if name.is_empty() => Ok(config_def::describe_default_broker(image)),
        Some(ConfigResourceType::Broker) => match name.parse::<i32>() {
            Ok(id) if id == broker.node_id().get() => Ok(config_def::describe_broker(image, config)),
            Ok(id) => Err((
                ErrorCode::InvalidRequest,
                format!("broker {id} was asked for, this is broker {}", broker.node_id()),
            )),
            Err(_) => Err((ErrorCode::InvalidRequest, format!("'{name}' is not a broker id"))),
        },
        Some(ConfigResourceType::Group) if !name.is_empty() => Ok(config_def::describe_group(image, config, name)),
        Some(ConfigResourceType::ClientMetrics) if !name.is_empty() => {
            Ok(config_def::describe_client_metrics(image, name))
        }
        Some(ConfigResourceType::Group | ConfigResourceType::ClientMetrics) => {
            Err((ErrorCode::InvalidRequest, "the resource has no name".to_owned()))
        }
        Some(ConfigResourceType::BrokerLogger) => {
            Err((ErrorCode::InvalidRequest, "log levels are set by hanzo.log.level, not per logger".to_owned()))
        }
        None => Err((ErrorCode::InvalidRequest, format!("there is no resource type {}", resource.resource_type))),
    }
}

fn is_wanted(resource: &DescribeConfigsResource, entry: &ConfigEntry) -> bool {
    // An empty list is what some clients send for all.
    match resource.configuration_keys.as_deref() {
        None | Some([]) => true,
        Some(keys) => keys.iter().any(|key| **key == *entry.name),
    }
}

fn encode(entry: ConfigEntry, body: &DescribeConfigsRequest) -> DescribeConfigsResourceResult {
    let synonyms = if body.include_synonyms { entry.synonyms } else { Vec::new() };
    DescribeConfigsResourceResult {
        name: entry.name.into(),
        value: entry.value.map(Into::into),
        read_only: entry.read_only,
        config_source: entry.source.code(),
        is_sensitive: entry.sensitive,
        synonyms: synonyms
            .into_iter()
            .map(|synonym| DescribeConfigsSynonym {
                name: synonym.name.into(),
                value: synonym.value.map(Into::into),
                source: synonym.source.code(),
            })
            .collect(),
        config_type: entry.kind.code(),
        documentation: body.include_documentation.then(|| Str::from(entry.doc)),
    }
}
