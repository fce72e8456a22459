//! CreatePartitions (key 37), versions 0–3.
//!
//! - Needs Alter on each topic.
//! - Each topic has its own outcome, and every topic asked for is in the answer; `validate_only` changes nothing.
//! - Without an assignment the controller places the new partitions; with one it names the new ones only (KIP-195).
//! - v3: what is above `controller_mutation_rate` is THROTTLING_QUOTA_EXCEEDED (KIP-599).
//! - The answer leaves when this broker can serve the new partitions.

use std::collections::HashMap;
use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::{CreatePartitions, NewPartitions};
use stream_metadata::{Command, Reply};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic, CreatePartitionsTopicResult,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Adds partitions to topics.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: CreatePartitionsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let mut counts: HashMap<Str, usize> = HashMap::new();
    for topic in &body.topics {
        *counts.entry(topic.name.clone()).or_default() += 1;
    }
    // What is named twice is for the controller to refuse.
    let may_grow = |topic: &CreatePartitionsTopic| {
        counts[&topic.name] > 1 || broker.may(&request.session, Operation::Alter, ResourceType::Topic, &topic.name)
    };
    let (asked, denied): (Vec<_>, Vec<_>) = body.topics.into_iter().partition(may_grow);
    let denied = denied.into_iter().map(|topic| result(topic.name, ErrorCode::TopicAuthorizationFailed, None));
    let mut denied: Vec<_> = denied.collect();
    let client = (&request.session, request.client_id.as_deref());
    let image = broker.image();
    let sorted = broker.quotas.sort_changes(request.version() >= 3, client, asked, |topic| {
        let known = image.topic(&topic.name).map_or(0, |known| known.partition_count());
        u32::try_from(topic.count).unwrap_or(0).saturating_sub(u32::try_from(known).unwrap_or(u32::MAX))
    });
    let (asked, throttle_time_ms) = (sorted.granted, sorted.throttle_time_ms);
    let over = sorted.refused.into_iter().map(|topic| result(topic.name, ErrorCode::ThrottlingQuotaExceeded, None));
    denied.extend(over);
    if asked.is_empty() && !denied.is_empty() {
        return request.ready(&CreatePartitionsResponse { throttle_time_ms, results: denied });
    }
    let names: Vec<Str> = asked.iter().map(|topic| topic.name.clone()).collect();
    let topics = asked.into_iter().map(new_partitions).collect();
    let command = CreatePartitions { topics, validate_only: body.validate_only };
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        let all = |error| names.into_iter().map(|name| result(name, error, None)).collect();
        let mut results: Vec<_> = match broker.change(&session, Command::CreatePartitions(command)).await {
            Ok(Reply::CreatePartitions(reply)) => reply
                .topics
                .into_iter()
                .map(|(name, outcome)| match outcome {
                    Ok(()) => result(name.into(), ErrorCode::None, None),
                    Err(error) => result(name.into(), error.code, Some(error.message)),
                })
                .collect(),
            Ok(_) => all(ErrorCode::UnknownServerError),
            Err(error) => all(error),
        };
        results.append(&mut denied);
        responder.respond(&CreatePartitionsResponse { throttle_time_ms, results })
    })
}

fn new_partitions(topic: CreatePartitionsTopic) -> NewPartitions {
    NewPartitions {
        name: topic.name.to_string(),
        count: topic.count,
        assignments: topic
            .assignments
            .map(|assignments| assignments.into_iter().map(|assigned| assigned.broker_ids).collect()),
    }
}

fn result(name: Str, error: ErrorCode, message: Option<String>) -> CreatePartitionsTopicResult {
    CreatePartitionsTopicResult { name, error_code: error.code(), error_message: message.map(Into::into) }
}
