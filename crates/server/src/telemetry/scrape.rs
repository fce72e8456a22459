//! The names, types and help texts of all metrics, and how they are written. docs/metrics.md lists the same.

use std::sync::atomic::Ordering;

use stream_http::{Exposition, Kind};

use super::metrics::{LATENCY_BOUNDS, Metrics};
use super::process;
use crate::audit::AuditCount;

/// What a scrape asks of the broker, apart from its counters: computed at that moment from what is in memory.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct ClusterState {
    /// `hanzo.flush.policy`
    pub(crate) flush_policy: &'static str,
    /// Whether this node is the active controller.
    pub(crate) active_controller: bool,
    /// Brokers that are registered and not fenced.
    pub(crate) brokers: usize,
    /// Topics of the cluster.
    pub(crate) topics: usize,
    /// Partitions that this broker leads and that have fewer in-sync replicas than replicas.
    pub(crate) under_replicated_partitions: usize,
    /// Partitions of the cluster without a leader.
    pub(crate) offline_partitions: usize,
    /// Log directories that failed.
    pub(crate) offline_log_dirs: usize,
    /// Partitions with a replica on this broker.
    pub(crate) partitions: Vec<PartitionState>,
    /// Committed offsets of the groups that this broker coordinates.
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
    /// The partition's number.
    pub(crate) partition: i32,
    /// Whether this broker leads it.
    pub(crate) leads: bool,
    /// Bytes of its segments.
    pub(crate) size_bytes: u64,
    /// Its first offset.
    pub(crate) log_start: i64,
    /// The offset after its last committed record.
    pub(crate) high_watermark: i64,
}

/// How far a group is behind in one partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GroupLag {
    /// The group.
    pub(crate) group: Box<str>,
    /// The topic.
    pub(crate) topic: Box<str>,
    /// The partition's number.
    pub(crate) partition: i32,
    /// Committed records that the group has not committed as read.
    pub(crate) lag: u64,
}

/// Writes every family. Those without a label are always there, even at 0.
pub(crate) fn write(exposition: &mut Exposition, metrics: &Metrics, state: &ClusterState) {
    write_info(exposition, state);
    write_traffic(exposition, metrics);
    write_cluster(exposition, state);
    write_partitions(exposition, state);
    write_groups(exposition, state);
    write_requests(exposition, metrics);
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

    let topics = metrics.topics();
    let mut family = |name, help, value: fn(&super::metrics::TrafficCount) -> u64| {
        let mut family = exposition.family(name, Kind::Counter, help);
        for (topic, count) in &topics {
            family.integer(&[("topic", topic)], value(count));
        }
    };
    family("kafka_topic_messages_in_total", "Records appended for producers, by topic.", |count| count.messages_in);
    family("kafka_topic_bytes_in_total", "Bytes of batches appended for producers, by topic.", |count| count.bytes_in);
    family("kafka_topic_bytes_out_total", "Bytes of batches sent to consumers, by topic.", |count| count.bytes_out);
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
    gauge("kafka_topics", "Topics of the cluster.", state.topics);
    gauge("kafka_partitions", "Partitions with a replica on this broker.", state.partitions.len());
    let leaders = state.partitions.iter().filter(|partition| partition.leads).count();
    gauge("kafka_leader_partitions", "Partitions that this broker leads.", leaders);
    gauge("schema_registry_schemas_total", "Schemas of the schema registry, which does not exist yet.", 0);
}

fn write_partitions(exposition: &mut Exposition, state: &ClusterState) {
    let mut family = |name, help, value: fn(&PartitionState) -> i64| {
        let mut family = exposition.family(name, Kind::Gauge, help);
        for partition in &state.partitions {
            let labels = [("topic", &*partition.topic), ("partition", &partition.partition.to_string())];
            family.signed(&labels, value(partition));
        }
    };
    family("kafka_log_size_bytes", "Bytes of the partition's segments on this broker.", |p| p.size_bytes as i64);
    family("kafka_log_start_offset", "The partition's first offset.", |p| p.log_start);
    family("kafka_high_watermark", "The offset after the partition's last committed record.", |p| p.high_watermark);
}

