//! CreateTopics (key 19), versions 2–7.
//!
//! - Needs Create on the cluster or on each topic; DescribeConfigs to be told its configuration.
//! - Each topic has its own outcome; a bad one does not stop the others.
//! - -1 partitions or replicas take the broker's default (KIP-464); a manual assignment needs both.
//! - v5: the answer carries partitions, replicas and effective configuration (KIP-525); v7: the id.
//! - v6: what is above `controller_mutation_rate` is THROTTLING_QUOTA_EXCEEDED (KIP-599).
//! - The answer leaves when this broker can serve the new topics.

use std::collections::HashMap;
use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::config_def::ConfigEntry;
use stream_metadata::controller::{ApiError, CreateTopics, CreatedTopic, NewTopic};
use stream_metadata::{Command, Reply};
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::{Pending, Session};

/// Creates topics.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: CreateTopicsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let (asked, denied) = sort_out(broker, &request.session, body.topics);
    let mut denied: Vec<_> =
        denied.iter().map(|topic| refused(&topic.name, ErrorCode::TopicAuthorizationFailed)).collect();
    let client = (&request.session, request.client_id.as_deref());
    let default_count = broker.config.topics.num_partitions;
    let sorted =
        broker.quotas.sort_changes(request.version() >= 6, client, asked, |topic| partitions(topic, default_count));
    let (asked, throttle_time_ms) = (sorted.granted, sorted.throttle_time_ms);
    denied.extend(sorted.refused.iter().map(|topic| refused(&topic.name, ErrorCode::ThrottlingQuotaExceeded)));
    if asked.is_empty() && !denied.is_empty() {
        return request.ready(&CreateTopicsResponse { throttle_time_ms, topics: denied });
    }
    let names: Vec<Str> = asked.iter().map(|topic| topic.name.clone()).collect();
    let command =
        CreateTopics { topics: asked.into_iter().map(new_topic).collect(), validate_only: body.validate_only };
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        let mut topics: Vec<_> = match broker.change(&session, Command::CreateTopics(command)).await {
            Ok(Reply::CreateTopics(reply)) => {
                reply.topics.into_iter().map(|topic| result(&broker, &session, topic)).collect()
            }
            Ok(_) => names.iter().map(|name| refused(name, ErrorCode::UnknownServerError)).collect(),
            Err(error) => names.iter().map(|name| refused(name, error)).collect(),
        };
        topics.append(&mut denied);
        responder.respond(&CreateTopicsResponse { throttle_time_ms, topics })
    })
}

/// Parts the topics into those that the client may create and the others. What is named twice is for the controller to refuse.
fn sort_out(
    broker: &Broker,
    session: &Session,
    topics: Vec<CreatableTopic>,
) -> (Vec<CreatableTopic>, Vec<CreatableTopic>) {
    if broker.would_let_on_cluster(session, Operation::Create) {
        return (topics, Vec::new());
    }
    let mut counts: HashMap<Str, usize> = HashMap::new();
    for topic in &topics {
        *counts.entry(topic.name.clone()).or_default() += 1;
    }
    let may_create = |topic: &CreatableTopic| {
        counts[&topic.name] > 1 || broker.may(session, Operation::Create, ResourceType::Topic, &topic.name)
    };
    topics.into_iter().partition(may_create)
}

/// How many partitions the topic will have.
fn partitions(topic: &CreatableTopic, default_count: i32) -> u32 {
    match topic.assignments.len() {
        0 if topic.num_partitions < 0 => default_count.unsigned_abs(),
        0 => topic.num_partitions.unsigned_abs(),
        assigned => u32::try_from(assigned).unwrap_or(u32::MAX),
    }
}

fn new_topic(topic: CreatableTopic) -> NewTopic {
    NewTopic {
        name: topic.name.to_string(),
        partition_count: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: topic
            .assignments
            .into_iter()
            .map(|assigned| (assigned.partition_index, assigned.broker_ids))
            .collect(),
        configs: topic
            .configs
            .into_iter()
            .map(|config| (config.name.to_string(), config.value.map(|value| value.to_string())))
            .collect(),
    }
}

fn result(
    broker: &Broker,
    session: &Session,
    (name, outcome): (String, Result<CreatedTopic, ApiError>),
) -> CreatableTopicResult {
    match outcome {
        Ok(created) if !broker.would_let(session, Operation::DescribeConfigs, ResourceType::Topic, &name) => {
            CreatableTopicResult {
                name: name.into(),
                topic_id: created.topic_id,
                error_message: None,
                topic_config_error_code: ErrorCode::TopicAuthorizationFailed.code(),
                ..Default::default()
            }
        }
        Ok(created) => CreatableTopicResult {
            name: name.into(),
            topic_id: created.topic_id,
            error_code: ErrorCode::None.code(),
            error_message: None,
            num_partitions: created.partition_count,
            replication_factor: created.replication_factor,
            configs: Some(created.configs.into_iter().map(config).collect()),
            topic_config_error_code: 0,
        },
        Err(error) => CreatableTopicResult { error_message: Some(error.message.into()), ..refused(&name, error.code) },
    }
}

fn refused(name: &str, error: ErrorCode) -> CreatableTopicResult {
    CreatableTopicResult { name: name.into(), error_code: error.code(), error_message: None, ..Default::default() }
}

fn config(entry: ConfigEntry) -> CreatableTopicConfigs {
    CreatableTopicConfigs {
        name: entry.name.into(),
        value: entry.value.map(Into::into),
        read_only: entry.read_only,
        config_source: entry.source.code(),
        is_sensitive: entry.sensitive,
    }
}
