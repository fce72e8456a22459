//! One Produce request, repeated until each of its batches is stored or has failed for good.

use std::collections::BTreeMap;
use std::sync::Arc;

use stream_codec::Records;
use stream_types::{ErrorCode, Uuid};
use stream_wire::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
};

use super::Acks;
use super::accumulator::{ReadyBatch, Shared};
use crate::client::Target;
use crate::error::ClientError;
use crate::metadata::Topic;

/// The first version that names topics by id.
const BY_ID: i16 = 13;

/// Sends batches of different partitions to a leader and sees them through.
pub(super) async fn deliver(shared: &Arc<Shared>, leader: i32, batches: Vec<ReadyBatch>) {
    let mut retry = shared.client.retry();
    let mut waiting = batches;
    let mut leader = Some(leader);
    loop {
        let groups = match leader.take() {
            Some(known) if known >= 0 => BTreeMap::from([(known, std::mem::take(&mut waiting))]),
            _ => by_leader(shared, std::mem::take(&mut waiting)).await,
        };
        let mut last_error = None;
        for (leader, group) in groups {
            for (batch, result) in attempt(shared, leader, group).await {
                match result {
                    Err(error) if is_worth_repeating(shared, &error) => {
                        last_error = Some(error);
                        waiting.push(batch);
                    }
                    result => shared.finish(batch, result),
                }
            }
        }
        let Some(error) = last_error else { return };
        let passing = match error.is_retriable() {
            true => error.clone(),
            // Waits as for a leader; the error that is reported is the broker's own.
            false => ClientError::refused("produce", ErrorCode::NotLeaderOrFollower),
        };
        if retry.after(passing).await.is_err() {
            waiting.into_iter().for_each(|batch| shared.finish(batch, Err(error.clone())));
            return;
        }
        waiting.iter().for_each(|batch| shared.client.forget_topic(&batch.topic));
    }
}

/// An idempotent batch whose predecessor is still being repeated is out of order until that one is stored.
fn is_worth_repeating(shared: &Shared, error: &ClientError) -> bool {
    let overtaken = shared.options.idempotent && error.code() == Some(ErrorCode::OutOfOrderSequenceNumber);
    let unknown = error.code() == Some(ErrorCode::UnknownTopicOrPartition);
    let repeats = error.is_retriable() || overtaken || unknown;
    repeats && shared.failed().is_none()
}

async fn by_leader(shared: &Shared, batches: Vec<ReadyBatch>) -> BTreeMap<i32, Vec<ReadyBatch>> {
    let mut groups: BTreeMap<i32, Vec<ReadyBatch>> = BTreeMap::new();
    for batch in batches {
        let topic = shared.client.known_topic(&batch.topic).await.ok();
        let leader = topic.and_then(|topic| topic.partition(batch.partition).map(|found| found.leader)).unwrap_or(-1);
        groups.entry(leader).or_default().push(batch);
    }
    groups
}

type Outcome = (ReadyBatch, Result<i64, ClientError>);

async fn attempt(shared: &Shared, leader: i32, batches: Vec<ReadyBatch>) -> Vec<Outcome> {
    let fail = |batches: Vec<ReadyBatch>, error: &ClientError| {
        batches.into_iter().map(|batch| (batch, Err(error.clone()))).collect()
    };
    let answer = match leader {
        ..0 => Err(ClientError::refused("produce", ErrorCode::LeaderNotAvailable)),
        _ => send(shared, leader, &batches).await,
    };
    match answer {
        Err(error) => fail(batches, &error),
        Ok(None) => batches.into_iter().map(|batch| (batch, Ok(-1))).collect(),
        Ok(Some((response, ids))) => {
            let outcome = |batch: ReadyBatch| {
                let result = result_of(&response, &ids, &batch);
                (batch, result)
            };
            batches.into_iter().map(outcome).collect()
        }
    }
}

type Ids = BTreeMap<Arc<str>, Uuid>;

async fn send(
    shared: &Shared,
    leader: i32,
    batches: &[ReadyBatch],
) -> Result<Option<(ProduceResponse, Ids)>, ClientError> {
    let ids: Ids = batches
        .iter()
        .map(|batch| {
            let topic: Option<Topic> = shared.client.cached_topic(&batch.topic);
            (Arc::clone(&batch.topic), topic.map_or(Uuid::ZERO, |topic| topic.id))
        })
        .collect();
    let max = if ids.values().any(|id| id.is_zero()) { BY_ID - 1 } else { i16::MAX };
    let wait = shared.client.config().timeout;
    let connection = shared.client.connection(Target::Node(leader), wait).await?;
    let version = connection.version(stream_wire::ApiKey::Produce, max)?;
    let request = request(shared, batches, &ids);
    if shared.options.acks == Acks::None {
        connection.send(&request, version).await?;
        return Ok(None);
    }
    let response = connection.call(&request, version, shared.client.config().request_timeout).await?;
    Ok(Some((response, ids)))
}

fn request(shared: &Shared, batches: &[ReadyBatch], ids: &Ids) -> ProduceRequest {
    let mut topics: BTreeMap<&Arc<str>, Vec<PartitionProduceData>> = BTreeMap::new();
    for batch in batches {
        let records = Some(Records::from(batch.batch.clone()));
        topics.entry(&batch.topic).or_default().push(PartitionProduceData { index: batch.partition, records });
    }
    let topic_data = topics
        .into_iter()
        .map(|(name, partition_data)| TopicProduceData {
            name: (&**name).into(),
            topic_id: ids.get(name).copied().unwrap_or(Uuid::ZERO),
            partition_data,
        })
        .collect();
    ProduceRequest {
        transactional_id: None,
        acks: shared.options.acks.code(),
        timeout_ms: shared.client.timeout_ms(),
        topic_data,
    }
}

fn result_of(response: &ProduceResponse, ids: &Ids, batch: &ReadyBatch) -> Result<i64, ClientError> {
    let what = || format!("partition {}-{}", batch.topic, batch.partition);
    let id = ids.get(&batch.topic).copied().unwrap_or(Uuid::ZERO);
    let of_topic = response
        .responses
        .iter()
        .filter(|topic| topic.name.as_str() == &*batch.topic || (topic.name.is_empty() && topic.topic_id == id));
    let mut partitions = of_topic.flat_map(|topic| &topic.partition_responses);
    let Some(answer) = partitions.find(|partition| partition.index == batch.partition) else {
        return Err(ClientError::refused(what(), ErrorCode::UnknownServerError));
    };
    if answer.error_code == ErrorCode::DuplicateSequenceNumber.code() {
        return Ok(-1);
    }
    ClientError::check(what(), answer.error_code, explanation(answer).as_deref())?;
    Ok(answer.base_offset)
}

/// The broker's words for a batch, or for its first bad record (KIP-467).
fn explanation(answer: &PartitionProduceResponse) -> Option<String> {
    let of_record = answer.record_errors.first().and_then(|record| {
        record.batch_index_error_message.as_ref().map(|text| format!("record {}: {text}", record.batch_index))
    });
    let of_batch = answer.error_message.as_ref().map(|text| text.to_string());
    of_record.or(of_batch)
}
