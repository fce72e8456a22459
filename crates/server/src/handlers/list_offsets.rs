//! ListOffsets (key 2), versions 1–11.
//!
//! - Timestamp -1 is the end (last stable offset for read_committed), -2 the start, -3 (v7) the
//!   record with the largest timestamp, -4 (v8) the earliest on this disk, -5 (v9) the latest in
//!   tiered storage: there is none, so -1; -6 (v11) the earliest not yet in it, so the start.
//! - A time of zero or more gives the first record at or after it, found inside batches too; none:
//!   offset -1, timestamp -1.
//! - v4: leader epochs checked and answered.

use std::sync::Arc;

use stream_log::{LogReader, ReadBound};
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex};
use stream_wire::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};

use super::error_map;
use super::request::Request;
use crate::broker::Broker;
use crate::net::{Answer, Pending};
use crate::partitions::Partition;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// Finds offsets by time.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ListOffsetsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let needs_disk =
        body.topics.iter().flat_map(|topic| &topic.partitions).any(|partition| !is_in_memory(partition.timestamp));
    let responder = request.responder;
    if !needs_disk {
        return Pending::Ready(responder.respond(&find_all(broker, responder.version, &body)));
    }
    let broker = Arc::clone(broker);
    Pending::later(async move {
        // Looking into segments may wait for the disk: not on a thread that serves connections.
        let found = tokio::task::spawn_blocking(move || find_all(&broker, responder.version, &body)).await;
        match found {
            Ok(response) => responder.respond(&response),
            Err(error) => Answer::Close(format!("the offset lookup ended without an answer: {error}")),
        }
    })
}

fn is_in_memory(timestamp: i64) -> bool {
    timestamp < 0 && timestamp != MAX_TIMESTAMP
}

fn find_all(broker: &Broker, version: i16, body: &ListOffsetsRequest) -> ListOffsetsResponse {
    let image = broker.image();
    let bound = if body.isolation_level == 1 { ReadBound::LastStable } else { ReadBound::HighWatermark };
    let topics = body
        .topics
        .iter()
        .map(|topic| {
            let known = image.topic(&topic.name);
            let partitions = topic
                .partitions
                .iter()
                .map(|wanted| {
                    let partition =
                        known.and_then(|known| broker.partitions.get(known.id, PartitionIndex(wanted.partition_index)));
                    find(partition.as_deref(), version, bound, wanted)
                })
                .collect();
            ListOffsetsTopicResponse { name: topic.name.clone(), partitions }
        })
        .collect();
    ListOffsetsResponse { throttle_time_ms: 0, topics }
}

fn find(
    partition: Option<&Partition>,
    version: i16,
    bound: ReadBound,
    wanted: &ListOffsetsPartition,
) -> ListOffsetsPartitionResponse {
    let mut answer = ListOffsetsPartitionResponse { partition_index: wanted.partition_index, ..Default::default() };
    let found = match partition {
        Some(partition) => locate(partition, version, bound, wanted),
        None => Err(ErrorCode::UnknownTopicOrPartition),
    };
    match found {
        Ok((offset, timestamp, epoch)) => {
            answer.offset = offset;
            answer.timestamp = timestamp;
            if version >= 4 {
                answer.leader_epoch = epoch.get();
            }
        }
        Err(error) => answer.error_code = error.code(),
    }
    answer
}

/// The epoch that wrote `offset`; -1 where nothing did.
fn epoch_at(reader: &LogReader, offset: Offset) -> LeaderEpoch {
    reader.epoch_of(offset).unwrap_or(LeaderEpoch::NONE)
}

fn locate(
    partition: &Partition,
    version: i16,
    bound: ReadBound,
    wanted: &ListOffsetsPartition,
) -> Result<(i64, i64, LeaderEpoch), ErrorCode> {
    let reader = partition.reader().ok_or(ErrorCode::NotLeaderOrFollower)?;
    partition.check_leader_epoch(LeaderEpoch(wanted.current_leader_epoch))?;
    let nothing = (-1, -1, LeaderEpoch::NONE);
    Ok(match wanted.timestamp {
        LATEST => {
            let end = match bound {
                ReadBound::LastStable => reader.last_stable_offset(),
                _ => reader.high_watermark(),
            };
            (end.get(), -1, partition.leader_epoch())
        }
        EARLIEST => (reader.log_start().get(), -1, epoch_at(reader, reader.log_start())),
        EARLIEST_LOCAL if version >= 8 => (reader.log_start().get(), -1, epoch_at(reader, reader.log_start())),
        EARLIEST_PENDING_UPLOAD if version >= 11 => {
            (reader.log_start().get(), -1, epoch_at(reader, reader.log_start()))
        }
        LATEST_TIERED if version >= 9 => nothing,
        MAX_TIMESTAMP if version >= 7 => match reader.max_timestamp(bound) {
            Ok(Some(found)) => (found.offset.get(), found.timestamp, found.leader_epoch),
            Ok(None) => nothing,
            Err(error) => return Err(error_map::read_error(&partition.id, &error)),
        },
        time if time >= 0 => match reader.offset_for_time(time, bound) {
            Ok(Some(found)) => (found.offset.get(), found.timestamp, found.leader_epoch),
            Ok(None) => nothing,
            Err(error) => return Err(error_map::read_error(&partition.id, &error)),
        },
        _ => return Err(ErrorCode::UnsupportedVersion),
    })
}
