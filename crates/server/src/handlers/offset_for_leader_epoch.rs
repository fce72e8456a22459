//! OffsetForLeaderEpoch (key 23), versions 2–4.
//!
//! - The largest epoch that is at most the one asked for, and the offset after its last record (KIP-101, KIP-320); for
//!   the current epoch that is the end of the log. (-1, -1) where the epoch is not known.
//! - Needs Describe on each topic, or ClusterAction.
//! - The epoch that the client believes in is checked: FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH; -1 asks for no check.

use std::sync::Arc;

use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex};
use stream_wire::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;
use crate::partitions::Partition;

/// Finds the ends of leader epochs.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: OffsetForLeaderEpochRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let session = &request.session;
    let is_follower = broker.would_let_on_cluster(session, Operation::ClusterAction);
    let image = broker.image();
    let topics = body
        .topics
        .into_iter()
        .map(|topic| {
            let known = image.topic(&topic.topic).map(|topic| topic.id);
            let may = is_follower || broker.may(session, Operation::Describe, ResourceType::Topic, &topic.topic);
            let partitions = topic.partitions.iter().map(|wanted| {
                let index = PartitionIndex(wanted.partition);
                if !may {
                    return answer(wanted, Err(ErrorCode::TopicAuthorizationFailed));
                }
                let partition = known.and_then(|id| broker.partitions.get(id, index));
                let found = partition.ok_or(ErrorCode::UnknownTopicOrPartition);
                answer(wanted, found.and_then(|partition| end_of(&partition, wanted)))
            });
            OffsetForLeaderTopicResult { partitions: partitions.collect(), topic: topic.topic }
        })
        .collect();
    request.ready(&OffsetForLeaderEpochResponse { throttle_time_ms: 0, topics })
}

fn end_of(
    partition: &Partition,
    wanted: &OffsetForLeaderPartition,
) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
    let reader = partition.online_reader()?;
    partition.check_leader_epoch(LeaderEpoch(wanted.current_leader_epoch))?;
    let epoch = LeaderEpoch(wanted.leader_epoch);
    if epoch == partition.leader_epoch() {
        // Also before this leader has written anything.
        return Ok(Some((epoch, reader.log_end())));
    }
    Ok(reader.epoch_end_offset(epoch))
}

fn answer(
    wanted: &OffsetForLeaderPartition,
    found: Result<Option<(LeaderEpoch, Offset)>, ErrorCode>,
) -> EpochEndOffset {
    let mut answer = EpochEndOffset { partition: wanted.partition, ..Default::default() };
    match found {
        Ok(Some((epoch, offset))) => {
            answer.leader_epoch = epoch.get();
            answer.end_offset = offset.get();
        }
        Ok(None) => {}
        Err(error) => answer.error_code = error.code(),
    }
    answer
}
