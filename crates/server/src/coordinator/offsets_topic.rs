//! `__consumer_offsets` comes into being when the first client asks for a coordinator.

use stream_metadata::controller::{CreateTopics, NewTopic};
use stream_metadata::{Command, Reply};
use stream_types::ErrorCode;

use crate::broker::Broker;
use crate::config::ServerConfig;

/// The topic whose partitions hold the groups.
pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// The topic as Kafka creates it, with no more replicas than there are brokers.
pub(crate) fn offsets_topic(config: &ServerConfig, live_brokers: usize) -> NewTopic {
    let live_brokers = i16::try_from(live_brokers).unwrap_or(i16::MAX).max(1);
    let offsets = &config.offsets;
    let configs = [
        ("cleanup.policy", "compact".to_owned()),
        ("segment.bytes", offsets.segment_bytes.to_string()),
        ("compression.type", "producer".to_owned()),
    ];
    NewTopic {
        configs: configs.into_iter().map(|(key, value)| (key.to_owned(), Some(value))).collect(),
        ..NewTopic::new(OFFSETS_TOPIC, offsets.num_partitions, offsets.replication_factor.min(live_brokers))
    }
}

/// Creates the topic unless it exists; when this returns, its partitions are open here.
///
/// # Errors
/// COORDINATOR_NOT_AVAILABLE, which clients retry, when the controller does not create it now.
pub(crate) async fn ensure_offsets_topic(broker: &Broker) -> Result<(), ErrorCode> {
    let image = broker.image();
    if image.topic(OFFSETS_TOPIC).is_some() {
        return Ok(());
    }
    let topic = offsets_topic(&broker.config, image.unfenced_brokers().count());
    let command = Command::CreateTopics(CreateTopics { topics: vec![topic], validate_only: false });
    match broker.controller.submit(command).await {
        Ok(Reply::CreateTopics(reply)) => {
            for (_, outcome) in reply.topics {
                // Of several clients that come at once one creates it, and the others are told that it exists.
                if let Err(error) = outcome
                    && error.code != ErrorCode::TopicAlreadyExists
                {
                    tracing::warn!("{OFFSETS_TOPIC} cannot be created: {error}");
                }
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!("{OFFSETS_TOPIC} cannot be created now: {error}"),
    }
    match broker.image().topic(OFFSETS_TOPIC) {
        Some(_) => Ok(()),
        None => Err(ErrorCode::CoordinatorNotAvailable),
    }
}
