//! The names, types and help texts of all metrics, and how they are written. docs/metrics.md lists the same.

use std::sync::atomic::Ordering;

use stream_http::{Exposition, Kind};

use super::metrics::{LATENCY_BOUNDS, Metrics};
use super::{entities, process};
use crate::audit::AuditCount;
use crate::config::MetricsSettings;

/// What a scrape asks of the broker, apart from its counters: computed at that moment from what is in memory.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct ClusterState {
    /// `hanzo.flush.policy`
    pub(crate) flush_policy: &'static str,
    /// Whether this node is the active controller.
    pub(crate) active_controller: bool,
    /// Brokers that are registered and not fenced.
    pub(crate) brokers: usize,
    /// Topics of the cluster, and how many partitions they have.
    pub(crate) topics: Vec<(Box<str>, usize)>,
    /// Partitions that this broker leads and that have fewer in-sync replicas than replicas.
    pub(crate) under_replicated_partitions: usize,
    /// Partitions of the cluster without a leader, and of this broker in failed directories.
    pub(crate) offline_partitions: usize,
    /// Log directories that failed.
    pub(crate) offline_log_dirs: usize,
    /// Partitions with a replica on this broker.
    pub(crate) partitions: Vec<PartitionState>,
    /// What the file systems of the log directories said last.
    pub(crate) log_dirs: Vec<LogDirState>,
    /// `hanzo.disk.reserve.bytes`
    pub(crate) disk_reserve_bytes: u64,
    /// The metadata quorum.
    pub(crate) quorum: QuorumState,
    /// Requests that wait, by what is delayed.
    pub(crate) waiting: Vec<(&'static str, usize)>,
    /// How far the groups are behind that this broker coordinates, the largest lag first.
    pub(crate) group_lags: Vec<GroupLag>,
    /// Groups that this broker coordinates, counted by state.
    pub(crate) groups: Vec<(Box<str>, usize)>,
    /// Connections that were refused, by the limit that they were above.
    pub(crate) refused_connections: Vec<(&'static str, u64)>,
    /// What the audit trail has seen.
    pub(crate) audit: AuditCount,
    /// Bytes of requests that are held now.
    pub(crate) request_bytes_held: usize,
    /// Listeners that speak TLS, and when their certificates end (seconds since 1970).
    pub(crate) certificate_ends: Vec<(Box<str>, i64)>,
}

/// One replica on this broker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PartitionState {
    /// The topic's name.
    pub(crate) topic: Box<str>,
    /// The partition's number; `None` where a topic's partitions are taken together.
    pub(crate) partition: Option<i32>,
    /// Whether this broker leads it.
    pub(crate) leads: bool,
    /// Bytes of its segments.
    pub(crate) size_bytes: u64,
    /// How many they are.
    pub(crate) segment_count: usize,
    /// Its first offset.
    pub(crate) log_start: i64,
    /// The offset after its last committed record.
    pub(crate) high_watermark: i64,
}

/// A log directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LogDirState {
    /// Its path.
    pub(crate) path: Box<str>,
    /// Size of its file system.
    pub(crate) total_bytes: u64,
    /// What may still be written.
    pub(crate) free_bytes: u64,
    /// Whether producers are refused.
    pub(crate) is_full: bool,
}

/// The metadata quorum as this node sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct QuorumState {
    /// Who leads; -1 for nobody.
    pub(crate) leader_id: i32,
    /// The Raft term.
    pub(crate) epoch: i32,
    /// First offset that is not committed.
    pub(crate) high_watermark: i64,
    /// First offset that is not in this node's log.
    pub(crate) log_end_offset: i64,
    /// How many vote.
    pub(crate) voters: usize,
    /// How many only follow.
    pub(crate) observers: usize,
    /// How far each node is behind; on the leader only.
    pub(crate) replica_lags: Vec<(i32, u64)>,
}

