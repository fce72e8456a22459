//! DeleteRecords (key 21), versions 0–2.
//!
//! - Records below the offset are gone: -1 means all that are committed (KIP-107); above the high watermark is
//!   OFFSET_OUT_OF_RANGE. The answer has the partition's first offset.
//! - Needs Delete on each topic.
//! - POLICY_VIOLATION where `cleanup.policy` has no `delete`, INVALID_TOPIC_EXCEPTION for Kafka's own topics.
//! - The answer leaves when the new start is noted durably; segments wholly below it go with the next look at retention.

use std::collections::HashMap;
use std::sync::Arc;

use stream_codec::Str;
use stream_log::Log;
use stream_metadata::MetadataImage;
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, Offset, PartitionIndex};
use stream_wire::delete_records::{
    DeleteRecordsPartition, DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteRecordsTopicResult,
};
use tokio::sync::oneshot;

use super::error_map;
use super::request::Request;
use crate::broker::Broker;
use crate::maintenance;
use crate::net::Pending;
use crate::partitions::Partition;

type Advanced = Result<Offset, ErrorCode>;

/// One partition of the request, and its new start once that is known.
type Asked = (i32, Result<oneshot::Receiver<Advanced>, ErrorCode>);

/// Moves the start of logs forward.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DeleteRecordsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let image = broker.image();
    let mut topics: Vec<(Str, Vec<Asked>)> = Vec::new();
    let mut advanced: Vec<Arc<Partition>> = Vec::new();
    for topic in body.topics {
        let may_delete = broker.may(&request.session, Operation::Delete, ResourceType::Topic, &topic.name);
        let begin = |wanted: &DeleteRecordsPartition| {
            let found = match may_delete {
                true => find(broker, &image, &topic.name, wanted.partition_index),
                false => Err(ErrorCode::TopicAuthorizationFailed),
            };
            advanced.extend(found.as_ref().ok().cloned());
            (wanted.partition_index, found.map(|partition| advance(&partition, wanted.offset)))
        };
        topics.push((topic.name.clone(), topic.partitions.iter().map(begin).collect()));
    }
    let broker = Arc::clone(broker);
    let (responder, session) = (request.responder, request.session.clone());
    Pending::later(async move {
        let mut outcomes: Vec<(Str, HashMap<i32, Advanced>)> = Vec::new();
        for (name, partitions) in topics {
            let mut results = HashMap::new();
            for (index, advancing) in partitions {
                let result = match advancing {
                    // A stopping worker answers nothing.
                    Ok(advancing) => advancing.await.unwrap_or(Err(ErrorCode::NotLeaderOrFollower)),
                    Err(error) => Err(error),
                };
                results.insert(index, result);
            }
            outcomes.push((name, results));
        }
        let any = outcomes.iter().flat_map(|(_, results)| results.values()).any(Result::is_ok);
        if any && !note(Arc::clone(&broker), advanced).await {
            for result in outcomes.iter_mut().flat_map(|(_, results)| results.values_mut()) {
                *result = result.and(Err(ErrorCode::KafkaStorageError));
            }
        }
        for (name, results) in &outcomes {
            for (index, start) in results.iter().filter_map(|(index, result)| Some((index, result.ok()?))) {
                let what = format_args!("partition {name}-{index} start={start}");
                broker.audit.changed(&session, "DeleteRecords", what);
            }
        }
        let topics = outcomes.into_iter().map(|(name, results)| topic_result(name, results)).collect();
        responder.respond(&DeleteRecordsResponse { throttle_time_ms: 0, topics })
    })
}

