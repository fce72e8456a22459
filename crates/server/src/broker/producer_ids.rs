//! Producer ids, handed out from blocks of the controller's (KIP-730).

use stream_metadata::controller::AllocateProducerIds;
use stream_metadata::{Command, Reply};
use stream_types::{ErrorCode, ProducerId};
use tokio::sync::Mutex;

use super::Broker;

/// What is left of the current block.
#[derive(Debug, Default)]
struct Block {
    next: i64,
    end: i64,
}

/// This broker's producer ids.
#[derive(Debug, Default)]
pub(crate) struct ProducerIds {
    block: Mutex<Block>,
}

impl ProducerIds {
    /// An id that nobody else has or will have.
    ///
    /// # Errors
    /// COORDINATOR_LOAD_IN_PROGRESS, which clients retry, while the controller gives no block.
    pub(crate) async fn next(&self, broker: &Broker) -> Result<ProducerId, ErrorCode> {
        let mut block = self.block.lock().await;
        if block.next >= block.end {
            let command = AllocateProducerIds { broker_id: broker.node_id(), broker_epoch: broker.broker_epoch() };
            match broker.controller.submit(Command::AllocateProducerIds(command)).await {
                Ok(Reply::AllocateProducerIds(Ok(ids))) => {
                    block.next = ids.first.get();
                    block.end = ids.first.get() + i64::from(ids.len);
                }
                Ok(Reply::AllocateProducerIds(Err(refusal))) => {
                    tracing::warn!("the controller gave no producer ids: {refusal}");
                    return Err(ErrorCode::CoordinatorLoadInProgress);
                }
                Ok(_) | Err(_) => return Err(ErrorCode::CoordinatorLoadInProgress),
            }
        }
        let id = block.next;
        block.next += 1;
        Ok(ProducerId(id))
    }
}
