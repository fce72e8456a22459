//! The crates may depend on each other only as this table says. THINK before you add an edge: it is a change of the
//! architecture, and wants an entry under docs/adr/ in the same commit.

use crate::repository::Offence;

/// Crate, and the crates of this workspace that it may depend on.
pub const TABLE: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("codec", &["types"]),
    ("wire", &["types", "codec"]),
    ("log", &["types", "codec"]),
    ("replica", &["types"]),
    ("metadata", &["types", "codec"]),
    ("quorum", &["types", "codec", "log"]),
    ("coordinator", &["types", "codec", "metadata"]),
    ("security", &["types", "metadata"]),
    ("schema", &["types"]),
    ("catalog", &["types", "metadata", "schema"]),
    ("client", &["types", "codec", "wire", "security"]),
    ("http", &["types", "metadata", "security", "schema", "catalog"]),
    ("cli", &["types", "codec", "wire", "client", "catalog", "security", "log"]),
    (
        "server",
        &[
            "types",
            "codec",
            "wire",
            "log",
            "replica",
            "metadata",
            "quorum",
            "coordinator",
            "security",
            "schema",
            "catalog",
            "client",
            "http",
            "cli",
        ],
    ),
    ("tidy", &[]),
    ("fuzz", &["types", "codec", "wire", "log", "metadata", "security"]),
    (
        "sim",
        &[
            "types",
            "codec",
            "wire",
            "log",
            "replica",
            "metadata",
            "quorum",
            "coordinator",
            "security",
            "schema",
            "catalog",
        ],
    ),
];

/// Libraries that only these crates may use, tests included.
const RESERVED: &[(&str, &[&str])] = &[
    ("tokio", &["server", "http", "client", "cli"]),
    ("axum", &["http"]),
    ("raft", &["quorum"]),
    ("slog", &["quorum"]),
    ("tracing-subscriber", &["server"]),
    ("clap", &["cli", "server"]),
];

/// Libraries that are oracles of tests and never linked into the broker.
const ORACLES: &[&str] = &["kafka-protocol"];

/// What breaks the table, given the output of `cargo metadata --no-deps`.
pub fn check(metadata: &str) -> Vec<Offence> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).expect("cargo prints JSON");
    let mut offences = Vec::new();
    for package in metadata["packages"].as_array().expect("cargo lists packages") {
        let name = package["name"].as_str().expect("a package has a name");
        let Some(from) = name.strip_prefix("stream-") else {
            offences.push(Offence::new(name, 0, "a package of this workspace is named stream-<folder>"));
            continue;
        };
        let manifest = format!("{name}/Cargo.toml");
        for target in package["targets"].as_array().into_iter().flatten() {
            let kinds = target["kind"].as_array().into_iter().flatten().filter_map(|kind| kind.as_str());
            for kind in kinds.filter(|kind| matches!(*kind, "custom-build" | "proc-macro")) {
                offences.push(Offence::new(
                    &manifest,
                    0,
                    format!("{kind}: declarations are macro_rules!, nothing runs at build time"),
                ));
            }
        }
        let Some((_, allowed)) = TABLE.iter().find(|(crate_name, _)| *crate_name == from) else {
            // Benchmarks may look at anything; nobody may look at them.
            if !from.starts_with("bench") {
                offences.push(Offence::new(&manifest, 0, "this crate is missing in the dependency table"));
            }
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().expect("a dependency has a name");
            let in_tests = dependency["kind"].as_str() == Some("dev");
            offences.extend(edge(from, to, in_tests, allowed).map(|message| Offence::new(&manifest, 0, message)));
        }
    }
    offences
}

/// What is wrong with one edge.
fn edge(from: &str, to: &str, in_tests: bool, allowed: &[&str]) -> Option<String> {
    if let Some(to) = to.strip_prefix("stream-") {
        let fine = allowed.contains(&to) || (in_tests && to != "server");
        return (!fine).then(|| format!("{from} may not depend on {to}: a new edge is a design change (docs/adr/)"));
    }
    if ORACLES.contains(&to) && !in_tests {
        return Some(format!("{to} is an oracle for tests: a dev-dependency at most"));
    }
    let (_, users) = RESERVED.iter().find(|(library, _)| *library == to)?;
    (!users.contains(&from)).then(|| format!("{from} may not know {to}; only {} may", users.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)], kind: &str) -> String {
        let dependencies: Vec<_> =
            dependencies.iter().map(|(name, kind)| serde_json::json!({"name": name, "kind": kind})).collect();
        let targets = serde_json::json!([{"kind": [kind]}]);
        serde_json::json!({"packages": [{"name": name, "dependencies": dependencies, "targets": targets}]}).to_string()
    }

    #[test]
    fn an_edge_outside_the_table_fails() {
        assert!(check(&package("stream-log", &[("stream-types", None), ("bytes", None)], "lib")).is_empty());
        let offences = check(&package("stream-log", &[("stream-wire", None)], "lib"));
        assert!(offences[0].message.contains("log may not depend on wire"), "{offences:?}");
    }

    #[test]
    fn machines_do_not_know_tokio_not_even_in_tests() {
        assert_eq!(check(&package("stream-coordinator", &[("tokio", Some("dev"))], "lib")).len(), 1);
        assert_eq!(check(&package("stream-metadata", &[("raft", None)], "lib")).len(), 1);
    }

    #[test]
    fn oracles_stay_in_tests() {
        assert!(check(&package("stream-wire", &[("kafka-protocol", Some("dev"))], "lib")).is_empty());
        assert_eq!(check(&package("stream-wire", &[("kafka-protocol", None)], "lib")).len(), 1);
    }

    #[test]
    fn unknown_crates_and_build_scripts_fail() {
        assert_eq!(check(&package("stream-new", &[], "lib")).len(), 1);
        assert_eq!(check(&package("kafka", &[], "lib")).len(), 1);
        assert_eq!(check(&package("stream-types", &[], "custom-build")).len(), 1);
    }

    #[test]
    fn nobody_depends_on_the_server() {
        assert_eq!(check(&package("stream-sim", &[("stream-server", Some("dev"))], "lib")).len(), 1);
    }
}
