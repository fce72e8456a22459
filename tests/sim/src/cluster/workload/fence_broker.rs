//! Fencing and unfencing. Outcomes: done, STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED.

use stream_metadata::controller::{BrokerReply, FenceBroker, UnfenceBroker};
use stream_metadata::{Command, MetadataImage};
use stream_types::{ErrorCode, NodeId};

use super::{Table, unexpected};
use crate::random::Random;

pub(super) const OUTCOMES: Table = &[
    ("fence-broker/done", |random, image| {
        let (broker_id, broker_epoch) = any_broker(random, image)?;
        Some(if random.chance(350) {
            Command::FenceBroker(FenceBroker { broker_id, broker_epoch })
        } else {
            Command::UnfenceBroker(UnfenceBroker { broker_id, broker_epoch })
        })
    }),
    ("fence-broker/stale-broker-epoch", |random, image| {
        let (broker_id, broker_epoch) = any_broker(random, image)?;
        Some(Command::FenceBroker(FenceBroker { broker_id, broker_epoch: broker_epoch - 1 }))
    }),
    ("fence-broker/broker-id-not-registered", |_, _| {
        Some(Command::UnfenceBroker(UnfenceBroker { broker_id: NodeId(77), broker_epoch: 1 }))
    }),
];

pub(super) fn outcome(reply: &BrokerReply) -> &'static str {
    match reply.as_ref().map_err(|error| error.code) {
        Ok(_) => "fence-broker/done",
        Err(ErrorCode::StaleBrokerEpoch) => "fence-broker/stale-broker-epoch",
        Err(ErrorCode::BrokerIdNotRegistered) => "fence-broker/broker-id-not-registered",
        Err(code) => unexpected(code),
    }
}

pub(super) fn any_broker(random: &mut Random, image: &MetadataImage) -> Option<(NodeId, i64)> {
    let brokers: Vec<_> = image.brokers().map(|broker| (broker.id, broker.epoch)).collect();
    (!brokers.is_empty()).then(|| *random.pick(&brokers))
}
