//! What `hanzo-stream server --check` makes of the environments that operators and services have, and of everything that can be wrong.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("hanzo-stream-configuration-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn server(directory: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hanzo-stream"));
    command.env_clear().envs(environment.iter().copied()).arg("server").args(arguments).current_dir(directory);
    command.stdin(Stdio::null()).output().unwrap()
}

/// `NAME=VALUE` lines, or `NAME: "VALUE"` lines of YAML, each maybe with a comment behind it: as they stand in the documents.
fn variables(block: &str) -> Vec<(&str, &str)> {
    fn variable(line: &str) -> (&str, &str) {
        let line = line.split(" #").next().unwrap().trim();
        let (name, value) = line.split_once(": ").or_else(|| line.split_once('=')).unwrap();
        (name.trim_start_matches("$env:"), value.trim().trim_matches('"'))
    }
    block.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')).map(variable).collect()
}

/// What is printed before the defaults: each value with its source. The machine's own are left out.
fn given(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let (given, defaults) = text.split_once("# defaults\n").unwrap();
    assert!(defaults.lines().all(|line| line.contains('=')), "{defaults}");
    let lines: Vec<&str> = given.lines().collect();
    let pairs = lines.chunks(2).map(|pair| format!("{} {}", pair[1], pair[0]));
    pairs
        .filter(|line| !line.starts_with("hanzo.memory.bytes=") && !line.starts_with("advertised.listeners="))
        .collect()
}

const STATEFUL_SET: &str = r#"
  KAFKA_CFG_PROCESS_ROLES: "broker,controller"
  KAFKA_CFG_NODE_ID: "0"
  KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: "0@insights-kafka-0.insights-kafka.hanzo.svc:9094"
  KAFKA_CFG_LISTENERS: "PLAINTEXT://:9092,CONTROLLER://:9094"
  KAFKA_CFG_LOG_RETENTION_HOURS: "168"          # 7 days default
  KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE: "false"  # Explicit topic creation only
"#;

/// Beside a service's own variables, as its `.env` file gives them to everything that it starts.
const GATEWAY: &str = "
# Database
DATABASE_URL=postgresql://gateway_user:dev_password@localhost:5432/saas_gateway?sslmode=disable
REDIS_ADDR=localhost:6379
REDIS_PASSWORD=
# Kafka (usage tracking)
KAFKA_ENABLED=true                  # Enable/disable
KAFKA_BROKERS=localhost:9092        # Broker addresses
KAFKA_TOPIC=usage-events            # Topic name
KAFKA_BATCH_SIZE=100                # Events per batch
KAFKA_FLUSH_INTERVAL=500ms          # Max time before flush
KAFKA_BUFFER_SIZE=1000              # Channel capacity
GATEWAY_PORT=8080
BACKEND_URLS=api-service=http://localhost:3000
LOG_LEVEL=info
";

const AGENT: &str = "
KAFKA_BROKER=localhost:9092
KAFKA_BROKERS=localhost:9092
KAFKA_CLIENT_ID=helixagent
KAFKA_GROUP_ID=helixagent-group
KAFKA_COMPRESSION=lz4
KAFKA_REQUIRED_ACKS=all
KAFKA_MAX_WAIT_TIME=500ms
KAFKA_PASSWORD=hunter2
";

/// A compose file of ZooKeeper's time; its own variable is filled in.
const COMPOSE: &str = "
      KAFKA_BROKER_ID: 3
      KAFKA_ZOOKEEPER_CONNECT: zookeeper:2181
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: PLAINTEXT:PLAINTEXT,SSL:SSL
      KAFKA_SSL_KEYSTORE_LOCATION: /etc/kafka/secrets/kafka.keystore.jks
      KAFKA_SSL_TRUSTSTORE_LOCATION: /etc/kafka/secrets/kafka.truststore.jks
";

