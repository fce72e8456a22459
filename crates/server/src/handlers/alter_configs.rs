//! AlterConfigs (key 33), versions 0–2.
//!
//! - Replaces the whole set of a resource: what the request does not name goes back to its default. The broker id or
//!   topic name says whose; an empty broker name means every broker. Kafka's own tools use
//!   IncrementalAlterConfigs since 2.3.
//! - Needs AlterConfigs on the topic or group, on the cluster for everything else.
//! - Each resource has its own outcome; `validate_only` decides and changes nothing.
//! - The answer leaves when this broker works with the change.

use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::{AlterConfigs, AlterConfigsReply, ConfigValue};
use stream_metadata::{Command, ConfigResource, ConfigResourceType, Reply};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::alter_configs::{
    AlterConfigsRequest, AlterConfigsResource, AlterConfigsResourceResponse, AlterConfigsResponse,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Replaces configurations.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: AlterConfigsRequest = match request.decode() {
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
            Some(resource) => {
                asked.push((kind, name));
                resources.push(resource);
            }
            None => {
                let message = format!("there is no resource type {kind} whose configuration can be changed");
                responses.push(outcome(kind, name, ErrorCode::InvalidRequest, Some(message)));
            }
        }
    }
    let command = AlterConfigs { resources, validate_only: body.validate_only };
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        match broker.change(&session, Command::AlterConfigs(command)).await {
            Ok(Reply::AlterConfigs(reply)) => responses.extend(decided(reply)),
            Ok(_) => responses.extend(refused(asked, ErrorCode::UnknownServerError)),
            Err(error) => responses.extend(refused(asked, error)),
        }
        responder.respond(&AlterConfigsResponse { throttle_time_ms: 0, responses })
    })
}

fn wanted(resource: AlterConfigsResource) -> Option<(ConfigResource, Vec<ConfigValue>)> {
    let kind = ConfigResourceType::from_code(resource.resource_type)?;
    let configs = resource.configs.into_iter();
    let values = configs.map(|config| (config.name.to_string(), config.value.map(|value| value.to_string())));
    Some((ConfigResource { kind, name: resource.resource_name.to_string() }, values.collect()))
}

fn decided(reply: AlterConfigsReply) -> impl Iterator<Item = AlterConfigsResourceResponse> {
    reply.resources.into_iter().map(|(resource, result)| {
        let (error, message) = match result {
            Ok(()) => (ErrorCode::None, None),
            Err(error) => (error.code, Some(error.message)),
        };
        outcome(resource.kind.code(), resource.name.into(), error, message)
    })
}

fn refused(asked: Vec<(i8, Str)>, error: ErrorCode) -> impl Iterator<Item = AlterConfigsResourceResponse> {
    asked.into_iter().map(move |(kind, name)| outcome(kind, name, error, None))
}

fn outcome(kind: i8, name: Str, error: ErrorCode, message: Option<String>) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse {
        error_code: error.code(),
        error_message: message.map(Into::into),
        resource_type: kind,
        resource_name: name,
    }
}
