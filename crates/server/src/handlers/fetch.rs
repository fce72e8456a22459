//! Fetch (key 1), versions 4–18.
//!
//! - Readers see what is below the high watermark (read_uncommitted) or the last stable offset.
//! - Needs Read on each topic, a follower's Fetch ClusterAction; asked for anew by every Fetch of a session.
//! - The first batch found is returned whole even above the size limits (KIP-74); a fetch offset
//!   inside a batch returns that whole batch.
//! - `min_bytes` and `max_wait_ms` are honoured; an error in any partition answers at once.
//! - v7: sessions (KIP-227); v9: leader epoch checks; v12: diverging epochs are the followers'
//!   business; v13: topics by id.
//! - Who is above `consumer_byte_rate` gets an empty answer that says how long to pause (KIP-219).
//! - What is not in memory is read on a thread that may wait for the disk, and sent from memory then.
//! - An empty partition has an empty record set, never a null one (librdkafka 2.0.2).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stream_codec::{RecordPart, Records, Str};
use stream_log::disk::file::without_waiting;
use stream_log::{LogReader, LogSlice, ReadBound, SlicePart};
use stream_metadata::TopicImage;
use stream_security::acl::{Operation, ResourceType};
use stream_security::quota::QuotaType;
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex, Uuid, limits};
use stream_wire::api::ApiKey;
use stream_wire::fetch::{AbortedTransaction, FetchRequest, FetchResponse, FetchableTopicResponse, PartitionData};
use tokio::sync::Semaphore;

use super::error_map;
use super::request::{FileRange, Request, Responder};
use crate::broker::Broker;
use crate::clock;
use crate::fetch_sessions::{Asked, SessionContext};
use crate::net::{Answer, Pending, Session};
use crate::partitions::{FetchWaiter, Partition};

/// Who waits for a disk.
static COLD_FETCHES: Semaphore = Semaphore::const_new(limits::COLD_FETCHES_MAX);

/// One partition that a client wants to read.
#[derive(Debug)]
struct Wanted {
    asked: Asked,
    partition: Result<Arc<Partition>, ErrorCode>,
}

/// A Fetch with everything resolved.
#[derive(Debug)]
struct Plan {
    responder: Responder,
    session: SessionContext,
    wanted: Vec<Wanted>,
    bound: ReadBound,
    bytes_max: usize,
    bytes_min: usize,
    wait: Duration,
    /// Whose quota the bytes count for, if there are quotas.
    quota: Option<(Session, Option<Str>)>,
}

/// What one pass over the partitions found.
#[derive(Debug)]
struct Pass {
    /// In the order of [`Plan::wanted`].
    results: Vec<PartitionData>,
    files: Vec<FileRange>,
    bytes: usize,
    failed: bool,
    /// Something was not read, because it would have had to be waited for.
    is_cold: bool,
}

/// Why a partition was not read.
#[derive(Debug, Clone, Copy)]
enum ReadFailure {
    Answer(ErrorCode),
    WouldWait,
}

/// Reads from partitions, waiting for more where the client wants it.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: FetchRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let plan = match plan(broker, request, body) {
        Ok(plan) => plan,
        Err(error) => {
            let response = FetchResponse { error_code: error.code(), ..Default::default() };
            return request.ready(&response);
        }
    };
    if let Some(pass) = plan.pass_now()
        && (pass.failed || pass.bytes >= plan.bytes_min || plan.wait.is_zero())
    {
        return Pending::Ready(plan.answer(broker, pass));
    }
    let deadline = broker.clock.deadline(plan.wait);
    let (broker, plan) = (Arc::clone(broker), Arc::new(plan));
    Pending::later(async move { plan.wait_for_bytes(&broker, deadline).await })
}

