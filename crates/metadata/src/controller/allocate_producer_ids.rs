//! AllocateProducerIds: each broker gets blocks of producer ids of its own (KIP-730).

use stream_types::{ErrorCode, NodeId, ProducerId};

use super::{ApiError, Controller, Decision};
use stream_codec::stored::metadata::ProducerIdsRecord;

/// How many producer ids a broker gets at a time, as in Kafka.
pub const PRODUCER_ID_BLOCK_LEN: i32 = 1000;

/// A broker asks for producer ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AllocateProducerIds {
    /// The broker.
    pub broker_id: NodeId,
    /// Its registration.
    pub broker_epoch: i64,
}

/// Producer ids that no other broker ever gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProducerIdBlock {
    /// The first.
    pub first: ProducerId,
    /// How many.
    pub len: i32,
}

impl Controller {
    /// Hands out the next block.
    pub fn allocate_producer_ids(&self, command: &AllocateProducerIds) -> Decision<Result<ProducerIdBlock, ApiError>> {
        if let Err(error) = self.registration(command.broker_id, command.broker_epoch) {
            return Decision::nothing(Err(error));
        }
        let first = self.image.next_producer_id();
        let Some(next) = first.checked_add(PRODUCER_ID_BLOCK_LEN.into()) else {
            let error = ApiError::new(ErrorCode::UnknownServerError, "every producer id was given out");
            return Decision::nothing(Err(error));
        };
        let record = ProducerIdsRecord {
            broker_id: command.broker_id.get(),
            broker_epoch: command.broker_epoch,
            next_producer_id: next,
        };
        let block = ProducerIdBlock { first: ProducerId(first), len: PRODUCER_ID_BLOCK_LEN };
        Decision { records: vec![record.into()], reply: Ok(block) }
    }
}
