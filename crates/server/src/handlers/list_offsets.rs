//! ListOffsets (key 2), versions 1–11.
//!
//! - Timestamp -1 is the end (last stable offset for read_committed), -2 the start, -3 (v7) the
//!   record with the largest timestamp, -4 (v8) the earliest on this disk, -5 (v9) the latest in
//!   tiered storage: there is none, so -1; -6 (v11) the earliest not yet in it, which is nothing without it.
//! - A time of zero or more gives the first record at or after it, found inside batches too; none:
//!   offset -1, timestamp -1.
//! - Needs Describe on each topic.
//! - v4: leader epochs checked and answered.
//! - A partition that is named twice is INVALID_REQUEST, as in Kafka.
//! - Lookups that need the disk run one after the other within a request, and few of them at a time in the
//!   whole broker: each may have to open a batch that grows. None is begun for a client that has left.

use std::collections::HashMap;
use std::sync::Arc;

use stream_log::{LogReader, ReadBound};
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex, limits};
use stream_wire::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};
use tokio::sync::Semaphore;

use super::error_map;
use super::request::Request;
use crate::broker::Broker;
use crate::net::{Answer, Pending, Session};
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
    let mut lookups = lookups(broker, &request.session, responder.version, &body);
    if !needs_disk {
        lookups.iter_mut().for_each(Lookup::run);
        return Pending::Ready(responder.respond(&answer(&body, lookups)));
    }
    Pending::later(async move {
        for lookup in &mut lookups {
            if is_in_memory(lookup.wanted.timestamp) {
                lookup.run();
                continue;
            }
            let turn = TURNS.acquire().await.expect("the turns of lookups are never closed");
            let mut blocking = lookup.clone();
            // Looking into segments may wait for the disk: not on a thread that serves connections.
            let found = tokio::task::spawn_blocking(move || {
                blocking.run();
                // The turn ends with the work, even if nobody waits for it any more.
                drop(turn);
                blocking
            });
            match found.await {
                Ok(found) => *lookup = found,
                Err(error) => return Answer::Close(format!("the offset lookup ended without an answer: {error}")),
            }
        }
        responder.respond(&answer(&body, lookups))
    })
}

/// Who may look into segments now.
static TURNS: Semaphore = Semaphore::const_new(limits::TIME_LOOKUPS_MAX);

/// One partition of a request, and what was found.
#[derive(Debug, Clone)]
struct Lookup {
    version: i16,
    bound: ReadBound,
    wanted: ListOffsetsPartition,
    partition: Result<Arc<Partition>, ErrorCode>,
    found: ListOffsetsPartitionResponse,
}

impl Lookup {
    fn run(&mut self) {
        let located = match &self.partition {
            Ok(partition) => locate(partition, self.version, self.bound, &self.wanted),
            Err(error) => Err(*error),
        };
        match located {
            Ok((offset, timestamp, epoch)) => {
                self.found.offset = offset;
                self.found.timestamp = timestamp;
                if self.version >= 4 {
                    self.found.leader_epoch = epoch.get();
                }
            }
            Err(error) => self.found.error_code = error.code(),
        }
    }
}

fn lookups(broker: &Broker, session: &Session, version: i16, body: &ListOffsetsRequest) -> Vec<Lookup> {
    let image = broker.image();
    let bound = if body.isolation_level == 1 { ReadBound::LastStable } else { ReadBound::HighWatermark };
    let mut count_of: HashMap<(&str, i32), u32> = HashMap::new();
    for topic in &body.topics {
        for partition in &topic.partitions {
            *count_of.entry((&topic.name, partition.partition_index)).or_default() += 1;
        }
    }
    let mut lookups = Vec::with_capacity(count_of.len());
    for topic in &body.topics {
        let known = image.topic(&topic.name);
        let is_denied = !broker.may(session, Operation::Describe, ResourceType::Topic, &topic.name);
        for wanted in &topic.partitions {
            let index = wanted.partition_index;
            let partition = if is_denied {
                Err(ErrorCode::TopicAuthorizationFailed)
            } else if count_of.get(&(&*topic.name, index)).is_some_and(|count| *count > 1) {
                Err(ErrorCode::InvalidRequest)
            } else {
                let partition = known.and_then(|known| broker.partitions.get(known.id, PartitionIndex(index)));
                partition.ok_or(ErrorCode::UnknownTopicOrPartition)
            };
            let found = ListOffsetsPartitionResponse { partition_index: index, ..Default::default() };
            lookups.push(Lookup { version, bound, wanted: wanted.clone(), partition, found });
        }
    }
    lookups
}

fn answer(body: &ListOffsetsRequest, lookups: Vec<Lookup>) -> ListOffsetsResponse {
    let mut found = lookups.into_iter().map(|lookup| lookup.found);
    let topics = body
        .topics
        .iter()
        .map(|topic| ListOffsetsTopicResponse {
            name: topic.name.clone(),
            partitions: found.by_ref().take(topic.partitions.len()).collect(),
        })
        .collect();
    ListOffsetsResponse { throttle_time_ms: 0, topics }
}

fn is_in_memory(timestamp: i64) -> bool {
    timestamp < 0 && timestamp != MAX_TIMESTAMP
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
    let reader = partition.online_reader()?;
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
        LATEST_TIERED if version >= 9 => nothing,
        EARLIEST_PENDING_UPLOAD if version >= 11 => nothing,
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
