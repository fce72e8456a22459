//! Outcomes: allocated, STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED.

use stream_metadata::Command;
use stream_metadata::controller::{AllocateProducerIds, ProducerIdBlock};
use stream_types::{ErrorCode, NodeId};

use super::fence_broker::any_broker;
use super::{Table, unexpected};

pub(super) const OUTCOMES: Table = &[
    ("allocate-producer-ids/allocated", |random, image| {
        let (broker_id, broker_epoch) = any_broker(random, image)?;
        Some(Command::AllocateProducerIds(AllocateProducerIds { broker_id, broker_epoch }))
    }),
    ("allocate-producer-ids/stale-broker-epoch", |random, image| {
        let (broker_id, broker_epoch) = any_broker(random, image)?;
        Some(Command::AllocateProducerIds(AllocateProducerIds { broker_id, broker_epoch: broker_epoch - 1 }))
    }),
    ("allocate-producer-ids/broker-id-not-registered", |_, _| {
        Some(Command::AllocateProducerIds(AllocateProducerIds { broker_id: NodeId(77), broker_epoch: 1 }))
    }),
];

pub(super) fn outcome(reply: &Result<ProducerIdBlock, stream_metadata::ApiError>) -> &'static str {
    match reply.as_ref().map_err(|error| error.code) {
        Ok(_) => "allocate-producer-ids/allocated",
        Err(ErrorCode::StaleBrokerEpoch) => "allocate-producer-ids/stale-broker-epoch",
        Err(ErrorCode::BrokerIdNotRegistered) => "allocate-producer-ids/broker-id-not-registered",
        Err(code) => unexpected(code),
    }
}
