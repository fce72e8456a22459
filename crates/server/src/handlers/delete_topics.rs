//! DeleteTopics (key 20), versions 1–6.
//!
//! - Needs Delete on the cluster or on each topic; without Describe nobody learns whether there is one, or what it is called.
//! - v6: by name or by id (KIP-516): an unknown id is UNKNOWN_TOPIC_ID.
//! - v5: what is above `controller_mutation_rate` is THROTTLING_QUOTA_EXCEEDED (KIP-599).
//! - The answer leaves when this broker no longer serves the topics.

use std::collections::HashMap;
use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::{DeleteTopics, DeletedTopic, TopicSelector};
use stream_metadata::{Command, Reply};
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, Uuid};
use stream_wire::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::{Pending, Session};

/// Deletes topics.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DeleteTopicsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let by_name = body.topic_names.into_iter().map(|name| TopicSelector::Name(name.to_string()));
    let selected = body.topics.into_iter().map(|topic| match topic.name {
        Some(name) => TopicSelector::Name(name.to_string()),
        None => TopicSelector::Id(topic.topic_id),
    });
    let (topics, mut denied) = sort_out(broker, &request.session, by_name.chain(selected));
    let client = (&request.session, request.client_id.as_deref());
    let image = broker.image();
    let sorted = broker.quotas.sort_changes(request.version() >= 5, client, topics, |topic| {
        let known = match topic {
            TopicSelector::Name(name) => image.topic(name),
            TopicSelector::Id(id) => image.topics().by_id(*id),
        };
        known.map_or(0, |known| u32::try_from(known.partition_count()).unwrap_or(u32::MAX))
    });
    let (topics, throttle_time_ms) = (sorted.granted, sorted.throttle_time_ms);
    denied.extend(sorted.refused.into_iter().map(|topic| refused(topic, ErrorCode::ThrottlingQuotaExceeded)));
    if topics.is_empty() && !denied.is_empty() {
        return request.ready(&DeleteTopicsResponse { throttle_time_ms, responses: denied });
    }
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        let asked = topics.clone();
        let mut responses: Vec<_> = match broker.change(&session, Command::DeleteTopics(DeleteTopics { topics })).await
        {
            Ok(Reply::DeleteTopics(reply)) => reply.topics.into_iter().map(result).collect(),
            Ok(_) => asked.into_iter().map(|topic| refused(topic, ErrorCode::UnknownServerError)).collect(),
            Err(error) => asked.into_iter().map(|topic| refused(topic, error)).collect(),
        };
        responses.append(&mut denied);
        responder.respond(&DeleteTopicsResponse { throttle_time_ms, responses })
    })
}

/// Parts the topics into those that the client may delete, or may know not to be there, and the answers for the others.
fn sort_out(
    broker: &Broker,
    session: &Session,
    topics: impl Iterator<Item = TopicSelector>,
) -> (Vec<TopicSelector>, Vec<DeletableTopicResult>) {
    if broker.would_let_on_cluster(session, Operation::Delete) {
        return (topics.collect(), Vec::new());
    }
    let image = broker.image();
    let topics: Vec<TopicSelector> = topics.collect();
    let mut counts: HashMap<TopicSelector, usize> = HashMap::new();
    for topic in &topics {
        *counts.entry(topic.clone()).or_default() += 1;
    }
    let (mut allowed, mut denied) = (Vec::new(), Vec::new());
    for topic in topics {
        let found = match &topic {
            TopicSelector::Name(name) => image.topic(name),
            TopicSelector::Id(id) => image.topics().by_id(*id),
        };
        let name = match (&topic, found) {
            // What is named twice is for the controller to refuse, an unknown id to call unknown.
            _ if counts[&topic] > 1 => None,
            (TopicSelector::Name(name), _) => Some(name.as_str()),
            (TopicSelector::Id(_), found) => found.map(|found| &*found.name),
        };
        let Some(name) = name else {
            allowed.push(topic);
            continue;
        };
        let may_describe = broker.would_let(session, Operation::Describe, ResourceType::Topic, name);
        let may_delete = broker.would_let(session, Operation::Delete, ResourceType::Topic, name);
        let is_allowed = match (&topic, found) {
            (TopicSelector::Name(_), None) => may_describe,
            (TopicSelector::Name(_), Some(_)) => may_describe && may_delete,
            (TopicSelector::Id(_), _) => may_delete,
        };
        if is_allowed {
            allowed.push(topic);
            continue;
        }
        broker.audit.denied(session, Operation::Delete, ResourceType::Topic, name);
        // Whoever may not describe a topic does not learn the name that belongs to its id.
        let known_name = may_describe.then(|| Str::from(name));
        let mut refused = refused(topic, ErrorCode::TopicAuthorizationFailed);
        refused.name = refused.name.or(known_name);
        denied.push(refused);
    }
    (allowed, denied)
}

fn result(topic: DeletedTopic) -> DeletableTopicResult {
    let (error_code, error_message) = match topic.error {
        Some(error) => (error.code, Some(error.message.into())),
        None => (ErrorCode::None, None),
    };
    DeletableTopicResult {
        name: topic.name.map(Into::into),
        topic_id: topic.topic_id,
        error_code: error_code.code(),
        error_message,
    }
}

fn refused(topic: TopicSelector, error: ErrorCode) -> DeletableTopicResult {
    let (name, topic_id) = match topic {
        TopicSelector::Name(name) => (Some(name.into()), Uuid::ZERO),
        TopicSelector::Id(id) => (None, id),
    };
    DeletableTopicResult { name, topic_id, error_code: error.code(), error_message: None }
}
