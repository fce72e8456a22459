//! Produce (key 0), versions 3–13.
//!
//! - Stage 1, in request order: batches are checked on the connection's thread and handed to
//!   their partitions' workers. The connection may then read its next request.
//! - Stage 2: the answer leaves when every partition is appended (acks=1) or committed (acks=all).
//! - Needs Write on each topic, and on the transactional id of transactional records.
//! - acks=0: no answer; an error closes the connection.
//! - Who is above `producer_byte_rate` is told so, and nothing is read from it for that time (KIP-219).
//! - v3+: exactly one batch of magic 2 a partition. v7: zstd. v8: record errors (KIP-467).
//!   v10: leader hints (KIP-951). v13: topics by id.
//! - Versions 0–2 are advertised for old librdkafka (KAFKA-18659) and refused.

use std::sync::Arc;
use std::time::Duration;

use stream_codec::compression::Compression;
use stream_codec::{RecordPart, Records};
use stream_log::CheckedBatch;
use stream_metadata::image::is_internal_topic;
use stream_security::acl::{Operation, ResourceType};
use stream_security::quota::QuotaType;
use stream_types::{ErrorCode, PartitionIndex, Uuid};
use stream_wire::api::ApiKey;
use stream_wire::produce::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};

use super::error_map;
use super::request::{Request, Responder};
use crate::broker::Broker;
use crate::net::{Answer, Muter, Pending};
use crate::partitions::{Acks, AppendOutcome, AppendReply, AppendRequest, Partition, ProduceJob};

/// The first version that may carry zstd.
const ZSTD_VERSION: i16 = 7;

/// Where each partition of the request stands in the answer.
#[derive(Debug)]
struct Place {
    name: stream_codec::Str,
    topic_id: Uuid,
    partitions: Vec<i32>,
}

/// How long the client has to pause once it is answered, because it produced too much.
#[derive(Debug)]
struct Pause(Option<(Muter, Duration)>);

impl Pause {
    fn of(broker: &Broker, request: &Request) -> Pause {
        let (session, client_id) = (&request.session, request.client_id.as_deref());
        let usage = broker.quotas.record(QuotaType::Produce, session, client_id, request.body.len() as f64);
        Pause((!usage.throttle.is_zero()).then(|| (session.muter.clone(), usage.throttle)))
    }

    /// Lets the pause begin; what the answer says of it.
    fn begin(&self, broker: &Broker) -> i32 {
        self.0.as_ref().map_or(0, |(muter, throttle)| broker.quotas.pause(muter, *throttle))
    }
}

/// Appends batches to partitions.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ProduceRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !may_be_transactional(broker, request, &body) {
        return refuse_all(broker, request, &body, ErrorCode::TransactionalIdAuthorizationFailed);
    }
    let acks = match body.acks {
        0 => Acks::None(request.session.closer.clone()),
        1 => Acks::Leader,
        -1 => Acks::All,
        _ => return refuse_all(broker, request, &body, ErrorCode::InvalidRequiredAcks),
    };
    let silent = matches!(acks, Acks::None(_));
    let pause = Pause::of(broker, request);
    let slot_count = body.topic_data.iter().map(|topic| topic.partition_data.len()).sum();
    let (job, done) = ProduceJob::new(slot_count);
    let job = Arc::new(job);
    let places = submit(broker, request, body, &acks, &job);
    if silent {
        pause.begin(broker);
        return Pending::Ready(Answer::Silence);
    }
    let responder = request.responder;
    if slot_count == 0 {
        return Pending::Ready(answer(broker, responder, &pause, places.0, Vec::new()));
    }
    let timeout = Duration::from_millis(u64::try_from(places.1).unwrap_or(0));
    let broker = Arc::clone(broker);
    Pending::later(async move {
        let outcomes = match tokio::time::timeout(timeout, done).await {
            Ok(Ok(outcomes)) => outcomes,
            // Appended, but not committed in the time that the client gives.
            Err(_) | Ok(Err(_)) => vec![AppendOutcome::refused(ErrorCode::RequestTimedOut, None); slot_count],
        };
        answer(&broker, responder, &pause, places.0, outcomes)
    })
}

/// Whether the client may use the transactional id of what it sends, if any of that is transactional.
fn may_be_transactional(broker: &Broker, request: &Request, body: &ProduceRequest) -> bool {
    if !broker.authorization.is_on() {
        return true;
    }
    let mut records =
        body.topic_data.iter().flat_map(|topic| &topic.partition_data).filter_map(|data| data.records.as_ref());
    if !records.any(is_transactional) {
        return true;
    }
    body.transactional_id
        .as_deref()
        .is_some_and(|id| broker.may(&request.session, Operation::Write, ResourceType::TransactionalId, id))
}

/// Whether the first batch says so; that there is one batch, and a good one, is checked later.
fn is_transactional(records: &Records) -> bool {
    const ATTRIBUTES_LAST_BYTE: usize = 22;
    const TRANSACTIONAL: u8 = 0x10;
    let first = records.parts.first();
    matches!(first, Some(RecordPart::Bytes(bytes)) if bytes.get(ATTRIBUTES_LAST_BYTE).is_some_and(|byte| byte & TRANSACTIONAL != 0))
}

