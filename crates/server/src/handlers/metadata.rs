//! Metadata (key 3), versions 0–13.
//!
//! - Null topics (v1+; empty in v0) asks for all, an empty list for none.
//! - An unknown topic is created where both `allow_auto_topic_creation` and
//!   `auto.create.topics.enable` say so; the answer then waits until it can be used.
//! - v12+: topics by id (UNKNOWN_TOPIC_ID) and null names; before, both are INVALID_REQUEST for every topic.
//! - A partition without a leader is LEADER_NOT_AVAILABLE with leader -1 and its last epoch. Replicas are offline on a broker
//!   that is gone, and in a log directory that has failed (KIP-112).
//! - Needs Describe: a named topic without it is TOPIC_AUTHORIZATION_FAILED, whether it exists or not; of all topics those
//!   are left out. Creation needs Create on the cluster or the topic.
//! - Authorized operations are given when asked for, INT_MIN otherwise (KIP-430).

use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::{CreateTopics, NewTopic, check_topic_name};
use stream_metadata::{Command, MetadataImage, PartitionImage, TopicImage};
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, NodeId};
use stream_wire::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};

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
    let missing = topics_to_create(broker, &request.session, request.version(), &body);
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

/// Whether unknown topics are to come into being. Before v4 a client cannot say no.
fn wants_creation(broker: &Broker, version: i16, body: &MetadataRequest) -> bool {
    broker.config.topics.auto_create && (version < 4 || body.allow_auto_topic_creation)
}

fn topics_to_create(broker: &Broker, session: &Session, version: i16, body: &MetadataRequest) -> Vec<Str> {
    let wanted = wants_creation(broker, version, body);
    let Some(topics) = body.topics.as_ref().filter(|_| wanted) else { return Vec::new() };
    let may_create = |name: &Str| {
        broker.would_let(session, Operation::Describe, ResourceType::Topic, name)
            && (broker.would_let_on_cluster(session, Operation::Create)
                || broker.may(session, Operation::Create, ResourceType::Topic, name))
    };
    let image = broker.image();
    topics
        .iter()
        .filter(|topic| topic.topic_id.is_zero())
        .filter_map(|topic| topic.name.clone())
        .filter(|name| image.topic(name).is_none() && check_topic_name(name).is_ok() && may_create(name))
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

/// Who asks, and for what.
struct Asker<'a> {
    broker: &'a Broker,
    session: &'a Session,
    image: &'a MetadataImage,
    wants_creation: bool,
    wants_operations: bool,
}

impl Asker<'_> {
    fn would_let(&self, operation: Operation, topic: &str) -> bool {
        self.broker.would_let(self.session, operation, ResourceType::Topic, topic)
    }

    fn may_describe(&self, topic: &str) -> bool {
        self.broker.may(self.session, Operation::Describe, ResourceType::Topic, topic)
    }

    fn may_create(&self, topic: &str) -> bool {
        self.broker.would_let_on_cluster(self.session, Operation::Create) || self.would_let(Operation::Create, topic)
    }

    fn operations(&self, topic: &str) -> i32 {
        if !self.wants_operations {
            return i32::MIN;
        }
        self.broker.authorized_operations(self.session, ResourceType::Topic, topic)
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
    if body.include_cluster_authorized_operations {
        response.cluster_authorized_operations = broker.authorized_cluster_operations(session);
    }
    let asker = Asker {
        broker,
        session,
        image: &image,
        wants_creation: wants_creation(broker, version, body),
        wants_operations: body.include_topic_authorized_operations,
    };
    let named = body.topics.as_deref().filter(|topics| version > 0 || !topics.is_empty());
    response.topics = match named {
        Some(topics) => topics.iter().map(|topic| wanted_topic(&asker, topic)).collect(),
        None => {
            let seen = image.topics().iter().filter(|topic| asker.would_let(Operation::Describe, &topic.name));
            seen.map(|topic| known_topic(&asker, topic)).collect()
        }
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

fn wanted_topic(asker: &Asker<'_>, wanted: &MetadataRequestTopic) -> MetadataResponseTopic {
    if !wanted.topic_id.is_zero() {
        let failed = |error: ErrorCode| MetadataResponseTopic {
            error_code: error.code(),
            name: None,
            topic_id: wanted.topic_id,
            ..Default::default()
        };
        return match asker.image.topics().by_id(wanted.topic_id) {
            Some(topic) if asker.may_describe(&topic.name) => known_topic(asker, topic),
            Some(_) => failed(ErrorCode::TopicAuthorizationFailed),
            None => failed(ErrorCode::UnknownTopicId),
        };
    }
    let name = wanted.name.clone().unwrap_or_default();
    let failed = |error: ErrorCode, operations| MetadataResponseTopic {
        error_code: error.code(),
        name: Some(name.clone()),
        topic_authorized_operations: operations,
        ..Default::default()
    };
    if !asker.may_describe(&name) {
        // Nobody has looked whether there is such a topic.
        return failed(ErrorCode::TopicAuthorizationFailed, i32::MIN);
    }
    match asker.image.topic(&name) {
        Some(topic) => known_topic(asker, topic),
        None if asker.wants_creation && !asker.may_create(&name) => {
            failed(ErrorCode::TopicAuthorizationFailed, i32::MIN)
        }
        None => {
            let error = match check_topic_name(&name) {
                Ok(()) => ErrorCode::UnknownTopicOrPartition,
                Err(_) => ErrorCode::InvalidTopicException,
            };
            failed(error, asker.operations(&name))
        }
    }
}

fn known_topic(asker: &Asker<'_>, topic: &TopicImage) -> MetadataResponseTopic {
    MetadataResponseTopic {
        error_code: ErrorCode::None.code(),
        name: Some((&*topic.name).into()),
        topic_id: topic.id,
        is_internal: topic.is_internal(),
        partitions: topic
            .partitions
            .iter()
            .map(|(index, partition)| known_partition(asker.image, index.get(), partition))
            .collect(),
        topic_authorized_operations: asker.operations(&topic.name),
    }
}

fn known_partition(
    image: &MetadataImage,
    partition_index: i32,
    partition: &PartitionImage,
) -> MetadataResponsePartition {
    let error = if partition.leader.is_some() { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
    MetadataResponsePartition {
        error_code: error.code(),
        partition_index,
        leader_id: partition.leader.map_or(-1, |leader| leader.get()),
        leader_epoch: partition.leader_epoch.get(),
        replica_nodes: partition.replicas.iter().map(|id| id.get()).collect(),
        isr_nodes: partition.isr.iter().map(|id| id.get()).collect(),
        offline_replicas: image.offline_replicas(partition).map(NodeId::get).collect(),
    }
}
