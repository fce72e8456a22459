//! Metadata (key 3), versions 0–13.
//!
//! - Null topics (v1+; empty in v0) asks for all, an empty list for none.
//! - An unknown topic is created where both `allow_auto_topic_creation` and
//!   `auto.create.topics.enable` say so; the answer then waits until it can be used.
//! - v12+: topics by id (UNKNOWN_TOPIC_ID) and null names; before, both are INVALID_REQUEST for every topic.
//! - A partition without a leader is LEADER_NOT_AVAILABLE with leader -1.
//! - Authorized operations are given when asked for, INT_MIN otherwise (KIP-430).

use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::{CreateTopics, NewTopic, check_topic_name};
use stream_metadata::{Command, MetadataImage, PartitionImage, TopicImage};
use stream_types::{ErrorCode, LeaderEpoch};
use stream_wire::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};

use super::authorized_operations;
use super::request::Request;
use crate::broker::Broker;
use crate::coordinator::{OFFSETS_TOPIC, offsets_topic};
use crate::net::{Pending, Session};

/// The first version that may ask for topics by id (the field is there from 10 on).
const ID_VERSION: i16 = 12;

/// Describes brokers and topics.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: MetadataRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if request.version() < ID_VERSION && names_by_id(&body) {
        return request.ready(&refuse(body));
    }
    let missing = topics_to_create(broker, request.version(), &body);
    if missing.is_empty() {
        return request.ready(&describe(broker, &request.session, request.version(), &body));
    }
    let broker = Arc::clone(broker);
    let session = request.session.clone();
    let responder = request.responder;
    Pending::later(async move {
        create(&broker, missing).await;
        responder.respond(&describe(&broker, &session, responder.version, &body))
    })
}

fn names_by_id(body: &MetadataRequest) -> bool {
    body.topics.iter().flatten().any(|topic| topic.name.is_none() || !topic.topic_id.is_zero())
}

fn refuse(body: MetadataRequest) -> MetadataResponse {
    let refused = |topic: MetadataRequestTopic| MetadataResponseTopic {
        error_code: ErrorCode::InvalidRequest.code(),
        // The answer's name cannot be null in these versions.
        name: Some(topic.name.unwrap_or_default()),
        ..Default::default()
    };
    MetadataResponse { topics: body.topics.into_iter().flatten().map(refused).collect(), ..Default::default() }
}

fn topics_to_create(broker: &Broker, version: i16, body: &MetadataRequest) -> Vec<Str> {
    // Before v4 a client cannot say no.
    let allowed = broker.config.topics.auto_create && (version < 4 || body.allow_auto_topic_creation);
    let Some(topics) = body.topics.as_ref().filter(|_| allowed) else { return Vec::new() };
    let image = broker.image();
    topics
        .iter()
        .filter(|topic| topic.topic_id.is_zero())
        .filter_map(|topic| topic.name.clone())
        .filter(|name| image.topic(name).is_none() && check_topic_name(name).is_ok())
        .collect()
}

async fn create(broker: &Broker, names: Vec<Str>) {
    let live_brokers = broker.image().unfenced_brokers().count();
    let topic = |name: &Str| match &**name {
        OFFSETS_TOPIC => offsets_topic(&broker.config, live_brokers),
        name => NewTopic::new(name, -1, -1),
    };
    let topics = names.iter().map(topic).collect();
    let command = Command::CreateTopics(CreateTopics { topics, validate_only: false });
    // Whatever it says, the description that follows tells what exists.
    if let Err(error) = broker.controller.submit(command).await {
        tracing::warn!("automatic creation of {names:?} failed: {error}");
    }
}

fn describe(broker: &Broker, session: &Session, version: i16, body: &MetadataRequest) -> MetadataResponse {
    let image = broker.image();
    let mut response = MetadataResponse {
        brokers: brokers(&image, &session.listener.name),
        cluster_id: Some(image.cluster_id().into()),
        controller_id: broker.controller_id().get(),
        ..Default::default()
    };
    let operations = |wanted: bool| if wanted { authorized_operations::TOPIC } else { i32::MIN };
    let topic_operations = operations(body.include_topic_authorized_operations);
    if body.include_cluster_authorized_operations {
        response.cluster_authorized_operations = authorized_operations::CLUSTER;
    }
    response.topics = match body.topics.as_deref() {
        None => image.topics().iter().map(|topic| known_topic(&image, topic, topic_operations)).collect(),
        Some([]) if version == 0 => {
            image.topics().iter().map(|topic| known_topic(&image, topic, topic_operations)).collect()
        }
        Some(topics) => topics.iter().map(|topic| wanted_topic(&image, topic, topic_operations)).collect(),
    };
    response
}

fn brokers(image: &MetadataImage, listener: &str) -> Vec<MetadataResponseBroker> {
    image
        .unfenced_brokers()
        .filter_map(|broker| {
            let endpoint = broker.endpoint(listener)?;
            Some(MetadataResponseBroker {
                node_id: broker.id.get(),
                host: endpoint.host.as_str().into(),
                port: i32::from(endpoint.port),
                rack: broker.rack.as_deref().map(Str::from),
            })
        })
        .collect()
}

fn wanted_topic(image: &MetadataImage, wanted: &MetadataRequestTopic, operations: i32) -> MetadataResponseTopic {
    if !wanted.topic_id.is_zero() {
        return match image.topics().by_id(wanted.topic_id) {
            Some(topic) => known_topic(image, topic, operations),
            None => MetadataResponseTopic {
                error_code: ErrorCode::UnknownTopicId.code(),
                name: None,
                topic_id: wanted.topic_id,
                ..Default::default()
            },
        };
    }
    let name = wanted.name.clone().unwrap_or_default();
    match image.topic(&name) {
        Some(topic) => known_topic(image, topic, operations),
        None => {
            let error = match check_topic_name(&name) {
                Ok(()) => ErrorCode::UnknownTopicOrPartition,
                Err(_) => ErrorCode::InvalidTopicException,
            };
            MetadataResponseTopic { error_code: error.code(), name: Some(name), ..Default::default() }
        }
    }
}

fn known_topic(image: &MetadataImage, topic: &TopicImage, operations: i32) -> MetadataResponseTopic {
    MetadataResponseTopic {
        error_code: ErrorCode::None.code(),
        name: Some((&*topic.name).into()),
        topic_id: topic.id,
        is_internal: topic.is_internal(),
        partitions: topic
            .partitions
            .iter()
            .map(|(index, partition)| known_partition(image, index.get(), partition))
            .collect(),
        topic_authorized_operations: operations,
    }
}

fn known_partition(
    image: &MetadataImage,
    partition_index: i32,
    partition: &PartitionImage,
) -> MetadataResponsePartition {
    let error = if partition.leader.is_some() { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
    let offline = partition.replicas.iter().filter(|id| image.broker(**id).is_none_or(|broker| broker.fenced));
    MetadataResponsePartition {
        error_code: error.code(),
        partition_index,
        leader_id: partition.leader.map_or(-1, |leader| leader.get()),
        leader_epoch: partition.leader.map_or(LeaderEpoch::NONE, |_| partition.leader_epoch).get(),
        replica_nodes: partition.replicas.iter().map(|id| id.get()).collect(),
        isr_nodes: partition.isr.iter().map(|id| id.get()).collect(),
        offline_replicas: offline.map(|id| id.get()).collect(),
    }
}