/// How far a group is behind in one partition.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GroupLag {
    /// The group.
    pub(crate) group: Box<str>,
    /// The topic.
    pub(crate) topic: Box<str>,
    /// The partition's number; `None` where a topic's partitions are taken together.
    pub(crate) partition: Option<i32>,
    /// Committed records that the group has not committed as read.
    pub(crate) lag: u64,
    /// Those of them that are deleted.
    pub(crate) lost: u64,
    /// Time since the oldest of them was written; `None` if that is not known.
    pub(crate) age_seconds: Option<f64>,
    /// Time until `retention.ms` may delete it; `None` if it does not, or if all is read.
    pub(crate) margin_seconds: Option<f64>,
    /// Bytes that may be appended until `retention.bytes` deletes it; `None` likewise.
    pub(crate) margin_bytes: Option<i64>,
}

/// Writes every family. Those without a label are always there, even at 0.
pub(crate) fn write(exposition: &mut Exposition, metrics: &Metrics, state: &ClusterState, settings: MetricsSettings) {
    write_info(exposition, state);
    write_traffic(exposition, metrics);
    write_cluster(exposition, state);
    write_quorum(exposition, &state.quorum);
    write_log_dirs(exposition, state);
    entities::write(exposition, metrics, state, settings);
    write_requests(exposition, metrics, state);
    write_network(exposition, metrics, state);
    write_audit(exposition, &state.audit);
    process::write(exposition);
}