#[test]
fn the_environments_of_the_documents_come_to_what_they_say() {
    let scratch = Scratch::new("environments");
    let check = |block: &str, warnings: &[&str], expected: &[&str]| {
        let output = server(&scratch.0, &variables(block), &["--check"]);
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let told: Vec<&str> = stderr.lines().map(|line| line.split_once("  ").unwrap().1).collect();
        assert_eq!(told, warnings);
        assert_eq!(given(&output), expected);
        assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
    };
    check(
        STATEFUL_SET,
        &[],
        &[
            "auto.create.topics.enable=false # environment variable KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE",
            "controller.listener.names=CONTROLLER # inferred from the names and ports of the listeners",
            "controller.quorum.voters=0@insights-kafka-0.insights-kafka.hanzo.svc:9094 \
             # environment variable KAFKA_CFG_CONTROLLER_QUORUM_VOTERS",
            "inter.broker.listener.name=PLAINTEXT # inferred from the listeners",
            "listeners=PLAINTEXT://:9092,CONTROLLER://:9094 # environment variable KAFKA_CFG_LISTENERS",
            "log.dirs=./data # inferred from no log.dirs being given",
            "log.retention.hours=168 # environment variable KAFKA_CFG_LOG_RETENTION_HOURS",
            "node.id=0 # environment variable KAFKA_CFG_NODE_ID",
            "offsets.topic.replication.factor=1 # inferred from this node being the whole cluster",
            "process.roles=broker,controller # environment variable KAFKA_CFG_PROCESS_ROLES",
        ],
    );
    // Variables of clients are no configuration of a broker.
    let nothing_given = [
        "controller.listener.names=CONTROLLER # inferred from the names and ports of the listeners",
        "controller.quorum.voters=1@localhost:9094 # inferred from this node being the whole cluster",
        "inter.broker.listener.name=PLAINTEXT # inferred from the listeners",
        "listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9094 # inferred from its being left out",
        "log.dirs=./data # inferred from no log.dirs being given",
        "node.id=1 # inferred from the default of a single node",
        "offsets.topic.replication.factor=1 # inferred from this node being the whole cluster",
        "process.roles=broker,controller # inferred from its being left out",
    ];
    check(GATEWAY, &[], &nothing_given);
    check("$env:KAFKA_ENABLED=\"true\"\n$env:KAFKA_BROKERS=\"localhost:9092\"", &[], &nothing_given);
    check(AGENT, &[], &nothing_given);
    check(
        COMPOSE,
        &[
            "zookeeper.connect (environment variable KAFKA_ZOOKEEPER_CONNECT) belongs to ZooKeeper mode; metadata is kept by the \
           controller quorum here, remove it",
        ],
        &[
            "broker.id=3 # environment variable KAFKA_BROKER_ID",
            "controller.listener.names=CONTROLLER # inferred from the names and ports of the listeners",
            "controller.quorum.voters=3@localhost:9094 # inferred from this node being the whole cluster",
            "inter.broker.listener.name=PLAINTEXT # inferred from the listeners",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SSL:SSL \
             # environment variable KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            "listeners=PLAINTEXT://localhost:9092 # inferred from its being left out",
            "log.dirs=./data # inferred from no log.dirs being given",
            "node.id=3 # inferred from the default of a single node",
            "offsets.topic.replication.factor=1 # inferred from this node being the whole cluster",
            "process.roles=broker,controller # inferred from its being left out",
            "ssl.keystore.location=/etc/kafka/secrets/kafka.keystore.jks # environment variable KAFKA_SSL_KEYSTORE_LOCATION",
            "ssl.truststore.location=/etc/kafka/secrets/kafka.truststore.jks # environment variable KAFKA_SSL_TRUSTSTORE_LOCATION",
            "zookeeper.connect=zookeeper:2181 # environment variable KAFKA_ZOOKEEPER_CONNECT",
        ],
    );
}