/// Checks every batch and hands it to its partition's worker; the slots follow the request's order.
fn submit(
    broker: &Arc<Broker>,
    request: &Request,
    body: ProduceRequest,
    acks: &Acks,
    job: &Arc<ProduceJob>,
) -> (Vec<Place>, i32) {
    let image = broker.image();
    let mut appends: Vec<AppendRequest> = Vec::new();
    let mut places = Vec::with_capacity(body.topic_data.len());
    let mut slot = 0;
    for topic in body.topic_data {
        let known =
            if request.version() >= 13 { image.topics().by_id(topic.topic_id) } else { image.topic(&topic.name) };
        let name = known.map_or(&*topic.name, |known| &known.name);
        // What is not known by its id has no name to be denied by.
        let is_denied = (known.is_some() || request.version() < 13)
            && !broker.may(&request.session, Operation::Write, ResourceType::Topic, name);
        let mut place = Place {
            name: topic.name,
            topic_id: topic.topic_id,
            partitions: Vec::with_capacity(topic.partition_data.len()),
        };
        for data in topic.partition_data {
            place.partitions.push(data.index);
            let checked = match known {
                _ if is_denied => Err(AppendOutcome::refused(ErrorCode::TopicAuthorizationFailed, None)),
                None if request.version() >= 13 => Err(AppendOutcome::refused(ErrorCode::UnknownTopicId, None)),
                None => Err(AppendOutcome::refused(ErrorCode::UnknownTopicOrPartition, None)),
                Some(known) => {
                    let partition = broker.partitions.get(known.id, PartitionIndex(data.index));
                    check(broker, request.version(), partition, data.records, request.body.len())
                }
            };
            match checked {
                Ok((partition, batch)) => {
                    let reply = AppendReply::Produce { job: Arc::clone(job), slot };
                    appends.push(AppendRequest { partition, batch, acks: acks.clone(), reply });
                }
                Err(outcome) => {
                    if let Acks::None(closer) = acks {
                        closer.close(format!(
                            "produce with acks=0 to {}-{} failed: {}",
                            place.name, data.index, outcome.error
                        ));
                    }
                    job.complete(slot, outcome);
                }
            }
            slot += 1;
        }
        places.push(place);
    }
    broker.workers.append(appends);
    (places, body.timeout_ms)
}

fn check(
    broker: &Broker,
    version: i16,
    partition: Option<Arc<Partition>>,
    records: Option<Records>,
    frame_bytes: usize,
) -> Result<(Arc<Partition>, CheckedBatch), AppendOutcome> {
    let Some(partition) = partition else {
        return Err(AppendOutcome::refused(ErrorCode::UnknownTopicOrPartition, None));
    };
    let Some(reader) = partition.reader() else {
        return Err(AppendOutcome::refused(ErrorCode::NotLeaderOrFollower, None));
    };
    if is_internal_topic(&partition.id.topic) {
        // Its coordinator alone knows what comes next in it.
        let message = format!("Cannot append to internal topic {}", partition.id.topic);
        return Err(AppendOutcome::refused(ErrorCode::InvalidTopicException, message));
    }
    if broker.audit.is_trail(&partition.id.topic) {
        let message = format!("{} is the audit trail, which the broker alone writes", partition.id.topic);
        return Err(AppendOutcome::refused(ErrorCode::TopicAuthorizationFailed, message));
    }
    let rules = partition.rules();
    let bytes = records.and_then(|records| records.to_bytes()).unwrap_or_default();
    // The reserve is for Kafka's own topics and the metadata log.
    if !broker.disk_space.admits(reader.dir(), bytes.len()) {
        let message = "the log directory is full; records are taken again when there is room".to_owned();
        return Err(AppendOutcome::refused(ErrorCode::KafkaStorageError, message));
    }
    let checked =
        CheckedBatch::check(bytes, &rules, broker.clock.wall()).map_err(|error| error_map::check_error(&error))?;
    let zstd = matches!(checked.header().attributes.compression(), Ok(Compression::Zstd));
    if zstd && version < ZSTD_VERSION {
        let message = format!("zstd needs Produce version {ZSTD_VERSION} or above");
        return Err(AppendOutcome::refused(ErrorCode::UnsupportedCompressionType, message));
    }
    Ok((partition, checked.in_buffer_of(frame_bytes)))
}

fn answer(
    broker: &Broker,
    responder: Responder,
    pause: &Pause,
    places: Vec<Place>,
    outcomes: Vec<AppendOutcome>,
) -> Answer {
    for outcome in outcomes.iter().filter(|outcome| !outcome.error.is_none()) {
        broker.metrics.error(ApiKey::Produce, outcome.error);
    }
    let mut outcomes = outcomes.into_iter();
    let mut response = ProduceResponse { throttle_time_ms: pause.begin(broker), ..Default::default() };
    for place in places {
        let partition_responses = place
            .partitions
            .into_iter()
            .zip(outcomes.by_ref())
            .map(|(index, outcome)| PartitionProduceResponse {
                index,
                error_code: outcome.error.code(),
                base_offset: outcome.base_offset.get(),
                log_append_time_ms: outcome.log_append_time.0,
                log_start_offset: outcome.log_start_offset.get(),
                record_errors: outcome
                    .record_errors
                    .into_iter()
                    .map(|(batch_index, message)| BatchIndexAndErrorMessage {
                        batch_index,
                        batch_index_error_message: Some(message.into()),
                    })
                    .collect(),
                error_message: outcome.message.map(Into::into),
                ..Default::default()
            })
            .collect();
        response.responses.push(TopicProduceResponse {
            name: place.name,
            topic_id: place.topic_id,
            partition_responses,
        });
    }
    responder.respond(&response)
}

fn refuse_all(broker: &Broker, request: &Request, body: &ProduceRequest, error: ErrorCode) -> Pending {
    let mut outcomes = Vec::new();
    let mut places = Vec::new();
    for topic in &body.topic_data {
        let partitions: Vec<i32> = topic.partition_data.iter().map(|data| data.index).collect();
        outcomes.extend(partitions.iter().map(|_| AppendOutcome::refused(error, None)));
        places.push(Place { name: topic.name.clone(), topic_id: topic.topic_id, partitions });
    }
    Pending::Ready(answer(broker, request.responder, &Pause::of(broker, request), places, outcomes))
}
