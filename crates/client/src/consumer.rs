//! Reading partitions: one Fetch at a time to each leader, without a session, the next one sent before the records of
//! the last are handed over.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchIter};
use stream_types::{ErrorCode, Uuid};
use stream_wire::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData};
use tokio::task::JoinSet;

use crate::admin::list_offsets::OffsetSpec;
use crate::client::{Client, Target};
use crate::error::ClientError;
use crate::retry::Retry;

/// The first version that names topics by id.
const BY_ID: i16 = 13;

/// How a consumer reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsumerOptions {
    /// Longest that a broker waits for records.
    pub wait: Duration,
    /// Bytes a broker waits for.
    pub min_bytes: i32,
    /// Most bytes of one answer.
    pub max_bytes: i32,
    /// Most bytes of one partition in an answer.
    pub partition_max_bytes: i32,
    /// Whether records of transactions that are open or aborted are left out.
    pub read_committed: bool,
    /// Where to go on when an offset is no longer there; none makes it an error.
    pub reset: Option<StartAt>,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        ConsumerOptions {
            wait: Duration::from_millis(500),
            min_bytes: 1,
            max_bytes: 50 << 20,
            partition_max_bytes: 1 << 20,
            read_committed: false,
            reset: None,
        }
    }
}

/// Where reading starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartAt {
    /// With the first record that is left.
    Earliest,
    /// With what comes next.
    Latest,
    /// At an offset.
    Offset(i64),
    /// With the first record at or after a time (milliseconds since 1970), or what comes next.
    Time(i64),
}

/// A batch that was read.
#[derive(Clone, Debug)]
pub struct FetchedBatch {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// The first offset that was asked for; earlier records of the batch are not wanted.
    pub from_offset: i64,
    /// The batch, its checksum verified.
    pub batch: Batch,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    offset: i64,
    high_watermark: i64,
}

/// Reads partitions from given positions.
#[derive(Debug)]
pub struct Consumer {
    client: Client,
    /// Asks for records only.
    fetching: Client,
    options: ConsumerOptions,
    positions: BTreeMap<(String, i32), Position>,
    /// Grows with each assignment, so that answers to an earlier one are thrown away.
    assignment: u64,
    in_flight: HashMap<i32, u64>,
    fetches: JoinSet<Fetched>,
    ready: VecDeque<FetchedBatch>,
    trouble: Option<Retry>,
}

#[derive(Debug)]
struct Fetched {
    leader: i32,
    assignment: u64,
    asked: Vec<(String, i32)>,
    names: HashMap<Uuid, String>,
    answer: Result<FetchResponse, ClientError>,
}

impl Consumer {
    /// A consumer of nothing yet.
    pub fn new(client: Client, options: ConsumerOptions) -> Consumer {
        Consumer {
            fetching: client.with_own_connections(),
            client,
            options,
            positions: BTreeMap::new(),
            assignment: 0,
            in_flight: HashMap::new(),
            fetches: JoinSet::new(),
            ready: VecDeque::new(),
            trouble: None,
        }
    }

    /// Replaces what is read; offsets are looked up where only a place is named.
    ///
    /// # Errors
    /// When offsets cannot be looked up.
    pub async fn assign(&mut self, starts: &[(String, i32, StartAt)]) -> Result<(), ClientError> {
        self.assignment += 1;
        self.fetches.abort_all();
        self.in_flight.clear();
        self.ready.clear();
        self.positions.clear();
        let mut lookups: BTreeMap<&str, Vec<(i32, OffsetSpec)>> = BTreeMap::new();
        for (topic, partition, start) in starts {
            let spec = match start {
                StartAt::Offset(offset) => {
                    self.set_position(topic, *partition, *offset);
                    continue;
                }
                StartAt::Earliest => OffsetSpec::Earliest,
                StartAt::Latest => OffsetSpec::Latest,
                StartAt::Time(time) => OffsetSpec::At(*time),
            };
            lookups.entry(topic).or_default().push((*partition, spec));
        }
        for (topic, wanted) in lookups {
            let mut found = self.client.list_offsets(topic, &wanted).await?;
            let beyond: Vec<_> = wanted
                .iter()
                .filter(|(partition, _)| found.get(partition).is_some_and(|found| found.offset < 0))
                .map(|(partition, _)| (*partition, OffsetSpec::Latest))
                .collect();
            if !beyond.is_empty() {
                found.extend(self.client.list_offsets(topic, &beyond).await?);
            }
            for (partition, offset) in found {
                self.set_position(topic, partition, offset.offset);
            }
        }
        Ok(())
    }