fn plan(broker: &Broker, request: &Request, body: FetchRequest) -> Result<Plan, ErrorCode> {
    let image = broker.image();
    let by_id = request.version() >= 13;
    let bound = if body.isolation_level == 1 { ReadBound::LastStable } else { ReadBound::HighWatermark };
    let bytes_max = usize::try_from(body.max_bytes).unwrap_or(0).min(broker.config.network.fetch_bytes_max);
    let (session, client_id) = (&request.session, request.client_id.as_deref());
    let quota = broker.quotas.limits_any(QuotaType::Fetch).then(|| (session.clone(), request.client_id.clone()));
    // More than a window holds could never be given.
    let bytes_max = match broker.quotas.at_once_max(QuotaType::Fetch, session, client_id) {
        Some(bytes) => bytes_max.min(bytes),
        None => bytes_max,
    };
    let bytes_min = usize::try_from(body.min_bytes).unwrap_or(0).min(bytes_max);
    let wait = Duration::from_millis(u64::try_from(body.max_wait_ms).unwrap_or(0));
    let mut readable = Readable::new(broker, request, &body)?;
    let now = broker.clock.monotonic();
    let random = || clock::random_u64() as i32;
    let (session, asked) = broker.fetch_sessions.open(now, request.version(), random, body)?;
    let mut wanted = Vec::with_capacity(asked.len());
    for asked in asked {
        let known = if by_id { image.topics().by_id(asked.topic_id) } else { image.topic(&asked.topic) };
        let partition = match known {
            // What is not known by its id has no name to be denied by.
            Some(known) if !readable.may_known(known) => Err(ErrorCode::TopicAuthorizationFailed),
            None if !by_id && !readable.may(&asked.topic) => Err(ErrorCode::TopicAuthorizationFailed),
            None if by_id => Err(ErrorCode::UnknownTopicId),
            None => Err(ErrorCode::UnknownTopicOrPartition),
            Some(known) => broker
                .partitions
                .get(known.id, PartitionIndex(asked.partition.partition))
                .ok_or(ErrorCode::UnknownTopicOrPartition),
        };
        wanted.push(Wanted { asked, partition });
    }
    Ok(Plan { responder: request.responder, session, wanted, bound, bytes_max, bytes_min, wait, quota })
}

/// Which topics the client may read: consumers need Read on each, followers ClusterAction, which is Read on all.
struct Readable<'a> {
    broker: &'a Broker,
    session: &'a Session,
    as_follower: Option<bool>,
    /// The last known topic and whether it may be read: partitions of a topic mostly follow each other.
    last: Option<(Uuid, bool)>,
}

impl<'a> Readable<'a> {
    fn new(broker: &'a Broker, request: &'a Request, body: &FetchRequest) -> Result<Readable<'a>, ErrorCode> {
        let session = &request.session;
        if session.listener.is_controller && !broker.may_on_cluster(session, Operation::ClusterAction) {
            return Err(ErrorCode::ClusterAuthorizationFailed);
        }
        let replica = if request.version() >= 15 { body.replica_state.replica_id } else { body.replica_id };
        let as_follower = (replica >= 0).then(|| broker.may_on_cluster(session, Operation::ClusterAction));
        Ok(Readable { broker, session, as_follower, last: None })
    }

    fn may(&self, topic: &str) -> bool {
        if !self.broker.authorization.is_on() {
            return true;
        }
        if let Some(may) = self.as_follower {
            return may;
        }
        self.broker.may(self.session, Operation::Read, ResourceType::Topic, topic)
    }

    fn may_known(&mut self, topic: &TopicImage) -> bool {
        if let Some((last, may)) = self.last
            && last == topic.id
        {
            return may;
        }
        let may = self.may(&topic.name);
        self.last = Some((topic.id, may));
        may
    }
}

impl Plan {
    /// Reads every partition once, if nobody has to wait for the disk: connections share their threads.
    fn pass_now(&self) -> Option<Pass> {
        let pass = without_waiting(|| self.pass());
        let is_resident = |range: &FileRange| range.file.is_resident(range.position, range.len);
        (!pass.is_cold && pass.files.iter().all(is_resident)).then_some(pass)
    }

