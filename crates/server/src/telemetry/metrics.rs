//! Counters of the hot path: relaxed atomics, read when somebody scrapes. Names and help texts are in `scrape.rs`.
//!
//! Counters only grow while the process lives; what a deleted topic counted stays in the broker's totals.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::RwLock;
use stream_security::sasl::Mechanism;
use stream_types::ErrorCode;
use stream_wire::api::{API_TABLE, ApiKey};

use super::rate::OneMinuteRate;

/// What the broker counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Open connections.
    pub(crate) connections: AtomicUsize,
    /// Those of them whose client has not said who it is, where it has to.
    pub(crate) unauthenticated: Arc<AtomicUsize>,
    connections_opened: AtomicU64,
    /// By mechanism in the order of [`Mechanism::ALL`], then the unknown ones; successes, then failures.
    authentications: [[AtomicU64; 2]; MECHANISMS],
    apis: Vec<ApiTraffic>,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
    topics: RwLock<BTreeMap<Box<str>, Arc<TopicTraffic>>>,
    retired: TopicTraffic,
    rates: Rates,
    /// Fetches that wait for bytes.
    pub(crate) waiting_fetches: AtomicUsize,
    /// How long syncs of logs took.
    pub(crate) flushes: Arc<Latency>,
}

/// Records and bytes of one topic. Partitions keep a handle, so that counting takes no look-up.
#[derive(Debug, Default)]
pub(crate) struct TopicTraffic {
    messages_in: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    rates: Rates,
}

/// What a [`TopicTraffic`] counted so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct TrafficCount {
    pub(crate) messages_in: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

#[derive(Debug, Default)]
struct Rates {
    messages_in: OneMinuteRate,
    bytes_in: OneMinuteRate,
    bytes_out: OneMinuteRate,
}

/// One-minute rates (per second), of the broker or of a topic.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct RateValues {
    pub(crate) messages_in: f64,
    pub(crate) bytes_in: f64,
    pub(crate) bytes_out: f64,
}

/// Requests of one API. Histogram and errors exist once there is something to count.
#[derive(Debug, Default)]
struct ApiTraffic {
    requests: AtomicU64,
    latency: OnceLock<Box<Latency>>,
    errors: OnceLock<Box<ErrorCounts>>,
}

/// Mechanisms that logins are counted by, and one for all others.
const MECHANISMS: usize = Mechanism::ALL.len() + 1;

/// Upper bounds of the latency histograms (seconds).
pub(crate) const LATENCY_BOUNDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Durations, counted by upper bound.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    counts: [AtomicU64; LATENCY_BOUNDS.len() + 1],
    nanos: AtomicU64,
}

#[derive(Debug)]
struct ErrorCounts {
    /// In the order of [`ErrorCode::ALL`].
    counts: Vec<AtomicU64>,
}

/// What a [`Latency`] counted so far.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct LatencyCount {
    /// One for each bound, and one for what is above them all.
    pub(crate) counts: Vec<u64>,
    /// The sum of all (seconds).
    pub(crate) seconds: f64,
}

impl Metrics {
    /// All zero.
    pub(crate) fn new() -> Metrics {
        Metrics {
            connections: AtomicUsize::new(0),
            unauthenticated: Arc::default(),
            connections_opened: AtomicU64::new(0),
            authentications: Default::default(),
            apis: API_TABLE.iter().map(|_| ApiTraffic::default()).collect(),
            bytes_received: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            topics: RwLock::new(BTreeMap::new()),
            retired: TopicTraffic::default(),
            rates: Rates::default(),
            waiting_fetches: AtomicUsize::new(0),
            flushes: Arc::default(),
        }
    }

    /// Counts a connection that was accepted.
    pub(crate) fn connection_opened(&self) {
        add(&self.connections_opened, 1);
    }

    /// Counts a login; the mechanism is none where the client chose one that it may not.
    pub(crate) fn authenticated(&self, mechanism: Option<Mechanism>, succeeded: bool) {
        let index = mechanism.and_then(|mechanism| Mechanism::ALL.iter().position(|known| *known == mechanism));
        add(&self.authentications[index.unwrap_or(Mechanism::ALL.len())][usize::from(!succeeded)], 1);
    }

    /// Counts a request.
    pub(crate) fn request(&self, key: ApiKey) {
        if let Some(api) = self.apis.get(key as usize) {
            add(&api.requests, 1);
        }
    }

