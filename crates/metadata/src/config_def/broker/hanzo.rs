//! Our own keys; docs/configuration.md tells them at length.

use super::super::key::{ConfigKey, ConfigType, boolean, long, string, unset};

pub(super) static KEYS: &[ConfigKey] = &[
    boolean("hanzo.allow.unsecured", "false")
        .honoured()
        .doc("Whether a cluster that has ACLs or SCRAM users starts although nobody is asked who they are.")
        .note("Without it such a start is refused (docs/moving-from-kafka.md)."),
    unset("hanzo.audit.topic", ConfigType::String)
        .honoured()
        .doc("The topic of the audit trail: failed authentications, denials, administrative changes; beside the log.")
        .note("Created if it is missing, and no client may write to it (docs/security.md)."),
    unset("hanzo.catalog.file", ConfigType::String)
        .honoured()
        .doc("The YAML file of topics as code, of which the server reads credentials, groups and dead letters.")
        .note("docs/catalog.md says what is in it."),
    unset("hanzo.cluster.id", ConfigType::String)
        .honoured()
        .doc("The cluster's id for a data directory that has none yet.")
        .note("22 characters of URL-safe base64; random by default. One that exists must have this id."),
    long("hanzo.disk.reserve.bytes", "67108864")
        .from(0)
        .honoured()
        .doc("How much disk stays free for the metadata log and committed offsets when records fill the rest.")
        .note("Below it a log directory takes no more records until retention or deletion made room."),
    string("hanzo.flush.policy", "auto")
        .one_of(&["auto", "always", "never"])
        .high()
        .honoured()
        .doc("When an acknowledged record is synced: auto syncs at once while one replica is in sync.")
        .note(
            "`auto`: before the answer while the in-sync set has one member, in the background with more. \
             `always`: every in-sync replica syncs before it reports an offset. `never`: when the operating \
             system likes, as Apache Kafka by default.",
        ),
    string("hanzo.http.health.auth", "open")
        .one_of(&["open", "required"])
        .honoured()
        .doc("Whether /healthz and /readyz ask who comes."),
    string("hanzo.http.listener", "localhost:8080")
        .honoured()
        .doc("Where metrics and health are served, with https:// before it over TLS; empty is nowhere.")
        .note(
            "When `listeners` is given and this is not, it is port 8080 on the host of the first listener. A \
             taken port is an error if this key names it, else a warning.",
        ),
    string("hanzo.http.metrics.auth", "auto")
        .one_of(&["auto", "open", "required"])
        .honoured()
        .doc("Whether /metrics asks who comes: auto does once clients of the broker have to log in."),
    string("hanzo.log.format", "text")
        .one_of(&["text", "json"])
        .honoured()
        .doc("Whether the server's own log lines are for people or for programs.")
        .note("One event a line, on standard error."),
    string("hanzo.log.level", "info")
        .honoured()
        .doc("How much the server says about itself.")
        .note("`off`, `error`, `warn`, `info`, `debug` or `trace`; also by target: `info,stream_server=debug`."),
    unset("hanzo.memory.bytes", ConfigType::Long)
        .from(16_777_216)
        .honoured()
        .doc("How much memory the server may use; a quarter of the machine or container if not set.")
        .note("For requests, caches and answers."),
    long("hanzo.metrics.max.series", "20000")
        .from(1)
        .honoured()
        .doc("How many series a family of metrics may have; what is above is left out and counted.")
        .note("`hanzo_metrics_series_left_out` counts it."),
    boolean("hanzo.metrics.partition.labels", "true")
        .honoured()
        .doc("Whether metrics of partitions are told for each partition, or added up by topic."),
    string("hanzo.registry.listener", "localhost:8081")
        .doc("Where the schema registry is served; empty is nowhere.")
        .note("No effect yet: there is no schema registry."),
];