    /// Reads every partition once; what is not in memory, on a thread that may wait.
    async fn pass_in_time(self: &Arc<Plan>) -> Pass {
        if let Some(pass) = self.pass_now() {
            return pass;
        }
        // The semaphore is never closed.
        let _permit = COLD_FETCHES.acquire().await;
        let plan = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            let pass = plan.pass();
            pass.files.iter().for_each(|range| range.file.make_resident(range.position, range.len));
            pass
        });
        // The thread gives no pass only where the runtime ends.
        read.await.unwrap_or_else(|_| self.pass())
    }

    /// Reads every partition once.
    fn pass(&self) -> Pass {
        let mut pass = Pass {
            results: Vec::with_capacity(self.wanted.len()),
            files: Vec::new(),
            bytes: 0,
            failed: false,
            is_cold: false,
        };
        for wanted in &self.wanted {
            let room = self.bytes_max.saturating_sub(pass.bytes);
            let bytes_max = usize::try_from(wanted.asked.partition.partition_max_bytes).unwrap_or(0);
            let data = match self.read(wanted, room.min(bytes_max), pass.bytes == 0) {
                Ok((slice, partition)) => {
                    pass.bytes += slice.len;
                    partition_data(wanted, slice, partition, self.bound, &mut pass.files)
                }
                Err((ReadFailure::WouldWait, _)) => {
                    pass.is_cold = true;
                    return pass;
                }
                Err((ReadFailure::Answer(error), partition)) => {
                    pass.failed = true;
                    failed_data(wanted, error, partition)
                }
            };
            pass.results.push(data);
        }
        pass
    }

    #[allow(clippy::type_complexity)]
    fn read<'a>(
        &self,
        wanted: &'a Wanted,
        bytes_max: usize,
        first: bool,
    ) -> Result<(LogSlice, &'a Partition), (ReadFailure, Option<&'a Partition>)> {
        let partition = match &wanted.partition {
            Ok(partition) => partition,
            Err(error) => return Err((ReadFailure::Answer(*error), None)),
        };
        let Some(reader) = partition.reader() else {
            return Err((ReadFailure::Answer(ErrorCode::NotLeaderOrFollower), None));
        };
        let asked = &wanted.asked.partition;
        let epoch = LeaderEpoch(asked.current_leader_epoch);
        partition.check_leader_epoch(epoch).map_err(|error| (ReadFailure::Answer(error), Some(&**partition)))?;
        match reader.read(Offset(asked.fetch_offset), bytes_max, self.bound, first) {
            Ok(slice) => Ok((slice, partition)),
            Err(error) if error.would_wait() => Err((ReadFailure::WouldWait, None)),
            Err(error) => Err((ReadFailure::Answer(error_map::read_error(&partition.id, &error)), Some(partition))),
        }
    }

    /// Waits until enough bytes are there or the time is over.
    async fn wait_for_bytes(self: Arc<Plan>, broker: &Broker, deadline: tokio::time::Instant) -> Answer {
        let waiter = Arc::new(FetchWaiter::default());
        loop {
            let registered = Registered::new(&self, &waiter, &broker.metrics.waiting_fetches);
            // Read again after registering: news between the last pass and now wakes nobody.
            let pass = self.pass_in_time().await;
            let over = broker.clock.has_passed(deadline) || broker.is_stopping();
            if pass.failed || pass.bytes >= self.bytes_min || over {
                return self.answer(broker, pass);
            }
            drop(pass);
            // Either way the next pass decides.
            tokio::select! {
                _ = tokio::time::timeout_at(deadline, waiter.woken()) => {}
                () = broker.stopping() => {}
            }
            drop(registered);
        }
    }

    fn partitions(&self) -> impl Iterator<Item = &Arc<Partition>> {
        self.wanted.iter().filter_map(|wanted| wanted.partition.as_ref().ok())
    }

    /// Counts the bytes of an answer. `Err`: they are not given now, and the client is told how long to pause (KIP-219).
    fn charge(&self, broker: &Broker, bytes: usize) -> Result<i32, Answer> {
        let Some((session, client_id)) = &self.quota else { return Ok(0) };
        let (client_id, bytes) = (client_id.as_deref(), bytes as f64);
        let usage = broker.quotas.record(QuotaType::Fetch, session, client_id, bytes);
        let throttle_time_ms = broker.quotas.pause(&session.muter, usage.throttle);
        if throttle_time_ms == 0 || usage.alone {
            return Ok(throttle_time_ms);
        }
        broker.quotas.unrecord(QuotaType::Fetch, session, client_id, bytes);
        let session_id = match &self.session {
            SessionContext::Incremental(session) => session.lock().id,
            // The client asks for everything again.
            SessionContext::Sessionless | SessionContext::Full(_) => 0,
        };
        let response = FetchResponse { throttle_time_ms, session_id, ..Default::default() };
        Err(self.responder.respond(&response))
    }

    fn answer(&self, broker: &Broker, pass: Pass) -> Answer {
        let throttle_time_ms = match self.charge(broker, pass.bytes) {
            Ok(throttle_time_ms) => throttle_time_ms,
            Err(empty) => return empty,
        };
        let mut session = match &self.session {
            SessionContext::Sessionless => None,
            SessionContext::Full(session) | SessionContext::Incremental(session) => Some(session.lock()),
        };
        let incremental = matches!(self.session, SessionContext::Incremental(_));
        let mut responses: Vec<FetchableTopicResponse> = Vec::new();
        for (wanted, data) in self.wanted.iter().zip(pass.results) {
            if let Some(error) = ErrorCode::from_code(data.error_code).filter(|error| !error.is_none()) {
                broker.metrics.error(ApiKey::Fetch, error);
            }
            if let (Ok(partition), Some(records)) = (&wanted.partition, &data.records) {
                partition.traffic.fetched(records.len() as u64);
            }
            let is_news = session.as_mut().is_none_or(|session| session.is_news(&wanted.asked, &data));
            if incremental && !is_news {
                continue;
            }
            let Asked { topic, topic_id, .. } = &wanted.asked;
            match responses.last_mut() {
                Some(last) if last.topic == *topic && last.topic_id == *topic_id => last.partitions.push(data),
                _ => responses.push(FetchableTopicResponse {
                    topic: topic.clone(),
                    topic_id: *topic_id,
                    partitions: vec![data],
                }),
            }
        }
        let session_id = session.map_or(0, |session| session.id);
        let response = FetchResponse { throttle_time_ms, session_id, responses, ..Default::default() };
        self.responder.respond_with_files(&response, &pass.files)
    }
}