    /// Counts an answer that was ready to leave `elapsed` after its request was read.
    pub(crate) fn answered(&self, key: ApiKey, elapsed: Duration) {
        let Some(api) = self.apis.get(key as usize) else { return };
        api.latency.get_or_init(Box::default).observe(elapsed);
    }

    /// Counts an error in an answer: once for the whole request or for each topic or partition that has it.
    pub(crate) fn error(&self, key: ApiKey, error: ErrorCode) {
        let Some(api) = self.apis.get(key as usize) else { return };
        let errors = api.errors.get_or_init(|| {
            Box::new(ErrorCounts { counts: ErrorCode::ALL.iter().map(|_| AtomicU64::new(0)).collect() })
        });
        if let Ok(index) = ErrorCode::ALL.binary_search(&error) {
            add(&errors.counts[index], 1);
        }
    }

    /// Counts bytes of requests, size prefixes included.
    pub(crate) fn bytes_received(&self, bytes: usize) {
        add(&self.bytes_received, bytes as u64);
    }

    /// Counts answered bytes.
    pub(crate) fn bytes_sent(&self, bytes: usize) {
        add(&self.bytes_sent, bytes as u64);
    }

    /// The counters of a topic, which its partitions keep.
    pub(crate) fn topic(&self, name: &str) -> Arc<TopicTraffic> {
        if let Some(traffic) = self.topics.read().get(name) {
            return Arc::clone(traffic);
        }
        Arc::clone(self.topics.write().entry(name.into()).or_default())
    }

    /// Lets a deleted topic go. What it counted moves to the broker's totals; what a handle that is still held counts
    /// afterwards is lost.
    pub(crate) fn forget_topic(&self, name: &str) {
        let mut topics = self.topics.write();
        if let Some(traffic) = topics.remove(name) {
            // Under the lock, so that no scrape sees the topic in both places or in neither.
            self.retired.add(traffic.count());
        }
    }

    /// Moves the one-minute rates on; to be called every [`super::rate::TICK`].
    pub(crate) fn tick(&self) {
        self.rates.tick(self.totals());
        for traffic in self.topics.read().values() {
            traffic.rates.tick(traffic.count());
        }
    }

    /// Calls [`Metrics::tick`] for as long as it is polled.
    pub(crate) async fn keep_ticking(&self) {
        let mut interval = tokio::time::interval(super::rate::TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            interval.tick().await;
            self.tick();
            super::logging::say_what_was_left_out();
        }
    }
}

/// What a scrape reads.
impl Metrics {
    /// All topics together, deleted ones included.
    pub(crate) fn totals(&self) -> TrafficCount {
        let topics = self.topics.read();
        let mut total = self.retired.count();
        for traffic in topics.values() {
            let count = traffic.count();
            total.messages_in += count.messages_in;
            total.bytes_in += count.bytes_in;
            total.bytes_out += count.bytes_out;
        }
        total
    }

    /// Every topic with what it has counted and its rates.
    pub(crate) fn topics(&self) -> Vec<(Box<str>, TrafficCount, RateValues)> {
        let topics = self.topics.read();
        topics.iter().map(|(name, traffic)| (name.clone(), traffic.count(), traffic.rates.values())).collect()
    }

    /// The one-minute rates.
    pub(crate) fn rates(&self) -> RateValues {
        self.rates.values()
    }

    /// Requests of each API that was ever asked.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.named_apis().map(|(name, api)| (name, load(&api.requests))).filter(|(_, requests)| *requests > 0)
    }

    /// Latencies of each API that was ever answered.
    pub(crate) fn latencies(&self) -> impl Iterator<Item = (&'static str, LatencyCount)> {
        self.named_apis().filter_map(|(name, api)| Some((name, api.latency.get()?.count())))
    }

    /// Errors by API and code, where there were any.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (&'static str, ErrorCode, u64)> {
        self.named_apis().flat_map(|(name, api)| {
            let counts = api.errors.get().map(|errors| errors.counts.as_slice()).unwrap_or_default();
            let counted = ErrorCode::ALL.iter().zip(counts).map(|(error, count)| (*error, load(count)));
            counted.filter(|(_, count)| *count > 0).map(move |(error, count)| (name, error, count))
        })
    }

    /// Logins by mechanism: successes and failures, where there were any.
    pub(crate) fn authentications(&self) -> impl Iterator<Item = (&'static str, [u64; 2])> {
        let names = Mechanism::ALL.iter().map(|mechanism| mechanism.name()).chain(["unknown"]);
        let counts = self.authentications.iter().map(|counts| counts.each_ref().map(load));
        names.zip(counts).filter(|(_, counts)| *counts != [0, 0])
    }

    /// Connections that were accepted, bytes received and bytes sent.
    pub(crate) fn network(&self) -> (u64, u64, u64) {
        (load(&self.connections_opened), load(&self.bytes_received), load(&self.bytes_sent))
    }

    fn named_apis(&self) -> impl Iterator<Item = (&'static str, &ApiTraffic)> {
        API_TABLE.iter().map(|api| api.name).zip(&self.apis)
    }
}

