//! docs/configuration.md's tables and config/server.properties, written from the table of keys.

use std::fmt::Write;

use stream_metadata::config_def::{
    ConfigKey, Scope, broker_key, broker_key_parts, client_metrics_keys, group_keys, is_security_key, topic_keys,
};

use super::{replace, replace_or_check};

const CONFIGURATION: &str = "docs/configuration.md";
const SAMPLE: &str = "config/server.properties";
const OUR_OWN: &str = "Our own";

fn default_of(key: &ConfigKey) -> String {
    match key.default {
        None => "none".to_owned(),
        Some("") => "empty".to_owned(),
        Some("9223372036854775807") => "no limit".to_owned(),
        Some(default) => format!("`{default}`"),
    }
}

fn meaning(key: &ConfigKey) -> String {
    [key.doc, key.note].join(" ").trim().replace('|', "\\|")
}

/// Where a change of it is taken while the broker runs.
fn while_running(key: &ConfigKey) -> &'static str {
    match key.live_scope() {
        Scope::ReadOnly => "no",
        Scope::PerBroker => "a broker",
        Scope::ClusterWide => "a broker, all",
    }
}

fn honoured<'a>(keys: impl IntoIterator<Item = &'a ConfigKey>) -> String {
    let mut table = "| Key | Values | Default | Changes while it runs | Meaning |\n|---|---|---|---|---|\n".to_owned();
    for key in keys {
        let (name, values, default) = (key.name, key.values(), default_of(key));
        let _ = writeln!(table, "| `{name}` | {values} | {default} | {} | {} |", while_running(key), meaning(key));
    }
    table
}

fn listed<'a>(keys: impl IntoIterator<Item = &'a ConfigKey>) -> String {
    let mut table = "| Key | Values | Default | Meaning |\n|---|---|---|---|\n".to_owned();
    for key in keys {
        let (name, values, default) = (key.name, key.values(), default_of(key));
        let _ = writeln!(table, "| `{name}` | {values} | {default} | {} |", meaning(key));
    }
    table
}

fn topics() -> String {
    let mut table =
        "| Key | Values | Default | Default's key | Effect | Meaning |\n|---|---|---|---|---|---|\n".to_owned();
    for key in topic_keys().iter().filter(|key| !key.internal) {
        let names: Vec<String> = key.synonyms.iter().map(|synonym| format!("`{}`", synonym.name)).collect();
        let effect = if key.honoured { "yes" } else { "none" };
        let (name, values, default) = (key.name, key.values(), default_of(key));
        let _ =
            writeln!(table, "| `{name}` | {values} | {default} | {} | {effect} | {} |", names.join(", "), meaning(key));
    }
    table
}