fn write_groups(exposition: &mut Exposition, state: &ClusterState) {
    let mut family = exposition.family(
        "kafka_consumer_group_lag",
        Kind::Gauge,
        "Committed records that the group has not committed as read.",
    );
    for lag in &state.group_lags {
        let partition = lag.partition.to_string();
        family.integer(&[("group", &lag.group), ("topic", &lag.topic), ("partition", &partition)], lag.lag);
    }
    let mut by_group = std::collections::BTreeMap::<&str, u64>::new();
    for lag in &state.group_lags {
        *by_group.entry(&lag.group).or_default() += lag.lag;
    }
    let mut family = exposition.family("kafka_consumer_lag", Kind::Gauge, "The group's lag in all its partitions.");
    for (group, lag) in by_group {
        family.integer(&[("group", group)], lag);
    }
    let mut family = exposition.family("kafka_groups", Kind::Gauge, "Groups that this broker coordinates, by state.");
    for (state, count) in &state.groups {
        family.integer(&[("state", state)], *count as u64);
    }
}

fn write_requests(exposition: &mut Exposition, metrics: &Metrics) {
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
}

fn write_network(exposition: &mut Exposition, metrics: &Metrics, state: &ClusterState) {
    let (opened, received, sent) = metrics.network();
    let connections = metrics.connections.load(Ordering::Relaxed);
    exposition.gauge("kafka_connections", "Open connections.", connections as f64);
    exposition.counter("kafka_connections_total", "Connections that were accepted.", opened);
    let unknown = metrics.unauthenticated.load(Ordering::Relaxed);
    let help = "Open connections of SASL listeners whose client is not known yet.";
    exposition.gauge("kafka_unauthenticated_connections", help, unknown as f64);
    let help = "Logins over SASL, by mechanism and result (success, failure).";
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
        let metrics = Metrics::new();
        metrics.topic("llm_usage").produced(2, 200);
        metrics.request(ApiKey::Produce);
        metrics.answered(ApiKey::Produce, Duration::from_millis(2));
        metrics.error(ApiKey::Produce, ErrorCode::MessageTooLarge);
        metrics.tick();
        let lag =
            |group: &str, partition, lag| GroupLag { group: group.into(), topic: "llm_usage".into(), partition, lag };
        let state = ClusterState {
            flush_policy: "auto",
            under_replicated_partitions: 3,
            group_lags: vec![lag("billing", 0, 5), lag("billing", 1, 7), lag("audit", 0, 0)],
            groups: vec![("Stable".into(), 2)],
            certificate_ends: vec![("SSL".into(), 1_800_000_000)],
            partitions: vec![PartitionState {
                topic: "llm_usage".into(),
                partition: 0,
                leads: true,
                size_bytes: 200,
                log_start: 0,
                high_watermark: 2,
            }],
            ..ClusterState::default()
        };
        let mut exposition = Exposition::new();
        write(&mut exposition, &metrics, &state);
        exposition.into_text()
    }

    #[test]
    fn the_names_of_dashboards_and_alerts_are_there() {
        let text = scrape();
        for line in [
            "kafka_messages_in_per_sec 0.4",
            "kafka_messages_in_total 2",
            "kafka_bytes_in_per_sec 40",
            "kafka_bytes_in_total 200",
            "kafka_bytes_out_per_sec 0",
            "kafka_bytes_out_total 0",
            "kafka_under_replicated_partitions 3",
            "kafka_consumer_group_lag{group=\"billing\",topic=\"llm_usage\",partition=\"1\"} 7",
            "kafka_consumer_lag{group=\"billing\"} 12",
            "kafka_consumer_lag{group=\"audit\"} 0",
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
