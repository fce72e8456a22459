//! DeleteTopics (key 20), versions 1–6.
//!
//! - v6: by name or by id (KIP-516): an unknown id is UNKNOWN_TOPIC_ID.
//! - The answer leaves when this broker no longer serves the topics.

use std::sync::Arc;

use stream_metadata::controller::{DeleteTopics, DeletedTopic, TopicSelector};
use stream_metadata::{Command, Reply};
use stream_types::{ErrorCode, Uuid};
use stream_wire::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

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
    let topics: Vec<TopicSelector> = by_name.chain(selected).collect();
    let broker = Arc::clone(broker);
    let responder = request.responder;
    let session = request.session.clone();
    Pending::later(async move {
        let asked = topics.clone();
        let responses = match broker.change(&session, Command::DeleteTopics(DeleteTopics { topics })).await {
            Ok(Reply::DeleteTopics(reply)) => reply.topics.into_iter().map(result).collect(),
            Ok(_) => asked.into_iter().map(|topic| refused(topic, ErrorCode::UnknownServerError)).collect(),
            Err(error) => asked.into_iter().map(|topic| refused(topic, error)).collect(),
        };
        responder.respond(&DeleteTopicsResponse { throttle_time_ms: 0, responses })
    })
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