/// Every part with the keys that pass, each under its title.
fn parts(passes: impl Fn(&ConfigKey) -> bool, table: impl Fn(Vec<&'static ConfigKey>) -> String) -> String {
    let mut text = String::new();
    for (title, keys) in broker_key_parts().iter().filter(|(title, _)| *title != OUR_OWN) {
        let keys: Vec<_> = keys.iter().filter(|key| !key.internal && passes(key)).collect();
        if !keys.is_empty() {
            let _ = write!(text, "\n### {title}\n\n{}", table(keys));
        }
    }
    text
}

#[test]
fn the_tables_of_the_configuration_document_are_the_tables_of_the_code() {
    let is_refused = |key: &ConfigKey| !key.honoured && is_security_key(key.name);
    let ours = broker_key_parts().iter().find(|(title, _)| *title == OUR_OWN).unwrap();
    let (_, security) = broker_key_parts().iter().find(|(title, _)| title.starts_with("Authentication")).unwrap();
    replace_or_check(CONFIGURATION, |found| {
        let tables = [
            ("our keys", honoured(ours.1)),
            ("kafka's keys", parts(|key| key.honoured, honoured)),
            ("topics", topics()),
            ("groups", listed(group_keys())),
            ("client metrics", listed(client_metrics_keys())),
            ("keys without a use", parts(|key| !key.honoured && !is_refused(key), listed).replace("###", "####")),
            ("refused keys", listed(security.iter().filter(|key| is_refused(key)))),
        ];
        tables.iter().fold(found.to_owned(), |text, (name, table)| replace(&text, name, table))
    });
}

/// A line of the sample.
enum Line {
    /// A heading of several keys.
    Title(&'static str),
    /// A key with its default.
    Default(&'static str),
    /// A key with another value, and why.
    Set(&'static str, &'static str, &'static str),
    /// A key with an example that is commented out.
    Example(&'static str, &'static str),
}

const HEADER: &str = "\
# A broker that other machines can reach. Every line is optional: without a file the broker serves localhost only.
# Start it with:  hanzo-stream server --config config/server.properties
# All keys and their defaults: docs/configuration.md, or  hanzo-stream server --check
# This file is written from the table of keys by the test of documents.
";

const LINES: &[Line] = &[
    Line::Title("Which node this is, and who votes on metadata: here this node alone"),
    Line::Set("process.roles", "broker,controller", ""),
    Line::Set("node.id", "1", ""),
    Line::Set("controller.quorum.voters", "1@localhost:9094", ""),
    Line::Example("broker.rack", "rack-1"),
    Line::Title("Where it listens"),
    Line::Set(
        "listeners",
        "PLAINTEXT://:9092,CONTROLLER://localhost:9094",
        "These speak plain text and let everybody do everything: keep the port away from others, or see below.",
    ),
    Line::Example("advertised.listeners", "PLAINTEXT://kafka.example.org:9092"),
    Line::Default("socket.request.max.bytes"),
    Line::Default("connections.max.idle.ms"),
    Line::Title("Who may connect, and do what (docs/security.md)"),
    Line::Example("listener.security.protocol.map", "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT"),
    Line::Example("ssl.keystore.type", "PEM"),
    Line::Example("ssl.keystore.location", "/etc/hanzo-stream/broker.pem"),
    Line::Example("sasl.enabled.mechanisms", "SCRAM-SHA-512"),
    Line::Example("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
    Line::Example("super.users", "User:admin"),
    Line::Title("Where the data is, and when it is safe"),
    Line::Set("log.dirs", "./data", ""),
    Line::Default("hanzo.flush.policy"),
    Line::Default("hanzo.disk.reserve.bytes"),
    Line::Title("Topics that say nothing else"),
    Line::Default("num.partitions"),
    Line::Default("default.replication.factor"),
    Line::Default("min.insync.replicas"),
    Line::Default("auto.create.topics.enable"),
    Line::Default("log.retention.hours"),
    Line::Default("log.retention.bytes"),
    Line::Default("log.segment.bytes"),
    Line::Default("message.max.bytes"),
    Line::Title("Groups"),
    Line::Default("group.initial.rebalance.delay.ms"),
    Line::Default("offsets.retention.minutes"),
    Line::Set("offsets.topic.replication.factor", "1", ""),
    Line::Title("The server itself"),
    Line::Default("hanzo.http.listener"),
    Line::Default("hanzo.log.format"),
    Line::Default("hanzo.log.level"),
    Line::Example("hanzo.memory.bytes", "536870912"),
];

/// A comment of at most 120 columns.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = "#".to_owned();
    for word in text.replace('`', "").split_whitespace() {
        if line.len() + 1 + word.len() > 120 {
            let _ = writeln!(lines, "{line}");
            "#".clone_into(&mut line);
        }
        let _ = write!(line, " {word}");
    }
    if line.len() > 1 {
        let _ = writeln!(lines, "{line}");
    }
    lines
}

fn sample() -> String {
    let mut text = HEADER.to_owned();
    for line in LINES {
        let (name, value, why, mark) = match *line {
            Line::Title(title) => {
                let _ = write!(text, "\n##### {title}\n");
                continue;
            }
            Line::Default(name) => (name, broker_key(name).unwrap().default.unwrap(), "", ""),
            Line::Set(name, value, why) => (name, value, why, ""),
            Line::Example(name, value) => (name, value, "", "#"),
        };
        let key = broker_key(name).unwrap();
        assert!(key.honoured, "{name} is of no use in a sample");
        let _ = write!(text, "\n{}{mark}{name}={value}\n", comment(&format!("{} {why}", key.doc)));
    }
    text
}

#[test]
fn the_sample_configuration_is_what_the_table_says() {
    replace_or_check(SAMPLE, |_| sample());
}