impl Rates {
    fn tick(&self, total: TrafficCount) {
        self.messages_in.tick(total.messages_in);
        self.bytes_in.tick(total.bytes_in);
        self.bytes_out.tick(total.bytes_out);
    }

    fn values(&self) -> RateValues {
        RateValues {
            messages_in: self.messages_in.per_second(),
            bytes_in: self.bytes_in.per_second(),
            bytes_out: self.bytes_out.per_second(),
        }
    }
}

impl Latency {
    /// Counts what took `elapsed`.
    pub(crate) fn observe(&self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        let bucket = LATENCY_BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(LATENCY_BOUNDS.len());
        add(&self.counts[bucket], 1);
        add(&self.nanos, u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What was counted so far.
    pub(crate) fn count(&self) -> LatencyCount {
        LatencyCount { counts: self.counts.iter().map(load).collect(), seconds: load(&self.nanos) as f64 / 1e9 }
    }
}

impl TopicTraffic {
    /// Counts records and the bytes of their batches that were appended for a client.
    pub(crate) fn produced(&self, messages: u64, bytes: u64) {
        add(&self.messages_in, messages);
        add(&self.bytes_in, bytes);
    }

    /// Counts bytes of batches that were sent to a consumer.
    pub(crate) fn fetched(&self, bytes: u64) {
        add(&self.bytes_out, bytes);
    }

    fn count(&self) -> TrafficCount {
        TrafficCount {
            messages_in: load(&self.messages_in),
            bytes_in: load(&self.bytes_in),
            bytes_out: load(&self.bytes_out),
        }
    }

    fn add(&self, count: TrafficCount) {
        add(&self.messages_in, count.messages_in);
        add(&self.bytes_in, count.bytes_in);
        add(&self.bytes_out, count.bytes_out);
    }
}

fn add(counter: &AtomicU64, value: u64) {
    counter.fetch_add(value, Ordering::Relaxed);
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_never_go_back_when_a_topic_is_deleted() {
        let metrics = Metrics::new();
        metrics.topic("a").produced(3, 300);
        metrics.topic("b").produced(1, 50);
        metrics.topic("b").fetched(20);
        let before = metrics.totals();
        assert_eq!(before, TrafficCount { messages_in: 4, bytes_in: 350, bytes_out: 20 });
        metrics.forget_topic("a");
        assert_eq!(metrics.totals(), before);
        assert_eq!(metrics.topics().len(), 1);
        metrics.topic("a").produced(1, 1);
        assert_eq!(metrics.totals().messages_in, 5);
    }

    #[test]
    fn latencies_and_errors_are_counted_by_api() {
        let metrics = Metrics::new();
        metrics.request(ApiKey::Fetch);
        metrics.answered(ApiKey::Fetch, Duration::from_millis(1));
        metrics.answered(ApiKey::Fetch, Duration::from_secs(9));
        metrics.error(ApiKey::Fetch, ErrorCode::OffsetOutOfRange);
        metrics.error(ApiKey::Fetch, ErrorCode::UnknownServerError);
        assert_eq!(metrics.requests().collect::<Vec<_>>(), [("Fetch", 1)]);
        let latencies: Vec<_> = metrics.latencies().collect();
        assert_eq!(latencies[0].1.counts, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(latencies[0].1.seconds, 9.001);
        let errors: Vec<_> = metrics.errors().collect();
        let expected = [("Fetch", ErrorCode::UnknownServerError, 1), ("Fetch", ErrorCode::OffsetOutOfRange, 1)];
        assert_eq!(errors, expected);
    }
}