/// Keys and values, and what is said of them behind `KEY=VALUE (--set): `.
const WRONG_VALUES: &[(&str, &str)] = &[
    // Listeners.
    ("listeners=nonsense", "'nonsense' is not NAME://host:port, such as PLAINTEXT://0.0.0.0:9092"),
    ("listeners=PLAINTEXT://h", "'PLAINTEXT://h' has no port; write host:port"),
    ("listeners=PLAINTEXT://h:99999", "'PLAINTEXT://h:99999' has no port from 0 to 65535"),
    ("listeners=://h:1", "'://h:1' has no listener name before ://, such as PLAINTEXT://0.0.0.0:9092"),
    ("listeners=PLAINTEXT://::1:1", "'PLAINTEXT://::1:1' has an IPv6 address without brackets; write [::1]:9092"),
    (
        "listeners=PLAINTEXT://:1,PLAINTEXT://:2",
        "the name PLAINTEXT is used twice; give each listener a name of its own",
    ),
    ("listeners=PLAINTEXT://:1,", "an entry of the list is empty; take the comma away"),
    (
        "listeners=CLIENT://:9092",
        "listener CLIENT has no security protocol; add CLIENT:PLAINTEXT to listener.security.protocol.map, or what it is to speak",
    ),
    ("listener.security.protocol.map=PLAINTEXT", "'PLAINTEXT' is not LISTENER:PROTOCOL, such as CLIENT:SSL"),
    (
        "listener.security.protocol.map=PLAINTEXT:TLS",
        "TLS is no security protocol; give PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
    ),
    ("inter.broker.listener.name=X", "no listener for clients has this name"),
    ("advertised.listeners=X://h:1", "there is no listener X; add it to listeners"),
    (
        "advertised.listeners=PLAINTEXT://0.0.0.0:1",
        "clients cannot connect to 0.0.0.0; give a name or address they can reach",
    ),
    ("hanzo.http.listener=8080", "'8080' has no port; write host:port"),
    // Voters and nodes.
    ("controller.quorum.voters=nonsense", "'nonsense' is not id@host:port, such as 1@localhost:9094"),
    ("controller.quorum.voters=x@h:1", "'x@h:1' does not begin with a node id, such as 1@localhost:9094"),
    ("controller.quorum.voters=1@h", "'1@h' has no port; write host:port"),
    ("controller.quorum.voters=1@h:1,1@g:1", "the node id 1 is listed twice"),
    ("controller.quorum.voters=1@:1", "'1@:1' names no host and port to connect to, such as 1@localhost:9094"),
    ("controller.quorum.bootstrap.servers=x", "it must be a list of host:port, such as kafka-1:9094,kafka-2:9094"),
    ("process.roles=brokr", "it must be one or more of broker, controller"),
    ("process.roles=controller", "a node is both broker and controller until clusters of several exist"),
    ("node.id=-1", "it must be from 0 to 2147483647"),
    ("node.id=abc", "it must be a whole number from 0 to 2147483647"),
    // Values, of keys that nothing needs too.
    ("num.partitions=0", "it must be from 1 to 2147483647"),
    ("num.io.threads=0", "it must be from 1 to 2147483647"),
    ("num.io.threads=many", "it must be a whole number from 1 to 2147483647"),
    ("unclean.leader.election.enable=2", "it must be true or false"),
    ("log.cleaner.io.buffer.load.factor=x", "it must be a number"),
    ("log.retention.minutes=0", "it must be from 1 to 2147483647, or -1"),
    ("log.dirs=/a,/a", "/a is listed twice"),
    ("log.cleanup.policy=shrink", "it must be a list of compact, delete"),
    ("compression.type=lzma", "it must be one of uncompressed, zstd, lz4, snappy, gzip, producer"),
    (
        "queued.max.request.bytes=5",
        "a single request of socket.request.max.bytes would not fit; give at least that, or -1 for no limit",
    ),
    (
        "max.connections.per.ip=0",
        "nobody could connect; give at least 1, or name addresses in max.connections.per.ip.overrides",
    ),
    ("max.connections.per.ip.overrides=h:1", "'h:1' is not ADDRESS:COUNT, such as 10.0.0.1:100"),
    ("hanzo.log.level=loud", "give off, error, warn, info, debug or trace, or pairs such as info,stream_server=debug"),
    (
        "hanzo.cluster.id=abc",
        "a cluster id is 22 characters of URL-safe base64, as kafka-storage.sh random-uuid prints",
    ),
    // Security.
    ("ssl.client.auth=maybe", "it must be one of required, requested, none"),
    (
        "super.users=User:a",
        "nobody is refused anything without \
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer; add that",
    ),
    (
        "authorizer.class.name=x.Y",
        "classes cannot be loaded here; write org.apache.kafka.metadata.authorizer.StandardAuthorizer, or nothing",
    ),
];

