//! Broker keys of listeners, requests, quotas and metrics.

use super::super::key::{Check, ConfigKey, ConfigType, int, list, long, string, unset};

pub(super) static KEYS: &[ConfigKey] = &[
    unset("advertised.listeners", ConfigType::List)
        .check(Check::NonEmpty)
        .high()
        .honoured()
        .doc("The addresses that clients are told to connect to, where they differ from `listeners`.")
        .note("`listeners` by default; for a listener on every interface the host name, in full where `/etc/hosts` has it, as in a pod."),
    int("alter.log.dirs.replication.quota.window.num", "11")
        .from(1)
        .low()
        .doc("How many samples the quota for moves between log directories keeps."),
    int("alter.log.dirs.replication.quota.window.size.seconds", "1")
        .from(1)
        .low()
        .doc("How long one sample of the quota for moves between log directories is."),
    int("background.threads", "10").from(1).cluster_wide().high().doc("How many threads do the housekeeping."),
    unset("client.quota.callback.class", ConfigType::Class).low().doc("A class that decides which quota a client has."),
    list("config.providers", "")
        .cluster_wide()
        .low()
        .doc("Names of providers that fill in placeholders in the configuration."),
    long("connections.max.idle.ms", "600000")
        .honoured()
        .doc("After how long without a request a connection is closed."),
    int("delete.records.purgatory.purge.interval.requests", "1")
        .doc("How many finished DeleteRecords requests gather before they are cleared away."),
    int("fetch.max.bytes", "57671680").from(1_024).honoured().doc("How many bytes one fetch may return at most."),
    int("fetch.purgatory.purge.interval.requests", "1000")
        .doc("How many finished fetches gather before they are cleared away."),
    unset("inter.broker.listener.name", ConfigType::String)
        .honoured()
        .doc("The listener over which brokers talk to each other.")
        .note("`PLAINTEXT` by default, or the first listener."),
    int("kafka.metrics.polling.interval.secs", "10")
        .from(1)
        .low()
        .doc("How often metrics reporters of the old kind look."),
    list("kafka.metrics.reporters", "").low().doc("Metrics reporters of the old kind."),
    string(
        "listener.security.protocol.map",
        "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
    )
    .per_broker()
    .low()
    .honoured()
    .doc("Which security protocol each listener has, as NAME:PROTOCOL.")
    .note("Without a map, CONTROLLER needs no entry and speaks PLAINTEXT."),
    list("listeners", "PLAINTEXT://:9092")
        .check(Check::NonEmpty)
        .per_broker()
        .high()
        .honoured()
        .doc("The addresses that the server listens on, as NAME://host:port.")
        .note(
            "Here `PLAINTEXT://localhost:9092,CONTROLLER://localhost:9094` by default: `localhost` is 127.0.0.1 \
             and ::1, and an empty host is every interface. A sole voter whose `listeners` name no controller \
             listener has none.",
        ),
    int("max.connection.creation.rate", "2147483647")
        .from(0)
        .cluster_wide()
        .live()
        .doc("How many connections per second the broker accepts.")
        .note(
            "Measured as client quotas are; also of one listener. A connection above it is closed at once; Kafka \
             lets it wait.",
        ),
    int("max.connections", "2147483647")
        .from(0)
        .cluster_wide()
        .live()
        .doc("How many connections the broker holds.")
        .note(
            "Also of one listener: `listener.name.NAME.max.connections`. A connection too many is closed at once; \
             Kafka lets it wait.",
        ),
    int("max.connections.per.ip", "2147483647")
        .from(0)
        .cluster_wide()
        .live()
        .doc("How many connections one address may hold."),
    string("max.connections.per.ip.overrides", "")
        .cluster_wide()
        .live()
        .doc("Other limits for named addresses, as host:count.")
        .note("Addresses only, no host names."),
    int("max.incremental.fetch.session.cache.slots", "1000")
        .from(0)
        .honoured()
        .doc("How many fetch sessions the broker keeps."),
    int("max.request.partition.size.limit", "2000")
        .from(1)
        .doc("How many partitions one DescribeTopicPartitions answer holds."),
    list("metric.reporters", "org.apache.kafka.common.metrics.JmxReporter")
        .cluster_wide()
        .low()
        .doc("Classes that report metrics; metrics here are served over HTTP."),
    int("metrics.num.samples", "2").from(1).low().doc("How many samples a metric keeps."),
    string("metrics.recording.level", "INFO").low().doc("How much detail metrics record."),
    long("metrics.sample.window.ms", "30000").from(1).low().doc("How long one sample of a metric is."),
    int("num.io.threads", "8").from(1).cluster_wide().high().doc("How many threads handle requests."),
    int("num.network.threads", "3").from(1).cluster_wide().high().doc("How many threads serve connections."),
    int("producer.purgatory.purge.interval.requests", "1000")
        .doc("How many finished produce requests gather before they are cleared away."),
    long("queued.max.request.bytes", "-1")
        .honoured()
        .doc("How many bytes of requests may wait before no more is read; -1 is the broker's own limit.")
        .note("No limit of its own still means this broker's bound on all requests in flight."),
    int("queued.max.requests", "500").from(1).high().doc("How many requests may wait before no more is read."),
    int("quota.window.num", "11")
        .from(1)
        .low()
        .honoured()
        .doc("How many samples client quotas keep.")
        .note("See docs/security.md."),
    int("quota.window.size.seconds", "1").from(1).low().honoured().doc("How long one sample of a client quota is."),
    int("request.timeout.ms", "30000").high().doc("How long the broker as a client waits for an answer."),
    long("socket.connection.setup.timeout.max.ms", "30000")
        .doc("The longest that the broker as a client waits for a connection."),
    long("socket.connection.setup.timeout.ms", "10000")
        .doc("How long the broker as a client first waits for a connection."),
    int("socket.listen.backlog.size", "50").from(1).honoured().doc("How many connections may wait to be accepted."),
    int("socket.receive.buffer.bytes", "102400")
        .high()
        .doc("The receive buffer of a connection; -1 is the system's default."),
    int("socket.request.max.bytes", "104857600").from(1).high().honoured().doc("The largest request that is read."),
    int("socket.send.buffer.bytes", "102400")
        .high()
        .doc("The send buffer of a connection; -1 is the system's default."),
    int("telemetry.max.bytes", "1048576").from(1).low().doc("How many bytes of metrics a client may push at a time."),
];