    fn set_position(&mut self, topic: &str, partition: i32, offset: i64) {
        self.positions.insert((topic.to_owned(), partition), Position { offset, high_watermark: -1 });
    }

    /// The next offset of each partition, of what was handed over.
    pub fn positions(&self) -> BTreeMap<(String, i32), i64> {
        let mut positions: BTreeMap<_, _> =
            self.positions.iter().map(|(partition, position)| (partition.clone(), position.offset)).collect();
        for batch in self.ready.iter().rev() {
            if let Some(offset) = positions.get_mut(&(batch.topic.clone(), batch.partition)) {
                *offset = batch.from_offset.max(batch.batch.header().base_offset.0);
            }
        }
        positions
    }

    /// Records between the position and the end, as far as it is known.
    pub fn lag(&self) -> i64 {
        self.positions.values().map(|position| (position.high_watermark - position.offset).max(0)).sum()
    }

    /// The next batch; waits for it. May be dropped and called again.
    ///
    /// # Errors
    /// Kafka's error for a partition, or when a leader cannot be reached for the operation's time.
    pub async fn next(&mut self) -> Result<FetchedBatch, ClientError> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(batch);
            }
            self.send_fetches().await?;
            let Some(done) = self.fetches.join_next().await else {
                tokio::time::sleep(self.options.wait).await;
                continue;
            };
            // A fetch that was aborted belongs to an earlier assignment.
            let Ok(fetched) = done else { continue };
            if fetched.assignment != self.assignment {
                continue;
            }
            self.in_flight.remove(&fetched.leader);
            match self.take_answer(fetched).await {
                Ok(()) => self.trouble = None,
                Err(error) => {
                    let mut retry = self.trouble.take().unwrap_or_else(|| self.client.retry());
                    self.forget_topics(&error);
                    retry.after(error).await?;
                    self.trouble = Some(retry);
                }
            }
        }
    }

    fn forget_topics(&mut self, error: &ClientError) {
        if error.is_stale_metadata() {
            // Brokers may have other addresses now.
            self.fetching = self.client.with_own_connections();
            self.positions.keys().for_each(|(topic, _)| self.client.forget_topic(topic));
        }
    }

    async fn send_fetches(&mut self) -> Result<(), ClientError> {
        let mut by_leader: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
        let mut topics = HashMap::new();
        for (topic, partition) in self.positions.keys() {
            if !topics.contains_key(topic) {
                topics.insert(topic.clone(), self.client.known_topic(topic).await?);
            }
            let leader =
                topics.get(topic).and_then(|topic| topic.partition(*partition)).map_or(-1, |found| found.leader);
            if leader < 0 {
                self.client.forget_topic(topic);
            } else if !self.in_flight.contains_key(&leader) {
                by_leader.entry(leader).or_default().push((topic.clone(), *partition));
            }
        }
        for (leader, asked) in by_leader {
            let (request, names) = self.request(&asked, &topics);
            self.in_flight.insert(leader, self.assignment);
            let (client, assignment) = (self.fetching.clone(), self.assignment);
            self.fetches.spawn(async move {
                let max = if names.contains_key(&Uuid::ZERO) { BY_ID - 1 } else { i16::MAX };
                let answer = client.call_versioned(Target::Node(leader), max, |_| request.clone()).await;
                Fetched { leader, assignment, asked, names, answer }
            });
        }
        Ok(())
    }

    fn request(
        &self,
        asked: &[(String, i32)],
        topics: &HashMap<String, crate::metadata::Topic>,
    ) -> (FetchRequest, HashMap<Uuid, String>) {
        let mut names = HashMap::new();
        let mut wanted: Vec<FetchTopic> = Vec::new();
        for (name, partition) in asked {
            let id = topics.get(name).map_or(Uuid::ZERO, |topic| topic.id);
            names.insert(id, name.clone());
            let Some(position) = self.positions.get(&(name.clone(), *partition)) else { continue };
            let fetch = FetchPartition {
                partition: *partition,
                fetch_offset: position.offset,
                partition_max_bytes: self.options.partition_max_bytes,
                ..FetchPartition::default()
            };
            match wanted.last_mut().filter(|topic| topic.topic.as_str() == name) {
                Some(topic) => topic.partitions.push(fetch),
                None => wanted.push(FetchTopic { topic: name.as_str().into(), topic_id: id, partitions: vec![fetch] }),
            }
        }
        let request = FetchRequest {
            max_wait_ms: i32::try_from(self.options.wait.as_millis()).unwrap_or(i32::MAX),
            min_bytes: self.options.min_bytes,
            max_bytes: self.options.max_bytes,
            isolation_level: self.options.read_committed.into(),
            topics: wanted,
            ..FetchRequest::default()
        };
        (request, names)
    }

    async fn take_answer(&mut self, fetched: Fetched) -> Result<(), ClientError> {
        let answer = fetched.answer?;
        ClientError::check("fetch", answer.error_code, None)?;
        let mut gone = Vec::new();
        let mut first_error = None;
        for topic in answer.responses {
            let name = match fetched.names.get(&topic.topic_id) {
                Some(name) if topic.topic.is_empty() => name.clone(),
                _ => topic.topic.to_string(),
            };
            for data in topic.partitions {
                let partition = (name.clone(), data.partition_index);
                if !fetched.asked.contains(&partition) {
                    continue;
                }
                if data.error_code == ErrorCode::OffsetOutOfRange.code()
                    && let Some(reset) = self.options.reset
                {
                    gone.push((partition, reset));
                } else if let Err(error) = self.take_partition(&partition, data) {
                    first_error.get_or_insert(error);
                }
            }
        }
        for ((topic, partition), reset) in gone {
            let spec = if reset == StartAt::Latest { OffsetSpec::Latest } else { OffsetSpec::Earliest };
            for (partition, found) in self.client.list_offsets(&topic, &[(partition, spec)]).await? {
                self.set_position(&topic, partition, found.offset);
            }
        }
        first_error.map_or(Ok(()), Err)
    }

    fn take_partition(&mut self, partition: &(String, i32), data: PartitionData) -> Result<(), ClientError> {
        let what = || format!("partition {}-{}", partition.0, partition.1);
        ClientError::check(what(), data.error_code, None)?;
        let Some(position) = self.positions.get_mut(partition) else { return Ok(()) };
        position.high_watermark = data.high_watermark;
        let aborted = Aborted::of(&data);
        let records = data.records.and_then(|records| records.to_bytes()).unwrap_or_default();
        for batch in batches(records) {
            let batch = batch.map_err(|reason| ClientError::Records { what: what(), reason })?;
            let header = batch.header();
            if header.next_offset().0 <= position.offset {
                continue;
            }
            let from_offset = position.offset;
            position.offset = header.next_offset().0;
            if header.attributes.is_control() || (self.options.read_committed && aborted.holds(&batch)) {
                continue;
            }
            let (topic, partition) = partition.clone();
            self.ready.push_back(FetchedBatch { topic, partition, from_offset, batch });
        }
        Ok(())
    }
}