/// Other arguments, and the whole line.
const WRONG_ARGUMENTS: &[(&[&str], &str)] = &[
    (
        &["--set", "numpartitions"],
        "invalid value 'numpartitions' for '--set <KEY=VALUE>': write KEY=VALUE, such as num.partitions=8; see --help",
    ),
    (&["--set"], "a value is required for '--set <KEY=VALUE>' but none was supplied; see --help"),
    (&["--data-dir"], "a value is required for '--data-dir <DIR>' but none was supplied; see --help"),
    (&["--confg", "x"], "unexpected argument '--confg' found; a similar argument exists: '--config'; see --help"),
    (&["extra"], "unexpected argument 'extra' found; see --help"),
    (
        &["--config", "/nowhere"],
        "cannot read the configuration file /nowhere: No such file or directory (os error 2); give --config a readable .properties file",
    ),
    (
        &["--set", "listeners=SSL://:9093"],
        "ssl.keystore.location is not set: listener SSL speaks SSL, which needs a key and its certificates, such as \
         ssl.keystore.type=PEM and ssl.keystore.location=/etc/tls/broker.pem",
    ),
    (
        &["--set", "listeners=SASL_PLAINTEXT://:9093"],
        "sasl.enabled.mechanisms=GSSAPI (the default): listener SASL_PLAINTEXT: Kerberos (GSSAPI, Kafka's default) is not spoken here; \
         PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are spoken",
    ),
    (
        &["--set", "controller.quorum.voters=2@h:1,1@g:1"],
        "node.id is not set: controller.quorum.voters lists several nodes; say which of them this is, such as node.id=0",
    ),
    (
        &["--set", "hanzo.catalog.file=/nowhere"],
        "cannot read /nowhere named by hanzo.catalog.file (--set): No such file or directory (os error 2); name a readable YAML file, or \
         none",
    ),
    (
        &["--set", "principal.builder.class=x.Y"],
        "principal.builder.class (--set) asks for security that this broker does not have: classes of Java cannot be loaded; remove it \
         only if nothing relies on it",
    ),
    (
        &["--set", "sasl.kerberos.service.name=kafka"],
        "sasl.kerberos.service.name (--set) asks for security that this broker does not have: Kerberos is not spoken; remove it only if \
         nothing relies on it",
    ),
    (
        &["--set", "password.encoder.secret=hunter2"],
        "password.encoder.secret (--set) asks for security that this broker does not have: nothing here does what it says; remove it only \
         if nothing relies on it",
    ),
];

/// Variables, and the whole line.
const WRONG_VARIABLES: &[(&[(&str, &str)], &str)] = &[
    (
        &[("KAFKA_CFG_NUM_PARTITIONS", "x")],
        "num.partitions=x (environment variable KAFKA_CFG_NUM_PARTITIONS): it must be a whole number from 1 to 2147483647",
    ),
    (
        &[("KAFKA_CLIENT_USERS", "ada,bob"), ("KAFKA_CLIENT_PASSWORDS", "hunter2")],
        "KAFKA_CLIENT_USERS names 2 and KAFKA_CLIENT_PASSWORDS names 1; give each user one password",
    ),
    (
        &[("KAFKA_CLIENT_USERS", "ada"), ("KAFKA_CLIENT_PASSWORDS", "hunter2")],
        "ada has a password (environment variable KAFKA_CLIENT_USERS), and no listener asks for one; give a listener SASL_SSL or \
         SASL_PLAINTEXT in listener.security.protocol.map",
    ),
    (
        &[("KAFKA_CLIENT_PASSWORDS_FILE", "/nowhere")],
        "cannot read /nowhere named by KAFKA_CLIENT_PASSWORDS_FILE: No such file or directory (os error 2); mount a readable file there, \
         or unset the variable",
    ),
    (
        &[("KAFKA_KRAFT_CLUSTER_ID", "x")],
        "hanzo.cluster.id=x (environment variable KAFKA_KRAFT_CLUSTER_ID): a cluster id is 22 characters of URL-safe base64, as \
         kafka-storage.sh random-uuid prints",
    ),
    (
        &[("KAFKA_INTER_BROKER_CLIENT_SECRET", "hunter2")],
        "KAFKA_INTER_BROKER_CLIENT_SECRET (environment variable KAFKA_INTER_BROKER_CLIENT_SECRET) asks for security that this broker does \
         not have: there are no users to give these credentials to; remove it only if nothing relies on it",
    ),
];

