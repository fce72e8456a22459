//! Producing: records gather in a batch for each partition, and a task sends what is full, old or flushed.
//!
//! Several requests may be on their way to one broker, each with at most one batch of a partition. Without idempotence
//! a repeated batch may come after its successor, or twice; with it the broker keeps order and drops what it has.

mod accumulator;
mod deliver;
mod sender;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stream_codec::batch::RecordHeader;
use stream_codec::compression::Compression;
use stream_types::{ErrorCode, ProducerEpoch, ProducerId};
use stream_wire::init_producer_id::InitProducerIdRequest;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::client::{Client, Target};
use crate::clock::wall_millis;
use crate::error::ClientError;
use crate::partitioner::partition_for_key;
use accumulator::Shared;

/// When a broker answers a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acks {
    /// Never.
    None,
    /// When the leader has it.
    Leader,
    /// When every replica in sync has it.
    All,
}

impl Acks {
    /// The number on the wire.
    pub fn code(self) -> i16 {
        match self {
            Acks::None => 0,
            Acks::Leader => 1,
            Acks::All => -1,
        }
    }
}

/// How a producer works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProducerOptions {
    /// When batches are answered.
    pub acks: Acks,
    /// How batches are compressed.
    pub compression: Compression,
    /// Size of a batch before it is compressed (bytes).
    pub batch_bytes: usize,
    /// How long a batch waits for more records.
    pub linger: Duration,
    /// Whether the broker keeps order and drops repeats; needs acks=all.
    pub idempotent: bool,
    /// Records that may wait or be on their way (bytes).
    pub buffer_bytes: usize,
    /// Requests on their way to one broker.
    pub in_flight: usize,
    /// Whether deliveries tell when each record was given to the producer.
    pub record_times: bool,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        ProducerOptions {
            acks: Acks::All,
            compression: Compression::None,
            batch_bytes: 64 * 1024,
            linger: Duration::from_millis(5),
            idempotent: true,
            buffer_bytes: 32 << 20,
            in_flight: 5,
            record_times: false,
        }
    }
}

/// A record to be sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProducerRecord {
    /// Its partition; none leaves it to the key, or to the producer.
    pub partition: Option<i32>,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers.
    pub headers: Vec<RecordHeader>,
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its topic.
    pub topic: Arc<str>,
    /// Its partition.
    pub partition: i32,
    /// The offset of its first record, -1 if the broker did not tell; or why it was not stored.
    pub result: Result<i64, ClientError>,
    /// Its records.
    pub records: i32,
    /// Their size before compression (bytes).
    pub bytes: usize,
    /// When each record was given to the producer, if that was asked for.
    pub sent_at: Vec<Instant>,
}

/// Who is told of deliveries.
pub(crate) type OnDelivery = Arc<dyn Fn(Delivery) + Send + Sync>;

/// Sends records; flush it before it is dropped.
#[derive(Debug)]
pub struct Producer {
    client: Client,
    shared: Arc<Shared>,
    topics: HashMap<String, TopicState>,
    task: AbortHandle,
}

#[derive(Debug)]
struct TopicState {
    name: Arc<str>,
    partitions: i32,
    /// Where records without a key go until the batch is full.
    sticky: i32,
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Producer {
    /// A producer; `on_delivery` hears of every batch.
    ///
    /// # Errors
    /// When an idempotent producer gets no id.
    pub async fn start(
        client: Client,
        options: ProducerOptions,
        on_delivery: impl Fn(Delivery) + Send + Sync + 'static,
    ) -> Result<Producer, ClientError> {
        let identity = match options.idempotent {
            true => init_producer_id(&client).await?,
            false => (ProducerId::NONE, ProducerEpoch::NONE),
        };
        let shared = Arc::new(Shared::new(client.clone(), options, identity, Arc::new(on_delivery)));
        let task = tokio::spawn(sender::run(Arc::clone(&shared))).abort_handle();
        Ok(Producer { client, shared, topics: HashMap::new(), task })
    }

    /// Takes a record; waits while too much is buffered.
    ///
    /// # Errors
    /// When the topic or partition does not exist, or an earlier batch failed for good.
    pub async fn send(&mut self, topic: &str, record: ProducerRecord) -> Result<(), ClientError> {
        self.shared.wait_for_room().await?;
        if !self.topics.contains_key(topic) {
            let found = self.client.topic(topic).await?;
            let state = TopicState {
                name: Arc::from(topic),
                partitions: found.partitions.len() as i32,
                sticky: (wall_millis() % (found.partitions.len().max(1) as i64)) as i32,
            };
            self.topics.insert(topic.to_owned(), state);
        }
        let Some(state) = self.topics.get_mut(topic) else { return Ok(()) };
        let partition = match (record.partition, &record.key) {
            (Some(partition), _) if (0..state.partitions).contains(&partition) => partition,
            (Some(partition), _) => {
                let what = format!("partition {topic}-{partition}");
                return Err(ClientError::refused(what, ErrorCode::UnknownTopicOrPartition));
            }
            (None, Some(key)) => partition_for_key(key, state.partitions),
            (None, None) => state.sticky,
        };
        let filled = self.shared.append(&state.name, partition, &record);
        if filled && partition == state.sticky {
            state.sticky = (state.sticky + 1) % state.partitions.max(1);
        }
        Ok(())
    }

    /// Sends everything and waits until each batch is stored or has failed.
    ///
    /// # Errors
    /// Of the first batch that failed.
    pub async fn flush(&self) -> Result<(), ClientError> {
        self.shared.flush().await
    }

    /// Records that were taken and not yet answered (bytes).
    pub fn buffered_bytes(&self) -> usize {
        self.shared.buffered_bytes()
    }
}

async fn init_producer_id(client: &Client) -> Result<(ProducerId, ProducerEpoch), ClientError> {
    let request =
        InitProducerIdRequest { transactional_id: None, transaction_timeout_ms: 60_000, ..Default::default() };
    let mut retry = client.retry();
    loop {
        // Version 6 is unstable in Kafka.
        let response = client.call_versioned(Target::Any, 5, |_| request.clone()).await?;
        match ClientError::check("producer id", response.error_code, None) {
            Ok(()) => return Ok((ProducerId(response.producer_id), ProducerEpoch(response.producer_epoch))),
            Err(error) => retry.after(error).await?,
        }
    }
}