fn batches(records: Bytes) -> impl Iterator<Item = Result<Batch, String>> {
    BatchIter::new(records).map(|batch| {
        let batch = batch.map_err(|error| error.to_string())?;
        Batch::parse_checked(batch.bytes()).map_err(|error| format!("offset {}: {error}", batch.header().base_offset))
    })
}

/// Aborted transactions of an answer: producer, first offset, and the offset of the marker that ended each.
struct Aborted(Vec<(i64, i64, i64)>);

impl Aborted {
    fn of(data: &PartitionData) -> Aborted {
        let mut open: Vec<(i64, i64, i64)> = data
            .aborted_transactions
            .iter()
            .flatten()
            .map(|aborted| (aborted.producer_id, aborted.first_offset, i64::MAX))
            .collect();
        if open.is_empty() {
            return Aborted(open);
        }
        // An abort marker ends the transaction of its producer that began last before it.
        let records = data.records.as_ref().and_then(|records| records.to_bytes()).unwrap_or_default();
        for batch in BatchIter::new(records).map_while(Result::ok) {
            let header = batch.header();
            if !header.attributes.is_control() {
                continue;
            }
            let (producer, offset) = (header.producer_id.0, header.base_offset.0);
            let ended = open.iter_mut().filter(|(id, first, end)| *id == producer && *first <= offset && *end > offset);
            for (_, _, end) in ended {
                *end = offset;
            }
        }
        Aborted(open)
    }

    fn holds(&self, batch: &Batch) -> bool {
        let header = batch.header();
        header.attributes.is_transactional()
            && self.0.iter().any(|(producer, first, end)| {
                *producer == header.producer_id.0 && (*first..*end).contains(&header.base_offset.0)
            })
    }
}
