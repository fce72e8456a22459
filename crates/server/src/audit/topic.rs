//! The task that writes the trail to its topic: one append under way, everything that gathered meanwhile in the next.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use stream_codec::batch::BatchBuilder;
use stream_log::CheckedBatch;
use stream_metadata::controller::{CreateTopics, NewTopic};
use stream_metadata::{Command, Reply};
use stream_types::{ErrorCode, Offset, PartitionIndex};
use tokio::sync::{mpsc, oneshot};

use super::Queued;
use crate::broker::Broker;
use crate::partitions::{Acks, AppendListener, AppendOutcome, AppendReply, AppendRequest, Partition, WorkerEvent};

/// Records of one append, about (bytes).
const APPEND_BYTES_MAX: usize = 256 * 1024;
/// Between two complaints about a topic that cannot be written.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(60);

/// Writes until the broker stops.
pub(super) async fn write(broker: Arc<Broker>, topic: String, mut queue: mpsc::Receiver<Queued>) {
    let mut complained = None;
    while let Some(first) = queue.recv().await {
        let mut finished = None;
        let mut builder = BatchBuilder::new();
        let mut next = Some(first);
        while let Some(queued) = next {
            match queued {
                Queued::Record { at, json } => builder.push(at, None, Some(json.as_bytes()), &[]),
                Queued::Finish(done) => finished = Some(done),
            }
            let full = builder.size() >= APPEND_BYTES_MAX || finished.is_some();
            next = if full { None } else { queue.try_recv().ok() };
        }
        let records = u64::try_from(builder.record_count()).unwrap_or(0);
        if records > 0
            && let Err(error) = append(&broker, &topic, builder).await
        {
            broker.audit.dropped(records);
            let now = broker.clock.monotonic();
            if complained.is_none_or(|last| now.since(last) >= COMPLAINT_INTERVAL) {
                complained = Some(now);
                tracing::warn!("{records} events of the audit trail cannot be written to {topic}: {error}");
            }
        }
        if let Some(done) = finished {
            // The stopping side may have given up.
            let _ = done.send(());
            return;
        }
    }
}

async fn append(broker: &Broker, topic: &str, builder: BatchBuilder) -> Result<(), ErrorCode> {
    let partition = partition(broker, topic).await?;
    let batch = builder.build().and_then(CheckedBatch::trusted).map_err(|error| {
        tracing::error!("the audit trail's records make no batch: {error}");
        ErrorCode::UnknownServerError
    })?;
    let reader = partition.reader().ok_or(ErrorCode::NotLeaderOrFollower)?;
    // The reserve is for what the cluster cannot work without.
    if !broker.disk_space.admits(reader.dir(), batch.size()) {
        return Err(ErrorCode::KafkaStorageError);
    }
    let (done, appended) = oneshot::channel();
    let listener = Arc::new(Written(Mutex::new(Some(done))));
    let request = AppendRequest {
        partition: Arc::clone(&partition),
        batch,
        acks: Acks::All,
        reply: AppendReply::Coordinator(listener),
    };
    let sent = partition.worker.send(WorkerEvent::Append(vec![request]));
    sent.map_err(|_| ErrorCode::NotLeaderOrFollower)?;
    match appended.await {
        Ok(ErrorCode::None) => Ok(()),
        Ok(error) => Err(error),
        // A stopping worker answers nothing.
        Err(_) => Err(ErrorCode::NotLeaderOrFollower),
    }
}

/// The trail's partition: the first one of the topic, so that the order is one. The topic is created if it is missing.
async fn partition(broker: &Broker, topic: &str) -> Result<Arc<Partition>, ErrorCode> {
    if broker.image().topic(topic).is_none() {
        let new = NewTopic {
            configs: vec![("cleanup.policy".to_owned(), Some("delete".to_owned()))],
            ..NewTopic::new(topic, 1, -1)
        };
        let command = Command::CreateTopics(CreateTopics { topics: vec![new], validate_only: false });
        if let Reply::CreateTopics(reply) = broker.controller.submit(command).await? {
            for (_, outcome) in reply.topics {
                outcome.map_err(|refusal| refusal.code)?;
            }
        }
    }
    let id = broker.image().topic(topic).map(|topic| topic.id).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    broker.partitions.get(id, PartitionIndex(0)).ok_or(ErrorCode::NotLeaderOrFollower)
}

/// Tells the task how its append ended.
#[derive(Debug)]
struct Written(Mutex<Option<oneshot::Sender<ErrorCode>>>);

impl AppendListener for Written {
    fn appended(&self, _: Offset) {}

    fn completed(&self, outcome: AppendOutcome) {
        if let Some(done) = self.0.lock().take() {
            // Nobody waits any more when the broker stops.
            let _ = done.send(outcome.error);
        }
    }
}