fn find(broker: &Broker, image: &MetadataImage, name: &str, index: i32) -> Result<Arc<Partition>, ErrorCode> {
    let topic = image.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if topic.is_internal() {
        return Err(ErrorCode::InvalidTopicException);
    }
    let index = PartitionIndex(index);
    topic.partition(index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    broker.partitions.get(topic.id, index).ok_or(ErrorCode::NotLeaderOrFollower)
}

fn advance(partition: &Arc<Partition>, wanted: i64) -> oneshot::Receiver<Advanced> {
    let (reply, advancing) = oneshot::channel();
    partition.with_log(move |partition, log| {
        let advanced = match log {
            Some(log) => advance_log(log, wanted),
            None => Err(ErrorCode::NotLeaderOrFollower),
        };
        if advanced.is_ok() {
            // Who waits below the new start has to be told.
            partition.fetch_waiters.wake_all();
        }
        // The connection may be gone; the records are, too.
        let _ = reply.send(advanced);
    });
    advancing
}

fn advance_log(log: &mut Log, wanted: i64) -> Advanced {
    if !log.config().delete {
        return Err(ErrorCode::PolicyViolation);
    }
    let offset = match wanted {
        -1 => log.reader().high_watermark(),
        0.. => Offset(wanted),
        _ => return Err(ErrorCode::OffsetOutOfRange),
    };
    log.advance_log_start(offset).map_err(|error| error_map::log_error(&error))
}

/// Notes the starts of logs durably; whether that worked. On a disk without a byte of space, what was just given up is
/// removed first.
async fn note(broker: Arc<Broker>, advanced: Vec<Arc<Partition>>) -> bool {
    let noted = tokio::task::spawn_blocking(move || {
        let write = || broker.log_dirs.write_log_starts(&broker.partitions);
        write().or_else(|_| {
            maintenance::expire(&broker, &advanced);
            write()
        })
    });
    let failure = match noted.await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::error!("cannot note where logs start after DeleteRecords: {failure}");
    false
}

fn topic_result(name: Str, results: HashMap<i32, Advanced>) -> DeleteRecordsTopicResult {
    let mut partitions: Vec<_> = results
        .into_iter()
        .map(|(partition_index, result)| match result {
            Ok(start) => {
                DeleteRecordsPartitionResult { partition_index, low_watermark: start.get(), ..Default::default() }
            }
            Err(error) => DeleteRecordsPartitionResult { partition_index, low_watermark: -1, error_code: error.code() },
        })
        .collect();
    partitions.sort_by_key(|partition| partition.partition_index);
    DeleteRecordsTopicResult { name, partitions }
}

#[cfg(test)]
mod tests {
    use stream_log::LogConfig;
    use stream_log::disk::memory::MemoryDisk;
    use stream_types::{Uuid, WallMillis};

    use super::*;

    fn empty_log(delete: bool) -> Log {
        let config = LogConfig {
            segment_bytes_max: 1 << 20,
            segment_ms: i64::MAX,
            segment_index_bytes_max: 1 << 20,
            index_interval_bytes: 4096,
            delete,
            compact: !delete,
            retention_ms: None,
            retention_bytes: None,
            delete_retention_ms: 0,
            producer_id_expiration_ms: i64::MAX,
            disk_reserve_bytes: 0,
            tail_cache_bytes_max: 0,
        };
        let disk = Arc::new(MemoryDisk::new(1));
        Log::create(disk, "/t-0".as_ref(), Uuid([1; 16]), config, WallMillis(0)).expect("an empty disk takes a log")
    }

    #[test]
    fn only_what_is_committed_can_be_deleted() {
        let mut log = empty_log(true);
        assert_eq!(advance_log(&mut log, -1), Ok(Offset(0)));
        assert_eq!(advance_log(&mut log, 0), Ok(Offset(0)));
        assert_eq!(advance_log(&mut log, 1), Err(ErrorCode::OffsetOutOfRange));
        assert_eq!(advance_log(&mut log, -2), Err(ErrorCode::OffsetOutOfRange));
    }

    #[test]
    fn a_topic_that_is_only_compacted_keeps_its_records() {
        assert_eq!(advance_log(&mut empty_log(false), -1), Err(ErrorCode::PolicyViolation));
    }
}
