//! Whole files: what they come to, and how they are refused.

#![allow(clippy::unwrap_used)]

use stream_catalog::{
    AccessResource, Catalog, DeadLetterTopic, DeclaredOperation, PasswordSource, TopicStyle, Validation,
};

/// The contract's own example.
const EXAMPLE: &str = r#"
naming:
  topics: snake_case            # snake_case | dotted | a regular expression
  forbidden_prefixes: [prod_, stg_]
  groups: kebab-case
dead_letter: {topic: dead_letter, writers: authenticated}     # or topic: "{topic}.dlq", retention: 14d
topics:
  llm_usage:
    partitions: 8
    retention: 14d
    key: team_id                # documented in the console, checked by validation
    schema: schemas/llm_usage.json
    validation: dead_letter     # off | reject | dead_letter
groups:
  billing-agg: {topics: [llm_usage], members: 2}
credentials:
  - {username: billing-aggregator, password_env: BILLING_PASSWORD, read: [llm_usage], write: [billing_events], groups: [billing-agg]}
"#;

fn acls(text: &str) -> Vec<String> {
    let catalog = Catalog::parse(text).unwrap();
    let mut acls: Vec<String> = catalog
        .acls()
        .iter()
        .map(|acl| {
            let resource = match acl.resource {
                AccessResource::Topic => "topic",
                AccessResource::Group => "group",
            };
            let operation = match acl.operation {
                DeclaredOperation::Read => "read",
                DeclaredOperation::Write => "write",
                DeclaredOperation::Describe => "describe",
            };
            format!("{} {operation} {resource} {}", acl.principal, acl.name)
        })
        .collect();
    acls.sort();
    acls
}

fn warnings(text: &str) -> Vec<String> {
    Catalog::parse(text).unwrap().warnings().iter().map(ToString::to_string).collect()
}

fn refused(text: &str) -> String {
    Catalog::parse(text).unwrap_err().to_string()
}

#[test]
fn the_contracts_example_is_read() {
    let catalog = Catalog::parse(EXAMPLE).unwrap();
    assert!(matches!(catalog.naming.topics, Some(TopicStyle::SnakeCase)));
    let dead_letter = catalog.dead_letter.as_ref().unwrap();
    assert_eq!(dead_letter.topic, DeadLetterTopic::One("dead_letter".to_owned()));
    let topic = &catalog.topics[0];
    assert_eq!(
        (topic.name.as_str(), topic.partitions, topic.retention_ms),
        ("llm_usage", Some(8), Some(1_209_600_000))
    );
    assert_eq!((topic.key.as_deref(), topic.validation), (Some("team_id"), Validation::DeadLetter));
    assert_eq!(catalog.groups[0].members, Some(2));
    assert_eq!(catalog.credentials[0].password, Some(PasswordSource::Environment("BILLING_PASSWORD".to_owned())));
    assert_eq!(
        acls(EXAMPLE),
        [
            "User:billing-aggregator describe topic billing_events",
            "User:billing-aggregator describe topic llm_usage",
            "User:billing-aggregator read group billing-agg",
            "User:billing-aggregator read topic llm_usage",
            "User:billing-aggregator write topic billing_events",
            "User:billing-aggregator write topic dead_letter",
        ]
    );
    assert_eq!(
        warnings(EXAMPLE),
        ["line 17 column 5: billing-aggregator names topic billing_events, which topics does not declare"]
    );
}

#[test]
fn the_standards_registry_gives_each_principal_what_its_table_says() {
    let text = include_str!("../../../config/topics.yaml");
    let mut expected = Vec::new();
    for (user, reads, writes, group) in [
        ("insights-capture", None, Some("events_plugin_ingestion"), None),
        ("llm-gateway", None, Some("llm_usage"), None),
        ("iam-service", None, Some("audit_log"), None),
        ("analytics-ingest", Some("events_plugin_ingestion"), None, Some("analytics-ingest")),
        ("billing-aggregator", Some("llm_usage"), Some("billing_events"), Some("billing-agg")),
        ("audit-archiver", Some("audit_log"), None, Some("audit-archive")),
    ] {
        for (operation, topic) in [("read", reads), ("write", writes)] {
            let Some(topic) = topic else { continue };
            expected.push(format!("User:{user} {operation} topic {topic}"));
            expected.push(format!("User:{user} describe topic {topic}"));
        }
        expected.extend(group.map(|group| format!("User:{user} read group {group}")));
        expected.push(format!("User:{user} write topic dead_letter"));
    }
    expected.sort();
    assert_eq!(acls(text), expected);
    assert_eq!(warnings(text), Vec::<String>::new());
    let catalog = Catalog::parse(text).unwrap();
    let shape: Vec<_> = catalog
        .topics
        .iter()
        .map(|topic| (topic.partitions.unwrap(), topic.retention_ms.unwrap() / 86_400_000))
        .collect();
    assert_eq!(shape, [(16, 7), (8, 14), (4, 30), (4, 90), (8, 7), (1, 30)]);
}

