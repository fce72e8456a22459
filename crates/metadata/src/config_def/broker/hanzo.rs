//! Our own keys; docs/configuration.md tells them at length.

use super::super::key::{ConfigKey, ConfigType, boolean, long, string, unset};

pub(super) static KEYS: &[ConfigKey] = &[
    unset("hanzo.audit.topic", ConfigType::String).honoured().doc(
        "The topic that authentication failures, denials and administrative changes are written to, beside the log.",
    ),
    unset("hanzo.catalog.file", ConfigType::String)
        .honoured()
        .doc("The YAML file of topics as code, of which the server reads credentials, groups and dead letters."),
    unset("hanzo.cluster.id", ConfigType::String)
        .honoured()
        .doc("The cluster's id for a data directory that has none yet."),
    long("hanzo.disk.reserve.bytes", "67108864")
        .from(0)
        .honoured()
        .doc("How much disk stays free for the metadata log and committed offsets when records fill the rest."),
    string("hanzo.flush.policy", "auto")
        .one_of(&["auto", "always", "never"])
        .high()
        .honoured()
        .doc("When an acknowledged record is synced: auto syncs at once while one replica is in sync."),
    string("hanzo.http.health.auth", "open")
        .one_of(&["open", "required"])
        .honoured()
        .doc("Whether /healthz and /readyz ask who comes."),
    string("hanzo.http.listener", "localhost:8080")
        .honoured()
        .doc("Where metrics and health are served, with https:// before it over TLS; empty is nowhere."),
    string("hanzo.http.metrics.auth", "auto")
        .one_of(&["auto", "open", "required"])
        .honoured()
        .doc("Whether /metrics asks who comes: auto does once clients of the broker have to log in."),
    string("hanzo.log.format", "text")
        .one_of(&["text", "json"])
        .honoured()
        .doc("Whether the server's own log lines are for people or for programs."),
    string("hanzo.log.level", "info").honoured().doc("How much the server says about itself."),
    unset("hanzo.memory.bytes", ConfigType::Long)
        .from(16_777_216)
        .honoured()
        .doc("How much memory the server may use; a quarter of the machine or container if not set."),
    boolean("hanzo.metrics.partition.labels", "true")
        .honoured()
        .doc("Whether metrics of partitions are told for each partition, or added up by topic."),
    long("hanzo.metrics.max.series", "20000")
        .from(1)
        .honoured()
        .doc("How many series a family of metrics may have; what is above is left out and counted."),
    string("hanzo.registry.listener", "localhost:8081").doc("Where the schema registry is served; empty is nowhere."),
];
