//! The table of keys against Apache Kafka's own, which `tests/tools/KafkaKeys.java` recorded in `testdata/kafka_keys.tsv`: every key
//! is there, with Kafka's type, default, importance, update mode and allowed values, except where a list below says otherwise and why.
//!
//! Record again: `java @.tools/kafka/classpath tests/tools/KafkaKeys.java > crates/metadata/testdata/kafka_keys.tsv`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt::Write;

use stream_metadata::config_def::{
    ConfigKey, Importance, broker_keys, client_metrics_keys, group_keys, topic_keys, validate_value,
};

const RECORDED: &str = include_str!("../testdata/kafka_keys.tsv");

/// Where our table says something else than Kafka's, by the beginning of the line, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("broker controller.quorum.voters: Kafka refuses", "start-up refuses it too, and names the entry that is wrong"),
    ("broker log.retention.hours: Kafka takes", "Kafka refuses it later, when it looks at all keys together"),
    ("broker log.retention.minutes: Kafka takes", "the same"),
    ("broker log.retention.ms: Kafka takes", "the same"),
    ("broker log.roll.ms: Kafka takes", "the same"),
    ("broker log.roll.jitter.ms: Kafka takes", "the same"),
    ("client_metrics interval.ms: Kafka takes", "Kafka's own check of 100 to 3600000 is outside of its table"),
    ("broker allow.everyone.if.no.acl.found: not Kafka's", "Kafka's authorizer reads it, outside of its table"),
    ("broker super.users: not Kafka's", "Kafka's authorizer reads it, outside of its table"),
    (
        "broker follower.replication.throttled.rate: not Kafka's",
        "Kafka takes it while it runs only, in a table of quotas",
    ),
    (
        "broker leader.replication.throttled.rate: not Kafka's",
        "Kafka takes it while it runs only, in a table of quotas",
    ),
    ("broker replica.alter.log.dirs.io.max.bytes.per.second: not Kafka's", "the same"),
];

/// One recorded key.
struct Row<'a> {
    table: &'a str,
    name: &'a str,
    kind: &'a str,
    default: &'a str,
    importance: &'a str,
    visibility: &'a str,
    mode: &'a str,
    inherited: &'a str,
    taken: Vec<&'a str>,
    refused: Vec<&'a str>,
}

fn recorded() -> Vec<Row<'static>> {
    let values =
        |text: &'static str| text.split('|').filter_map(|v| v.strip_prefix('\'')?.strip_suffix('\'')).collect();
    RECORDED
        .lines()
        .map(|line| {
            let [table, name, kind, default, importance, visibility, mode, inherited, taken, refused] =
                line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let (taken, refused) = (values(taken), values(refused));
            Row { table, name, kind, default, importance, visibility, mode, inherited, taken, refused }
        })
        .collect()
}

fn ours(table: &str) -> &'static [ConfigKey] {
    match table {
        "topic" => topic_keys(),
        "broker" => broker_keys(),
        "group" => group_keys(),
        "client_metrics" => client_metrics_keys(),
        _ => panic!("no table {table}"),
    }
}

fn default_of(key: &ConfigKey) -> String {
    key.default.map_or("none".to_owned(), |default| format!("'{default}'"))
}

fn differences() -> String {
    let mut found = String::new();
    let recorded = recorded();
    for row in &recorded {
        let Some(key) = ours(row.table).iter().find(|key| key.name == row.name) else {
            writeln!(found, "{} {}: missing", row.table, row.name).unwrap();
            continue;
        };
        let importance = match key.importance {
            Importance::High => "high",
            Importance::Medium => "medium",
            Importance::Low => "low",
        };
        let default = if row.default.starts_with('\'') { row.default } else { "none" };
        let inherited = if row.table == "topic" && !key.synonyms.is_empty() {
            key.synonyms.iter().map(|synonym| synonym.name).collect::<Vec<_>>().join(",")
        } else {
            "-".to_owned()
        };
        let mode = if row.table == "broker" { key.scope.name() } else { "-" };
        let facts = [
            ("type", row.kind, key.kind.name()),
            ("default", default, &default_of(key)),
            ("importance", row.importance, importance),
            ("visibility", row.visibility, if key.internal { "internal" } else { "public" }),
            ("mode", row.mode, mode),
            ("inherited", row.inherited, &inherited),
        ];
        for (fact, kafkas, ours) in facts {
            if kafkas != ours {
                writeln!(found, "{} {}: {fact} {kafkas}, here {ours}", row.table, row.name).unwrap();
            }
        }
        for (values, is_taken) in [(&row.taken, true), (&row.refused, false)] {
            for value in values.iter().filter(|value| validate_value(key, value).is_ok() != is_taken) {
                let verb = if is_taken { "takes" } else { "refuses" };
                writeln!(found, "{} {}: Kafka {verb} '{value}'", row.table, row.name).unwrap();
            }
        }
    }
    for table in ["topic", "broker", "group", "client_metrics"] {
        for key in ours(table).iter().filter(|key| !key.name.starts_with("hanzo.")) {
            if !recorded.iter().any(|row| row.table == table && row.name == key.name) {
                writeln!(found, "{table} {}: not Kafka's", key.name).unwrap();
            }
        }
    }
    found
}

#[test]
fn the_table_is_kafkas() {
    let found = differences();
    let is_known = |line: &&str| DIFFERENCES.iter().any(|(beginning, _)| line.starts_with(beginning));
    let unknown: Vec<&str> = found.lines().filter(|line| !is_known(line)).collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    for (beginning, reason) in DIFFERENCES {
        assert!(
            found.lines().any(|line| line.starts_with(beginning)),
            "no difference any more: {beginning} ({reason})"
        );
    }
}
