//! The whole way from sources to a configuration or its one line of refusal.

use std::path::PathBuf;

use super::declared::Outside;
use super::environment::{self, Environment};
use super::*;

fn machine() -> Machine {
    Machine { host_name: "box".to_owned(), memory_bytes: 8 << 30, bitnami_volume: true }
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), Some((*text).to_owned())));
    environment::read(variables, |_| Err(std::io::ErrorKind::NotFound.into())).unwrap()
}

fn load(file: &str, variables: &[(&str, &str)], set: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let arguments = Arguments {
        config_file: Some(PathBuf::from("test.properties")),
        set: set.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect(),
        data_dir: None,
    };
    let outside = Outside {
        variable: &|name| variables.iter().find(|(other, _)| *other == name).map(|(_, text)| (*text).to_owned()),
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    ServerConfig::from_sources(&arguments, Some(file), environment(variables), &machine(), &outside)
}

fn set(set: &[(&str, &str)]) -> ServerConfig {
    load("", &[], set).unwrap().config
}

fn refused(set: &[(&str, &str)]) -> String {
    load("", &[], set).unwrap_err().to_string()
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_at_all_is_a_cluster_of_one_on_loopback() {
    let config = set(&[]);
    assert_eq!(texts(&config.listeners), ["PLAINTEXT://localhost:9092"]);
    assert_eq!(texts(&config.advertised_listeners), ["PLAINTEXT://localhost:9092"]);
    assert_eq!(texts(&config.controller_listeners), ["CONTROLLER://localhost:9094"]);
    assert_eq!(texts(&config.quorum_voters), ["1@localhost:9094"]);
    assert_eq!(config.log_dirs, [PathBuf::from("./data")]);
    assert_eq!(config.offsets.replication_factor, 1);
    assert_eq!(config.flush_policy, FlushPolicy::Auto);
    assert_eq!(config.memory_bytes, 2 << 30);
    assert!(config.is_sole_voter() && config.topics.auto_create);
    let http = config.http_listener.unwrap();
    assert_eq!((http.endpoint.to_string().as_str(), http.explicit), ("localhost:8080", false));
}

#[test]
fn later_sources_win_and_are_remembered() {
    let file = "num.partitions=2\nbroker.rack=a\ngroup.max.size=5\n";
    let variables = [("KAFKA_CFG_NUM_PARTITIONS", "3"), ("KAFKA_NUM_PARTITIONS", "9"), ("KAFKA_BROKER_RACK", "b")];
    let config = load(file, &variables, &[("num.partitions", "4")]).unwrap().config;
    assert_eq!(config.topics.num_partitions, 4);
    assert_eq!(config.source_of("num.partitions"), Source::Flag("--set"));
    assert_eq!(config.rack.as_deref(), Some("b"));
    assert_eq!(config.groups.size_max, 5);
    assert_eq!(config.source_of("group.max.size").to_string(), "test.properties line 3");
    let config = load(file, &variables, &[]).unwrap().config;
    assert_eq!(config.source_of("num.partitions"), Source::Environment("KAFKA_CFG_NUM_PARTITIONS".to_owned()));
}

#[test]
fn a_bitnami_stateful_set_starts_unchanged() {
    let variables = [
        ("KAFKA_CFG_NODE_ID", "1"),
        ("KAFKA_CFG_PROCESS_ROLES", "controller,broker"),
        ("KAFKA_CFG_CONTROLLER_QUORUM_VOTERS", "0@kafka-0.kafka:9094,1@kafka-1.kafka:9094"),
        ("KAFKA_CFG_LISTENERS", "PLAINTEXT://:9092,QUORUM://:9094"),
        ("KAFKA_CFG_ADVERTISED_LISTENERS", "PLAINTEXT://kafka-1.kafka:9092"),
        ("KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP", "QUORUM:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL"),
        ("KAFKA_KRAFT_CLUSTER_ID", "5L6g3nShT-eMCtK--X86sw"),
        ("KAFKA_HEAP_OPTS", "-Xmx1g"),
        ("KAFKA_PORT", "tcp://10.0.0.1:9092"),
    ];
    let Loaded { config, warnings } = load("", &variables, &[]).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.node_id, NodeId(1));
    assert_eq!(texts(&config.listeners), ["PLAINTEXT://:9092"]);
    assert_eq!(texts(&config.controller_listeners), ["QUORUM://:9094"]);
    assert_eq!(config.controller_listener_names, ["QUORUM"]);
    assert_eq!(config.cluster_id.as_deref(), Some("5L6g3nShT-eMCtK--X86sw"));
    assert_eq!(config.log_dirs, [PathBuf::from("/bitnami/kafka/data")]);
    assert_eq!(config.offsets.replication_factor, 3);
    assert_eq!(config.http_listener.unwrap().endpoint.to_string(), ":8080");
}

#[test]
fn a_sole_voter_binds_only_what_it_is_told() {
    let config = set(&[("listeners", "PLAINTEXT://127.0.0.1:17600")]);
    assert_eq!(texts(&config.listeners), ["PLAINTEXT://127.0.0.1:17600"]);
    assert!(config.controller_listeners.is_empty());
    assert_eq!(config.http_listener.unwrap().endpoint.to_string(), "127.0.0.1:8080");
    let config = set(&[
        ("controller.quorum.voters", "7@localhost:9094"),
        ("listeners", "A://:1,B://:9094"),
        ("listener.security.protocol.map", "A:PLAINTEXT,B:PLAINTEXT"),
    ]);
    assert_eq!(config.node_id, NodeId(7));
    assert_eq!(config.inter_broker_listener_name, "A");
    assert_eq!(texts(&config.controller_listeners), ["B://:9094"]);
}

#[test]
fn a_listener_on_every_interface_advertises_the_host_name() {
    let config = set(&[("listeners", "PLAINTEXT://0.0.0.0:9092")]);
    assert_eq!(texts(&config.advertised_listeners), ["PLAINTEXT://box:9092"]);
}

#[test]
fn what_asks_for_security_is_refused() {
    for entries in [
        &[("ssl.engine.factory.class", "com.example.Engine")][..],
        &[("listeners", "SSL://:9093"), ("listener.name.ssl.ssl.provider", "BC")],
        &[("sasl.server.callback.handler.class", "x.Y")],
    ] {
        let error = load("", &[], entries).unwrap_err();
        assert!(matches!(error, ConfigError::Security { .. }), "{error}");
    }
    let error = refused(&[("security.inter.broker.protocol", "SASL_SSL")]);
    assert!(error.ends_with("no listener for clients speaks it"), "{error}");
    let user = [("KAFKA_CLIENT_USERS", "ada"), ("KAFKA_CLIENT_PASSWORDS", "hunter2")];
    let error = load("", &user, &[]).unwrap_err().to_string();
    assert!(error.contains("KAFKA_CLIENT_USERS") && !error.contains("hunter2"), "{error}");
    // Kafka's own defaults ask for nothing, and a map may list protocols that no listener uses.
    set(&[
        ("sasl.mechanism.inter.broker.protocol", "GSSAPI"),
        ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT"),
    ]);
}

const TLS: &[(&str, &str)] = &[
    ("listeners", "PLAINTEXT://:9092,SSL://:9093,INNER://:9095,CONTROLLER://:9094"),
    ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,SSL:SSL,INNER:SSL,CONTROLLER:SSL"),
    ("ssl.keystore.type", "PEM"),
    ("ssl.keystore.location", "/tls/broker.pem"),
    ("ssl.truststore.type", "PEM"),
    ("ssl.truststore.location", "/tls/ca.pem"),
    ("ssl.client.auth", "requested"),
    ("listener.name.inner.ssl.client.auth", "required"),
    ("listener.name.inner.ssl.keystore.type", "PKCS12"),
    ("listener.name.inner.ssl.keystore.location", "/tls/inner.p12"),
    ("listener.name.inner.ssl.keystore.password", "hunter2"),
];

#[test]
fn a_listeners_own_keys_go_before_those_of_all() {
    let config = set(TLS);
    let names: Vec<_> = config.tls.iter().map(|tls| tls.listener.as_str()).collect();
    assert_eq!(names, ["SSL", "INNER", "CONTROLLER"]);
    let [ssl, inner, _] = config.tls.as_slice() else { panic!("three speak TLS") };
    assert_eq!((ssl.client_auth, inner.client_auth), (ClientAuth::Requested, ClientAuth::Required));
    assert_eq!(ssl.key_store.content, StoreContent::File(PathBuf::from("/tls/broker.pem")));
    assert_eq!(inner.key_store.content, StoreContent::File(PathBuf::from("/tls/inner.p12")));
    assert_eq!(inner.key_store.named_by, "listener.name.inner.ssl.keystore.location");
    assert_eq!((ssl.tls_1_2, ssl.tls_1_3, ssl.cipher_suites.len()), (false, true, 0));
    assert!(!format!("{config:?}").contains("hunter2"));
    let described = config.describe();
    assert!(described.contains("listener.name.inner.ssl.keystore.password=[hidden]"), "{described}");
    assert!(described.contains("ssl.enabled.protocols=TLSv1.3") && !described.contains("hunter2"), "{described}");
}

#[test]
fn tls_1_2_is_spoken_where_it_is_named() {
    for (entries, expected) in [
        (&[("ssl.enabled.protocols", "TLSv1.2,TLSv1.3")][..], (true, true)),
        (&[("ssl.enabled.protocols", "TLSv1.2")], (true, false)),
        (&[("ssl.protocol", "TLSv1.2")], (true, false)),
        (&[("ssl.protocol", "TLS")], (false, true)),
    ] {
        let tls = &set(&[TLS, entries].concat()).tls[0];
        assert_eq!((tls.tls_1_2, tls.tls_1_3), expected, "{entries:?}");
    }
}

#[test]
fn what_tls_cannot_do_is_refused_in_one_line() {
    for (entry, part) in [
        (("ssl.enabled.protocols", "TLSv1.1"), "TLSv1.1 is not spoken"),
        (("ssl.protocol", "SSLv3"), "give TLSv1.3 or TLSv1.2"),
        (("ssl.cipher.suites", "TLS_RSA_WITH_AES_128_CBC_SHA"), "is not among those there are"),
        (("ssl.cipher.suites", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "none of these is a suite of TLSv1.3"),
        (("ssl.keystore.type", "BCFKS"), "give PEM, PKCS12 or JKS"),
        (("ssl.principal.mapping.rules", "RULE:x"), "is neither DEFAULT nor RULE"),
        (("ssl.endpoint.identification.algorithm", "ldaps"), "give https or nothing"),
        (("listener.name.outer.ssl.client.auth", "none"), "there is no listener of this name"),
    ] {
        let error = refused(&[TLS, &[entry]].concat());
        assert!(error.starts_with(entry.0) && error.contains(part) && error.lines().count() == 1, "{error}");
    }
    assert!(refused(&[TLS, &[("ssl.keystore.key", "x")]].concat()).contains("give the file or those, not both"));
    let error = refused(&[TLS, &[("ssl.truststore.location", "")]].concat());
    assert!(error.starts_with("ssl.client.auth=requested (--set): whose certificates are trusted?"), "{error}");
    let error = refused(&[("listeners", "SSL://:9093")]);
    assert!(error.starts_with("ssl.keystore.location is not set: listener SSL speaks SSL"), "{error}");
}

#[test]
fn an_authorizer_is_kafkas_standard_one_or_none() {
    const CLASS: &str = "authorizer.class.name";
    const STANDARD: &str = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    assert_eq!(set(&[]).authorizer, None);
    assert_eq!(set(&[(CLASS, ""), ("allow.everyone.if.no.acl.found", "true"), ("super.users", "")]).authorizer, None);
    let users = ("super.users", "User:admin; User:CN=a,O=b ;;Team:x");
    let authorizer = set(&[(CLASS, STANDARD), users]).authorizer.unwrap();
    let mut super_users: Vec<String> = authorizer.super_users.iter().map(ToString::to_string).collect();
    super_users.sort();
    assert_eq!(super_users, ["Team:x", "User:CN=a,O=b", "User:admin"]);
    assert!(!authorizer.allow_everyone_if_no_acl_found);
    let open = set(&[(CLASS, STANDARD), ("allow.everyone.if.no.acl.found", "true")]).authorizer.unwrap();
    assert!(open.allow_everyone_if_no_acl_found);
    for (entries, part) in [
        (&[(CLASS, "kafka.security.authorizer.AclAuthorizer")][..], STANDARD),
        (&[(CLASS, "com.example.Authorizer")], "classes cannot be loaded here"),
        (&[(CLASS, STANDARD), ("super.users", "admin")], "'admin' is not Type:name"),
        (&[("super.users", "User:admin")], "nobody is refused anything without authorizer.class.name"),
        (&[("allow.everyone.if.no.acl.found", "false")], "nobody is refused anything without authorizer.class.name"),
    ] {
        let error = refused(entries);
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_value_out_of_range_names_the_key_the_source_and_the_range() {
    assert_eq!(refused(&[("num.partitions", "0")]), "num.partitions=0 (--set): it must be from 1 to 2147483647");
    assert_eq!(
        refused(&[("auto.create.topics.enable", "yes")]),
        "auto.create.topics.enable=yes (--set): it must be true or false"
    );
    assert_eq!(
        refused(&[("hanzo.flush.policy", "now\u{1b}")]),
        "hanzo.flush.policy=now\\u{1b} (--set): it must be one of auto, always, never"
    );
    assert!(refused(&[("hanzo.log.level", "loud=very=much")]).contains("give off, error"));
}

#[test]
fn contradictions_between_keys_are_refused() {
    for (entries, part) in [
        (&[("listeners", "CONTROLLER://:9094")][..], "there is no listener for clients"),
        (&[("listeners", "A://:1,B://:1"), ("listener.security.protocol.map", "A:PLAINTEXT,B:PLAINTEXT")], "same port"),
        (&[("listeners", "CLIENT://:9092")], "add CLIENT:PLAINTEXT to listener.security.protocol.map"),
        (&[("advertised.listeners", "PLAINTEXT://0.0.0.0:9092")], "clients cannot connect to 0.0.0.0"),
        (&[("advertised.listeners", "OTHER://h:9092")], "there is no listener OTHER"),
        (&[("controller.quorum.voters", "1@a:1,2@b:1")], "node.id is not set"),
        (&[("controller.quorum.voters", "1@a:1,2@b:1"), ("node.id", "3")], "add 3@host:9094"),
        (&[("process.roles", "broker")], "add controller"),
        (&[("node.id", "1"), ("broker.id", "2")], "node.id says 1"),
        (&[("log.dirs", "a,b,a")], "listed twice"),
        (&[("group.min.session.timeout.ms", "1800001")], "above group.max.session.timeout.ms"),
        (&[("hanzo.cluster.id", "short")], "22 characters"),
        (&[("hanzo.http.listener", "8080")], "has no port"),
    ] {
        let entries: Vec<_> = if part == "add controller" {
            vec![entries[0], ("controller.quorum.voters", "1@a:1"), ("node.id", "1")]
        } else {
            entries.to_vec()
        };
        let error = refused(&entries);
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn an_empty_http_listener_is_off() {
    assert_eq!(set(&[("hanzo.http.listener", "")]).http_listener, None);
    assert!(set(&[("hanzo.http.listener", "localhost:17601")]).http_listener.unwrap().explicit);
}

#[test]
fn kafka_variables_for_clients_are_not_taken_for_keys() {
    let loaded =
        load("", &[("KAFKA_ENABLED", "true"), ("KAFKA_BROKERS", "kafka:9092"), ("KAFKA_TOPIC", "t")], &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.config, set_from_file(""));
}

fn set_from_file(file: &str) -> ServerConfig {
    load(file, &[], &[]).unwrap().config
}

#[test]
fn the_description_is_a_properties_file_that_says_the_same() {
    let config = set_from_file("listeners=PLAINTEXT://:1\nbroker.rack=a\\\\b\\u00e9\\u0007c\n");
    let again = set_from_file(&config.describe());
    let values = |config: &ServerConfig| -> Vec<(String, String)> {
        config.static_config().into_iter().filter(|(_, text)| !text.is_empty()).collect()
    };
    for entry in values(&config) {
        assert!(values(&again).contains(&entry), "{entry:?}");
    }
    assert_eq!(again.rack.as_deref(), Some("a\\bé\u{7}c"));
}

#[test]
fn keys_of_other_times_and_typing_errors_are_warnings() {
    let loaded = load(
        "zookeeper.connect=zk:2181\nhanzo.registry.listener=localhost:1\nnum.partition=3\nnum.network.threads=3\n",
        &[],
        &[],
    )
    .unwrap();
    let warnings = texts(&loaded.warnings);
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert!(warnings[0].contains("no effect yet"));
    assert!(warnings[1].starts_with("num.network.threads (test.properties line 4) is a key of Kafka's"));
    assert!(
        warnings[2].contains("num.partition (test.properties line 3) is no known key; did you mean num.partitions?")
    );
    assert!(warnings[3].contains("ZooKeeper mode"));
}

#[test]
fn the_sample_file_loads_without_a_word() {
    let sample = include_str!("../../../../config/server.properties");
    let Loaded { config, warnings } = load(sample, &[], &[]).unwrap();
    assert_eq!(warnings, []);
    assert!(config.is_sole_voter());
    // What the sample repeats are the defaults, but for where it listens.
    let differs = |key: &&String| {
        let default = stream_metadata::config_def::broker_key(key).and_then(|row| row.default);
        default.is_some_and(|default| config.static_config()[*key] != default)
    };
    let differing: Vec<_> = config.static_config().into_keys().filter(|key| differs(&key)).collect();
    let expected = ["controller.quorum.voters", "listeners", "offsets.topic.replication.factor"];
    assert_eq!(differing, expected);
}

#[test]
fn a_cluster_of_several_is_understood_and_refused() {
    for (entries, key) in [
        (&[("controller.quorum.voters", "1@a:9094,2@b:9094"), ("node.id", "1")][..], "controller.quorum.voters"),
        (&[("process.roles", "broker"), ("controller.quorum.voters", "1@a:9094"), ("node.id", "2")], "process.roles"),
    ] {
        let error = set(entries).refuse_several_nodes().unwrap_err().to_string();
        assert!(error.starts_with(key), "{error}");
    }
    assert!(set(&[]).refuse_several_nodes().is_ok());
}