#[test]
fn dead_letters_of_each_topic_are_for_those_who_name_it() {
    let text = "dead_letter: {topic: '{topic}.dlq', writers: authenticated, retention: 14d}\nnaming: {topics: snake_case}\n\
                credentials:\n- {username: a, password_env: A, read: [x]}\n- {username: b, password_file: b, read: [x.dlq]}\n";
    assert_eq!(
        acls(text),
        [
            "User:a describe topic x",
            "User:a read topic x",
            "User:a write topic x.dlq",
            "User:b describe topic x.dlq",
            "User:b read topic x.dlq",
        ]
    );
    let without = text.replace(", writers: authenticated", "");
    assert!(!acls(&without).iter().any(|acl| acl.contains(" write ")));
}

#[test]
fn a_mistake_is_named_with_its_place_and_what_was_meant() {
    for (text, expected) in [
        ("credential: []", "line 1 column 1: \"credential\" is no key of a catalog; did you mean credentials?"),
        (
            "topics:\n  a:\n    partition: 3",
            "line 3 column 5: \"partition\" is no key of a topic; did you mean partitions?",
        ),
        ("topics: {a: {partitions: 0}}", "line 1 column 26: partitions must be a whole number from 1"),
        ("topics: {a: {retention: 14}}", "retention: write a number and a unit"),
        ("topics: {a: {validation: reject}}", "there is no schema to validate against"),
        ("topics: [a]", "line 1 column 9: topics must be a mapping of keys, and is a list"),
        ("naming: {topics: snake_case}\ntopics: {LLM: {}}", "line 2 column 10: topic \"LLM\" is not named as"),
        ("credentials: {}", "credentials must be a list"),
        ("credentials:\n- {password_env: A}", "line 2 column 3: a credential has no username"),
        ("credentials: [{username: '*', password_env: A}]", "would be everybody"),
        ("credentials: [{username: ANONYMOUS, password_env: A}]", "name one user"),
        ("credentials: [{username: a, password_env: A, read: ['*']}]", "contains '*'"),
        ("credentials: [{username: a, password_env: A, groups: ['*']}]", "is no name of one group"),
        ("credentials: [{username: a, password_env: A, password_file: b}]", "keep one"),
        ("credentials: [{username: a}, {username: a}]", "the username a is given twice"),
        ("credentials: [{username: a, read: x}]", "read must be a list, such as read: [a, b], and is a text"),
        ("credentials: [{username: a, read: [x, x]}]", "\"x\" is in read twice"),
        ("dead_letter: {topic: d, writers: everybody}", "writers is authenticated"),
        ("dead_letter: {topic: '{topic}'}", "back to their topic"),
        ("dead_letter: {}", "dead_letter has no topic"),
        ("just text", "a catalog must be a mapping of keys, and is a text"),
    ] {
        let found = refused(text);
        assert!(found.contains(expected), "{text}\n{found}");
    }
}

#[test]
fn a_password_in_the_file_is_not_quoted() {
    let found = refused("credentials: [{username: a, password: hunter2}]");
    assert!(found.contains("\"password\" is no key of a credential") && !found.contains("hunter2"), "{found}");
}

#[test]
fn what_looks_wrong_is_a_warning() {
    let text = "topics: {llm_usage: {}, billing: {}}\ngroups: {agg: {topics: [llm_usage, bill]}}\ncredentials:\n\
                - {username: a, read: [llm_usagee], groups: [agg, ag]}\n- {username: b, groups: [agg]}\n";
    assert_eq!(
        warnings(text),
        [
            "line 2 column 10: group agg reads topic bill, which topics does not declare",
            "line 4 column 3: a names topic llm_usagee, which topics does not declare; did you mean llm_usage?",
            "line 4 column 3: a is in group agg and may not read its topic llm_usage",
            "line 4 column 3: a is in group agg and may not read its topic bill",
            "line 4 column 3: a is in group ag, which groups does not declare; did you mean agg?",
            "line 5 column 3: b is in group agg and may not read its topic llm_usage",
            "line 5 column 3: b is in group agg and may not read its topic bill",
            "line 5 column 3: b is in groups and may read no topic",
        ]
    );
}

#[test]
fn nothing_is_a_catalog_of_nothing() {
    for text in ["", "topics:\ncredentials:\n", "{}"] {
        assert!(acls(text).is_empty() && warnings(text).is_empty(), "{text:?}");
    }
}

/// Whatever the file holds, it is read or refused: nothing panics, and nothing takes long.
#[test]
fn damaged_files_are_refused_or_read() {
    const ROUNDS: usize = 3000;
    const PIECES: &[&str] = &[
        "{", "}", "[", "]", ":", "- ", "\n", "  ", "\t", "&a ", "*a", "!!x ", "|", ">", "'", "\"", "#", "%", "---\n",
        "\u{0}", "é", "? ",
    ];
    let whole = include_str!("../../../config/topics.yaml");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..ROUNDS {
        let mut characters: Vec<char> = whole.chars().collect();
        for _ in 0..=next(4) {
            let at = next(characters.len());
            match next(3) {
                0 => characters.truncate(at.max(1)),
                1 => drop(characters.splice(at..at, PIECES[next(PIECES.len())].chars())),
                _ => drop(characters.drain(at..(at + next(40)).min(characters.len()))),
            }
            if characters.is_empty() {
                characters.push(' ');
            }
        }
        let text: String = characters.into_iter().collect();
        if let Ok(catalog) = Catalog::parse(&text) {
            assert!(catalog.acls().iter().all(|acl| acl.principal != "User:*" && acl.name != "*"));
            catalog.warnings();
        }
    }
}