fn write_info(exposition: &mut Exposition, state: &ClusterState) {
    exposition
        .family("hanzo_build_info", Kind::Gauge, "Always 1; the label says which version runs.")
        .integer(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    exposition
        .family("hanzo_flush_policy", Kind::Gauge, "Always 1; the label says when appended data is synced.")
        .integer(&[("policy", state.flush_policy)], 1);
}

fn write_traffic(exposition: &mut Exposition, metrics: &Metrics) {
    let (totals, rates) = (metrics.totals(), metrics.rates());
    let in_rate = "Records appended for producers (per second, one-minute moving rate).";
    exposition.gauge("kafka_messages_in_per_sec", in_rate, rates.messages_in);
    exposition.counter("kafka_messages_in_total", "Records appended for producers.", totals.messages_in);
    let in_rate = "Bytes of batches appended for producers (per second, one-minute moving rate).";
    exposition.gauge("kafka_bytes_in_per_sec", in_rate, rates.bytes_in);
    exposition.counter("kafka_bytes_in_total", "Bytes of batches appended for producers.", totals.bytes_in);
    let out_rate = "Bytes of batches sent to consumers (per second, one-minute moving rate).";
    exposition.gauge("kafka_bytes_out_per_sec", out_rate, rates.bytes_out);
    exposition.counter("kafka_bytes_out_total", "Bytes of batches sent to consumers.", totals.bytes_out);
}

fn write_cluster(exposition: &mut Exposition, state: &ClusterState) {
    let mut gauge = |name, help, value: usize| exposition.gauge(name, help, value as f64);
    gauge(
        "kafka_under_replicated_partitions",
        "Partitions led here with fewer in-sync replicas than replicas.",
        state.under_replicated_partitions,
    );
    gauge(
        "kafka_offline_partitions",
        "Partitions without a leader, or in a failed log directory.",
        state.offline_partitions,
    );
    gauge("kafka_offline_log_directories", "Log directories of this broker that failed.", state.offline_log_dirs);
    gauge("kafka_active_controller", "1 on the active controller, else 0.", usize::from(state.active_controller));
    gauge("kafka_brokers", "Brokers that are registered and not fenced.", state.brokers);
    gauge("kafka_topics", "Topics of the cluster.", state.topics.len());
    gauge("kafka_partitions", "Partitions with a replica on this broker.", state.partitions.len());
    let leaders = state.partitions.iter().filter(|partition| partition.leads).count();
    gauge("kafka_leader_partitions", "Partitions that this broker leads.", leaders);
    gauge("schema_registry_schemas_total", "Schemas of the schema registry, which does not exist yet.", 0);
}

fn write_quorum(exposition: &mut Exposition, quorum: &QuorumState) {
    let mut gauge = |name, help, value: i64| exposition.family(name, Kind::Gauge, help).signed(&[], value);
    gauge("kafka_quorum_leader_id", "The active controller; -1 for none.", quorum.leader_id.into());
    gauge("kafka_quorum_epoch", "The metadata quorum's epoch: it grows with each election.", quorum.epoch.into());
    let help = "The offset after the last committed record of the metadata log.";
    gauge("kafka_quorum_high_watermark", help, quorum.high_watermark);
    let help = "The offset after the last record of the metadata log on this node.";
    gauge("kafka_quorum_log_end_offset", help, quorum.log_end_offset);
    gauge("kafka_quorum_voters", "Nodes that vote in the metadata quorum.", quorum.voters as i64);
    gauge("kafka_quorum_observers", "Nodes that follow the metadata quorum without a vote.", quorum.observers as i64);
    let help = "Records of the metadata log that a node does not have yet; known to the active controller only.";
    let mut family = exposition.family("kafka_quorum_replica_lag", Kind::Gauge, help);
    for (replica, lag) in &quorum.replica_lags {
        family.integer(&[("replica", &replica.to_string())], *lag);
    }
}

fn write_log_dirs(exposition: &mut Exposition, state: &ClusterState) {
    let mut family = |name, help, value: fn(&LogDirState) -> u64| {
        let mut family = exposition.family(name, Kind::Gauge, help);
        for dir in &state.log_dirs {
            family.integer(&[("directory", &dir.path)], value(dir));
        }
    };
    let help = "Size of the log directory's file system.";
    family("hanzo_log_directory_size_bytes", help, |dir| dir.total_bytes);
    let help = "What this process may still write to the log directory's file system.";
    family("hanzo_log_directory_free_bytes", help, |dir| dir.free_bytes);
    let help = "1 while producers are refused because the log directory is full, else 0.";
    family("hanzo_log_directory_full", help, |dir| dir.is_full.into());
    let help = "Below so many free bytes a log directory is full.";
    exposition.gauge("hanzo_disk_reserve_bytes", help, state.disk_reserve_bytes as f64);
}

fn write_requests(exposition: &mut Exposition, metrics: &Metrics, state: &ClusterState) {
    let mut family = exposition.family("kafka_requests_total", Kind::Counter, "Requests, by API.");
    for (api, requests) in metrics.requests() {
        family.integer(&[("api", api)], requests);
    }
    let help = "From a request read to its answer ready to leave, waiting for data or members included (seconds).";
    let mut family = exposition.family("kafka_request_duration_seconds", Kind::Histogram, help);
    for (api, latency) in metrics.latencies() {
        family.histogram(&[("api", api)], &LATENCY_BOUNDS, &latency.counts, latency.seconds);
    }
    let mut family = exposition.family(
        "kafka_request_errors_total",
        Kind::Counter,
        "Errors in answers, by API and Kafka's error name.",
    );
    for (api, error, count) in metrics.errors() {
        family.integer(&[("api", api), ("error", error.name())], count);
    }
    let help = "Requests that wait: for bytes, for the commit of each partition's records, or for the group's members.";
    let mut family = exposition.family("kafka_purgatory_requests", Kind::Gauge, help);
    for (operation, count) in &state.waiting {
        family.integer(&[("operation", operation)], *count as u64);
    }
    let (flushes, help) = (metrics.flushes.count(), "How long syncs of logs took (seconds).");
    exposition.family("kafka_log_flush_duration_seconds", Kind::Histogram, help).histogram(
        &[],
        &LATENCY_BOUNDS,
        &flushes.counts,
        flushes.seconds,
    );
}

fn write_network(exposition: &mut Exposition, metrics: &Metrics, state: &ClusterState) {
    let (opened, received, sent) = metrics.network();
    let connections = metrics.connections.load(Ordering::Relaxed);
    exposition.gauge("kafka_connections", "Open connections.", connections as f64);
    exposition.counter("kafka_connections_total", "Connections that were accepted.", opened);
    let unknown = metrics.unauthenticated.load(Ordering::Relaxed);
    let help = "Open connections of SASL listeners whose client is not known yet.";
    exposition.gauge("kafka_unauthenticated_connections", help, unknown as f64);
    let help = "Logins over SASL and HTTP, by mechanism and result (success, failure).";
    let mut family = exposition.family("kafka_authentications_total", Kind::Counter, help);
    for (mechanism, [successes, failures]) in metrics.authentications() {
        family.integer(&[("mechanism", mechanism), ("result", "success")], successes);
        family.integer(&[("mechanism", mechanism), ("result", "failure")], failures);
    }
    let help = "Connections that were closed at once, by the limit that they were above.";
    let mut family = exposition.family("kafka_connections_refused_total", Kind::Counter, help);
    for (limit, count) in &state.refused_connections {
        family.integer(&[("limit", limit)], *count);
    }
    exposition.counter("kafka_network_bytes_in_total", "Bytes of requests.", received);
    exposition.counter("kafka_network_bytes_out_total", "Bytes of answers.", sent);
    let mut family = exposition.family(
        "kafka_ssl_certificate_expiry_timestamp_seconds",
        Kind::Gauge,
        "When the certificate of a listener that speaks TLS ends (seconds since 1970).",
    );
    for (listener, end) in &state.certificate_ends {
        family.signed(&[("listener", listener)], *end);
    }
    let held = state.request_bytes_held as f64;
    exposition.gauge("hanzo_request_memory_bytes", "Bytes of requests that are read and not answered yet.", held);
}

fn write_audit(exposition: &mut Exposition, audit: &AuditCount) {
    let AuditCount { denied, authentication_failed, changed, dropped } = *audit;
    let mut counter = |name, help, value| exposition.counter(name, help, value);
    counter("hanzo_audit_denied_total", "Operations that were denied.", denied);
    counter("hanzo_audit_authentication_failed_total", "Authentications that failed.", authentication_failed);
    counter("hanzo_audit_changed_total", "Administrative changes.", changed);
    counter("hanzo_audit_dropped_total", "Events that are missing in the audit trail's topic.", dropped);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stream_types::ErrorCode;
    use stream_wire::api::ApiKey;

    use super::*;

    fn scrape() -> String {
        scrape_with(MetricsSettings { partition_labels: true, series_max: 100 })
    }

    fn scrape_with(settings: MetricsSettings) -> String {
        let metrics = Metrics::new();
        metrics.topic("llm_usage").produced(2, 200);
        metrics.request(ApiKey::Produce);
        metrics.answered(ApiKey::Produce, Duration::from_millis(2));
        metrics.error(ApiKey::Produce, ErrorCode::MessageTooLarge);
        metrics.tick();
        let lag = |group: &str, partition, lag| GroupLag {
            group: group.into(),
            topic: "llm_usage".into(),
            partition: Some(partition),
            lag,
            lost: lag / 4,
            age_seconds: Some(lag as f64 * 1.5),
            margin_seconds: (lag > 0).then_some(60.0 - lag as f64),
            margin_bytes: None,
        };
        let state = ClusterState {
            flush_policy: "auto",
            under_replicated_partitions: 3,
            group_lags: vec![lag("billing", 1, 7), lag("billing", 0, 5), lag("audit", 0, 0)],
            groups: vec![("Stable".into(), 2)],
            topics: vec![("llm_usage".into(), 2)],
            waiting: vec![("Fetch", 3)],
            log_dirs: vec![LogDirState { path: "/data".into(), total_bytes: 100, free_bytes: 40, is_full: false }],
            quorum: QuorumState { leader_id: 1, voters: 1, replica_lags: vec![(1, 0)], ..QuorumState::default() },
            certificate_ends: vec![("SSL".into(), 1_800_000_000)],
            partitions: vec![PartitionState {
                topic: "llm_usage".into(),
                partition: Some(0),
                leads: true,
                size_bytes: 200,
                segment_count: 1,
                log_start: 0,
                high_watermark: 2,
            }],
            ..ClusterState::default()
        };
        let mut exposition = Exposition::new();
        write(&mut exposition, &metrics, &state, settings);
        exposition.into_text()
    }

    #[test]
    fn the_names_of_dashboards_and_alerts_are_there() {
        let text = scrape();
        for line in [
            "kafka_messages_in_per_sec 0.4",
            "kafka_messages_in_total 2",
            "kafka_topic_messages_in_per_second{topic=\"llm_usage\"} 0.4",
            "kafka_bytes_in_per_sec 40",
            "kafka_bytes_in_total 200",
            "kafka_bytes_out_per_sec 0",
            "kafka_bytes_out_total 0",
            "kafka_under_replicated_partitions 3",
            "kafka_consumer_group_lag{group=\"billing\",topic=\"llm_usage\",partition=\"1\"} 7",
            "kafka_consumer_lag{group=\"billing\"} 12",
            "kafka_consumer_lag{group=\"audit\"} 0",
            "kafka_consumer_group_lag_seconds{group=\"billing\",topic=\"llm_usage\",partition=\"1\"} 10.5",
            "kafka_consumer_group_lost_records{group=\"billing\",topic=\"llm_usage\",partition=\"1\"} 1",
            "kafka_purgatory_requests{operation=\"Fetch\"} 3",
            "hanzo_log_directory_free_bytes{directory=\"/data\"} 40",
            "schema_registry_schemas_total 0",
            "hanzo_flush_policy{policy=\"auto\"} 1",
            "kafka_request_errors_total{api=\"Produce\",error=\"MESSAGE_TOO_LARGE\"} 1",
            "kafka_request_duration_seconds_bucket{api=\"Produce\",le=\"0.0025\"} 1",
            "kafka_log_size_bytes{topic=\"llm_usage\",partition=\"0\"} 200",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn without_partition_labels_topics_are_told_as_a_whole() {
        let text = scrape_with(MetricsSettings { partition_labels: false, series_max: 100 });
        for line in [
            "kafka_consumer_group_lag{group=\"billing\",topic=\"llm_usage\"} 12",
            "kafka_consumer_group_lag_seconds{group=\"billing\",topic=\"llm_usage\"} 10.5",
            "kafka_consumer_group_retention_margin_seconds{group=\"billing\",topic=\"llm_usage\"} 53",
            "kafka_log_size_bytes{topic=\"llm_usage\"} 200",
            "kafka_consumer_lag{group=\"billing\"} 12",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("partition="), "{text}");
    }

    #[test]
    fn the_largest_lags_are_told_where_not_all_are() {
        let text = scrape_with(MetricsSettings { partition_labels: true, series_max: 1 });
        let lags: Vec<&str> = text.lines().filter(|line| line.starts_with("kafka_consumer_group_lag{")).collect();
        assert_eq!(lags, ["kafka_consumer_group_lag{group=\"billing\",topic=\"llm_usage\",partition=\"1\"} 7"]);
        let left_out = "hanzo_metrics_series_left_out{family=\"kafka_consumer_group_lag\"} 2";
        assert!(text.lines().any(|line| line == left_out), "{text}");
    }

    #[test]
    fn every_family_is_documented_and_every_documented_family_exists() {
        let document = include_str!("../../../../docs/metrics.md");
        let text = scrape();
        let written: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let documented: Vec<&str> =
            document.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next()).collect();
        for name in &written {
            assert!(documented.contains(name), "{name} is missing in docs/metrics.md");
        }
        for name in &documented {
            assert!(written.contains(name), "docs/metrics.md lists {name}, which does not exist");
        }
    }
}
