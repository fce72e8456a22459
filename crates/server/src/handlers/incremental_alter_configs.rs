//! IncrementalAlterConfigs (key 44), versions 0–1.
//!
//! - SET (0) and DELETE (1) single keys; APPEND (2) to and SUBTRACT (3) from lists, which start from the key's default
//!   (KIP-339).
//! - Needs AlterConfigs on the topic or group, on the cluster for everything else.
//! - Each resource has its own outcome; `validate_only` decides and changes nothing.
//! - Keys that this broker cannot change while it runs are refused, as Kafka refuses its read-only ones; DescribeConfigs
//!   calls the same keys read-only.
//! - The answer leaves when this broker works with the change.

use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::{ConfigChange, ConfigOperation, IncrementalAlterConfigs};
use stream_metadata::{Command, ConfigResource, ConfigResourceType, Reply};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Changes configurations key by key.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: IncrementalAlterConfigsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let mut asked: Vec<(i8, Str)> = Vec::new();
    let mut responses = Vec::new();
    let mut resources = Vec::new();
    for resource in body.resources {
        let (kind, name) = (resource.resource_type, resource.resource_name.clone());
        let allowed = ConfigResourceType::from_code(kind).map_or(Ok(()), |resource_type| {
            broker.may_configure(&request.session, Operation::AlterConfigs, resource_type, &name)
        });
        if let Err(error) = allowed {
            responses.push(outcome(kind, name, error, None));
            continue;
        }
        match wanted(resource) {
            Ok(resource) => {
                asked.push((kind, name));
                resources.push(resource);
            }
            Err(message) => responses.push(outcome(kind, name, ErrorCode::InvalidRequest, Some(message))),
        }
    }
    let command = IncrementalAlterConfigs { resources, validate_only: body.validate_only };
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        let refused = |error| asked.into_iter().map(move |(kind, name)| outcome(kind, name, error, None));
        match broker.change(&session, Command::IncrementalAlterConfigs(command)).await {
            Ok(Reply::IncrementalAlterConfigs(reply)) => {
                responses.extend(reply.resources.into_iter().map(|(resource, result)| {
                    let (error, message) = match result {
                        Ok(()) => (ErrorCode::None, None),
                        Err(error) => (error.code, Some(error.message)),
                    };
                    outcome(resource.kind.code(), resource.name.into(), error, message)
                }));
            }
            Ok(_) => responses.extend(refused(ErrorCode::UnknownServerError)),
            Err(error) => responses.extend(refused(error)),
        }
        responder.respond(&IncrementalAlterConfigsResponse { throttle_time_ms: 0, responses })
    })
}

fn wanted(resource: AlterConfigsResource) -> Result<(ConfigResource, Vec<ConfigChange>), String> {
    let kind = resource.resource_type;
    let kind = ConfigResourceType::from_code(kind)
        .ok_or_else(|| format!("there is no resource type {kind} whose configuration can be changed"))?;
    let mut changes = Vec::with_capacity(resource.configs.len());
    for config in resource.configs {
        let operation = ConfigOperation::from_code(config.config_operation)
            .ok_or_else(|| format!("operation {} on {} is unknown", config.config_operation, config.name))?;
        let value = config.value.map(|value| value.to_string());
        changes.push(ConfigChange { name: config.name.to_string(), operation, value });
    }
    Ok((ConfigResource { kind, name: resource.resource_name.to_string() }, changes))
}

fn outcome(kind: i8, name: Str, error: ErrorCode, message: Option<String>) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse {
        error_code: error.code(),
        error_message: message.map(Into::into),
        resource_type: kind,
        resource_name: name,
    }
}
