//! What answers of the broker promise, and what they are called.

use stream_coordinator::{GroupCommand, GroupReply};
use stream_types::ErrorCode;

use super::oracle::Oracle;
use super::{Refusal, Released, member};
use crate::violation::Checked;

/// What an answer of the coordinator promises.
pub(super) fn judge_group(
    oracle: &mut Oracle,
    generation: i32,
    member_id: &str,
    command: &GroupCommand,
    reply: &GroupReply,
) -> Checked {
    match (command, reply) {
        (_, GroupReply::Join(reply)) if reply.error == ErrorCode::None => oracle.joined(reply.generation_id),
        (_, GroupReply::Sync(reply)) if reply.error == ErrorCode::None => {
            oracle.assigned(generation, member_id, &member::decode(&reply.assignment))
        }
        (GroupCommand::CommitOffsets(command), GroupReply::CommitOffsets(reply)) => {
            let asked = command.topics.iter().flat_map(|topic| &topic.partitions);
            let results = reply.topics.iter().flat_map(|topic| &topic.partitions);
            for (asked, result) in asked.zip(results) {
                if result.error == ErrorCode::None {
                    oracle.committed(asked.partition.get(), asked.offset.0)?;
                }
            }
            Ok(())
        }
        (_, GroupReply::FetchOffsets(reply)) => {
            for fetched in reply.topics.iter().flat_map(|topic| &topic.partitions) {
                oracle.fetched(fetched.partition.get(), fetched.offset.0)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What the workload aims for; a test demands that each is reached.
pub const OUTCOMES: &[&str] = &[
    "producer/acknowledged",
    "producer/out-of-order",
    "producer/late-original",
    "consumer/read",
    "group/joined",
    "group/member-id-required",
    "group/synced",
    "group/rebalance-in-progress",
    "group/unknown-member",
    "group/illegal-generation",
    "group/committed",
    "group/commit-refused",
    "group/fetched",
    "group/heartbeat",
    "group/left",
    "disk/power-loss",
    "broker/recovery-cut-short",
    "broker/checkpoint",
    "broker/roll",
    "broker/compaction",
    "broker/clean-restart",
];

pub(super) fn outcome(answer: &Released) -> &'static str {
    let refused = |error: ErrorCode, fine: &'static str| match error {
        ErrorCode::None => fine,
        ErrorCode::MemberIdRequired => "group/member-id-required",
        ErrorCode::RebalanceInProgress => "group/rebalance-in-progress",
        ErrorCode::UnknownMemberId => "group/unknown-member",
        ErrorCode::IllegalGeneration => "group/illegal-generation",
        _ => "not aimed for",
    };
    match answer {
        Released::Produce { result: Ok(_), .. } => "producer/acknowledged",
        Released::Produce { result: Err(Refusal::OutOfOrder), .. } => "producer/out-of-order",
        Released::Group { reply, .. } => match reply {
            GroupReply::Join(reply) => refused(reply.error, "group/joined"),
            GroupReply::Sync(reply) => refused(reply.error, "group/synced"),
            GroupReply::Heartbeat(error) => refused(*error, "group/heartbeat"),
            GroupReply::Leave(_) => "group/left",
            GroupReply::FetchOffsets(_) => "group/fetched",
            GroupReply::CommitOffsets(reply) => {
                let mut results = reply.topics.iter().flat_map(|topic| &topic.partitions);
                let is_fine = results.all(|result| result.error == ErrorCode::None);
                if is_fine { "group/committed" } else { "group/commit-refused" }
            }
            _ => "not aimed for",
        },
    }
}