/// A waiting Fetch at its partitions, until it is answered or its connection is gone.
struct Registered<'a> {
    plan: &'a Plan,
    waiter: &'a Arc<FetchWaiter>,
    count: &'a AtomicUsize,
}

impl<'a> Registered<'a> {
    fn new(plan: &'a Plan, waiter: &'a Arc<FetchWaiter>, count: &'a AtomicUsize) -> Registered<'a> {
        count.fetch_add(1, Ordering::Relaxed);
        plan.partitions().for_each(|partition| partition.fetch_waiters.add(waiter));
        Registered { plan, waiter, count }
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.plan.partitions().for_each(|partition| partition.fetch_waiters.remove(self.waiter));
    }
}

fn partition_data(
    wanted: &Wanted,
    slice: LogSlice,
    partition: &Partition,
    bound: ReadBound,
    files: &mut Vec<FileRange>,
) -> PartitionData {
    let mut records = Records::empty();
    let is_empty = slice.len == 0;
    for part in slice.parts {
        records.parts.push(match part {
            SlicePart::Bytes(bytes) => RecordPart::Bytes(bytes),
            SlicePart::File { file, position, len } => {
                files.push(FileRange { file, position, len });
                RecordPart::External { id: files.len() as u32 - 1, len }
            }
        });
    }
    let mut data = offsets(wanted, Some(partition));
    data.records = Some(records);
    data.aborted_transactions = (bound == ReadBound::LastStable).then(|| match partition.reader() {
        Some(reader) if !is_empty => aborted(reader, Offset(wanted.asked.partition.fetch_offset)),
        _ => Vec::new(),
    });
    data
}

fn aborted(reader: &LogReader, from: Offset) -> Vec<AbortedTransaction> {
    let of = |transaction: stream_log::AbortedTransaction| AbortedTransaction {
        producer_id: transaction.producer_id.get(),
        first_offset: transaction.first_offset.get(),
    };
    reader.aborted_from(from).into_iter().map(of).collect()
}

fn failed_data(wanted: &Wanted, error: ErrorCode, partition: Option<&Partition>) -> PartitionData {
    let mut data = offsets(wanted, partition);
    data.error_code = error.code();
    data
}

fn offsets(wanted: &Wanted, partition: Option<&Partition>) -> PartitionData {
    let mut data = PartitionData {
        partition_index: wanted.asked.partition.partition,
        records: Some(Records::empty()),
        ..Default::default()
    };
    data.high_watermark = Offset::NONE.get();
    if let Some(reader) = partition.and_then(Partition::reader) {
        data.high_watermark = reader.high_watermark().get();
        data.last_stable_offset = reader.last_stable_offset().get();
        data.log_start_offset = reader.log_start().get();
    }
    data
}