#[test]
fn everything_that_is_wrong_has_its_own_line() {
    let scratch = Scratch::new("wrong");
    let check = |environment: &[(&str, &str)], arguments: &[&str], line: &str| {
        let output = server(&scratch.0, environment, &[&["--check"], arguments].concat());
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("hanzo-stream: {line}\n"));
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{line}");
    };
    for (setting, problem) in WRONG_VALUES {
        check(&[], &["--set", setting], &format!("{setting} (--set): {problem}"));
    }
    for (arguments, line) in WRONG_ARGUMENTS {
        check(&[], arguments, line);
    }
    for (environment, line) in WRONG_VARIABLES {
        check(environment, &[], line);
    }
    for (content, line, problem) in [
        (&b"num.partitions=1\n=x\n"[..], " line 2", "there is no key before the value; write KEY=VALUE"),
        (b"a=\\u12\n", " line 1", "a \\u escape needs four hexadecimal digits"),
    ] {
        let path = scratch.file("wrong.properties", content);
        check(&[], &["--config", &path], &format!("cannot read {path}{line}: {problem}"));
    }
    let path = scratch.file("wrong.properties", b"num.partitions=x\n");
    let line = format!("num.partitions=x ({path} line 1): it must be a whole number from 1 to 2147483647");
    check(&[], &["--config", &path], &line);
    let path = scratch.file("wrong.properties", b"\xff\xfe=1\n");
    let problem = "stream did not contain valid UTF-8; give --config a readable .properties file";
    check(&[], &["--config", &path], &format!("cannot read the configuration file {path}: {problem}"));
    let path = scratch.file("users", b"ada");
    let not_a_store =
        ["listeners=SSL://:9093", "ssl.keystore.type=PEM", &format!("ssl.keystore.location={path}")].map(str::to_owned);
    let arguments: Vec<&str> = not_a_store.iter().flat_map(|setting| ["--set", setting]).collect();
    let output = server(&scratch.0, &[], &[&["--check"], &arguments[..]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.starts_with(&format!("hanzo-stream: ssl.keystore.location={path}: ")), "{stderr}");
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    assert!(!scratch.0.join("data").exists(), "something was written");
}

#[test]
fn keys_that_are_not_needed_or_not_known_are_one_warning_each() {
    let scratch = Scratch::new("warned");
    let path = scratch.file(
        "old.properties",
        b"num.io.threads=8\nzookeeper.connect=zk:2181\ninter.broker.protocol.version=3.7\nnum.partition=3\nmade.up.by.me=1\n",
    );
    let output = server(&scratch.0, &[], &["--check", "--config", &path]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let told: Vec<&str> = stderr.lines().map(|line| line.split_once(" WARN  ").unwrap().1).collect();
    let zookeeper = "belongs to ZooKeeper mode; metadata is kept by the controller quorum here, remove it";
    let expected = [
        format!("inter.broker.protocol.version ({path} line 3) {zookeeper}"),
        format!("made.up.by.me ({path} line 5) is no known key"),
        format!("num.io.threads ({path} line 1) is a key of Kafka's that this broker does not need"),
        format!("num.partition ({path} line 4) is no known key; did you mean num.partitions?"),
        format!("zookeeper.connect ({path} line 2) {zookeeper}"),
    ];
    assert_eq!(told, expected);
    assert_eq!(output.status.code(), Some(0));
}
