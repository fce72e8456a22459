//! DescribeProducers (key 61), version 0.
//!
//! - Needs Read on each topic.
//! - The producers whose sequence numbers a partition's leader keeps (KIP-664), to find transactions that hang.

use std::sync::Arc;

use stream_log::ActiveProducer;
use stream_metadata::MetadataImage;
use stream_metadata::controller::check_topic_name;
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, PartitionIndex};
use stream_wire::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Describes the producers of partitions.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeProducersRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let image = broker.image();
    let topics = body
        .topics
        .into_iter()
        .map(|topic| {
            let may = broker.may(&request.session, Operation::Read, ResourceType::Topic, &topic.name);
            TopicResponse {
                partitions: topic
                    .partition_indexes
                    .iter()
                    .map(|index| {
                        match if may {
                            describe(broker, &image, &topic.name, *index)
                        } else {
                            Err(ErrorCode::TopicAuthorizationFailed)
                        } {
                            Ok(active_producers) => PartitionResponse {
                                partition_index: *index,
                                error_message: None,
                                active_producers,
                                ..Default::default()
                            },
                            Err(error) => PartitionResponse {
                                partition_index: *index,
                                error_code: error.code(),
                                ..Default::default()
                            },
                        }
                    })
                    .collect(),
                name: topic.name,
            }
        })
        .collect();
    request.ready(&DescribeProducersResponse { throttle_time_ms: 0, topics })
}

fn describe(broker: &Broker, image: &MetadataImage, topic: &str, index: i32) -> Result<Vec<ProducerState>, ErrorCode> {
    let Some(known) = image.topic(topic) else {
        check_topic_name(topic).map_err(|error| error.code)?;
        return Err(ErrorCode::UnknownTopicOrPartition);
    };
    let index = PartitionIndex(index);
    if known.partition(index).is_none() {
        return Err(ErrorCode::UnknownTopicOrPartition);
    }
    let partition = broker.partitions.get(known.id, index).ok_or(ErrorCode::NotLeaderOrFollower)?;
    let reader = partition.online_reader()?;
    Ok(reader.active_producers().into_iter().map(state).collect())
}

fn state(producer: ActiveProducer) -> ProducerState {
    ProducerState {
        producer_id: producer.producer_id.get(),
        producer_epoch: i32::from(producer.producer_epoch.get()),
        last_sequence: producer.last_sequence.get(),
        last_timestamp: producer.last_timestamp.0,
        coordinator_epoch: producer.coordinator_epoch,
        current_txn_start_offset: producer.current_transaction_first_offset.map_or(-1, |offset| offset.get()),
    }
}
