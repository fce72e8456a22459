//! Appends to logs: each partition's batches with one write, and what is to be synced handed on.

use std::sync::Arc;

use stream_log::{AppendError, AppendOrigin, Appended, Log, SyncWork};
use stream_replica::{FlushPolicy, Leader};
use stream_types::{ErrorCode, LeaderEpoch, Offset};

use super::partition::{AckToken, Partition};
use super::produce_job::AppendOutcome;
use super::worker::{Acks, AppendRequest, WorkerContext};
use crate::handlers::error_map;

/// The batches of several partitions, in the order in which they came.
pub(super) type Gathered = Vec<(Arc<Partition>, Vec<AppendRequest>)>;

/// Adds batches to those of their partitions.
pub(super) fn gather(appends: &mut Gathered, requests: Vec<AppendRequest>) {
    for request in requests {
        // Few partitions are written at a time: a scan beats a map.
        match appends.iter_mut().find(|(partition, _)| Arc::ptr_eq(partition, &request.partition)) {
            Some((_, gathered)) => gathered.push(request),
            None => appends.push((Arc::clone(&request.partition), vec![request])),
        }
    }
}

/// Appends everything gathered; what is to be synced then.
pub(super) fn append_all(context: &WorkerContext, appends: Gathered) -> Vec<(Arc<Partition>, SyncWork)> {
    let mut works = Vec::with_capacity(appends.len());
    for (partition, requests) in appends {
        if let Some(work) = append(context, &partition, requests) {
            works.push((partition, work));
        }
    }
    works
}

/// Appends batches to one partition with one write; what is to be synced afterwards.
fn append(context: &WorkerContext, partition: &Arc<Partition>, requests: Vec<AppendRequest>) -> Option<SyncWork> {
    let mut log = partition.log.lock();
    partition.unqueue(requests.len());
    append_to(context, partition, log.as_mut(), requests)
}

/// As [`append_all`] for one partition whose log the caller has locked.
pub(super) fn append_to(
    context: &WorkerContext,
    partition: &Arc<Partition>,
    log: Option<&mut Log>,
    requests: Vec<AppendRequest>,
) -> Option<SyncWork> {
    let (Some(log), Some(epoch)) = (log, leader_epoch(partition)) else {
        for request in requests {
            finish(&request, AppendOutcome::refused(ErrorCode::NotLeaderOrFollower, None));
        }
        return None;
    };
    // Clients cannot produce to a coordinator's topic, so one partition's batches are all of one kind.
    let origin = requests.first().map_or(AppendOrigin::Client, |request| request.reply.origin());
    let mut batches = Vec::with_capacity(requests.len());
    let mut replies = Vec::with_capacity(requests.len());
    for request in requests {
        let traffic = (request.batch.header().record_count, request.batch.size());
        batches.push(request.batch);
        replies.push((request.acks, request.reply, traffic));
    }
    let results = log.append_as_leader(context.clock.now(), epoch, batches, origin);
    let log_end = log.reader().log_end();
    assert!(results.len() == replies.len(), "every batch has its own result");
    let mut leader = partition.leader.lock();
    let leader = leader.as_mut()?;
    let mut released = leader.appended(log_end);
    for (result, (acks, reply, (records, bytes))) in results.into_iter().zip(replies) {
        if let Ok(appended) = &result {
            reply.appended(appended.first_offset);
            partition.traffic.produced(u64::try_from(records).unwrap_or(0), bytes as u64);
        }
        let (outcome, end) = outcome_of(partition, result);
        match (acks, end) {
            (Acks::All, Some(end)) => {
                let token = AckToken { reply, outcome };
                released.extend(leader.wait(end, token));
            }
            (Acks::None(closer), None) => {
                closer.close(format!("produce with acks=0 to {} failed: {}", partition.id, outcome.error));
                reply.complete(outcome);
            }
            _ => reply.complete(outcome),
        }
    }
    partition.publish_high_watermark(leader);
    partition.give_up_if_offline(leader);
    partition.release(released);
    match context.flush_policy {
        FlushPolicy::Never => None,
        FlushPolicy::Auto | FlushPolicy::Always => log.take_sync(),
    }
}

fn leader_epoch(partition: &Partition) -> Option<LeaderEpoch> {
    partition.leader.lock().as_ref().map(Leader::epoch)
}

/// The answer to one batch, and the offset that must be committed before acks=all is answered.
fn outcome_of(partition: &Partition, result: Result<Appended, AppendError>) -> (AppendOutcome, Option<Offset>) {
    match result {
        Ok(appended) => {
            let end = appended.last_offset.plus(1);
            let outcome = AppendOutcome {
                error: ErrorCode::None,
                message: None,
                base_offset: appended.first_offset,
                log_append_time: appended.append_time,
                log_start_offset: appended.log_start,
                record_errors: Vec::new(),
            };
            (outcome, Some(end))
        }
        Err(error) => {
            let code = error_map::append_error(&error);
            // That the directory is offline was said once.
            if matches!(error, AppendError::NoSpace(_)) {
                tracing::error!(partition = %partition.id, "append failed: {error}");
            }
            (AppendOutcome::refused(code, error.to_string()), None)
        }
    }
}

/// Completes a request that was not appended.
pub(super) fn finish(request: &AppendRequest, outcome: AppendOutcome) {
    if let Acks::None(closer) = &request.acks {
        closer.close(format!("produce with acks=0 to {} failed: {}", request.partition.id, outcome.error));
    }
    request.reply.complete(outcome);
}
