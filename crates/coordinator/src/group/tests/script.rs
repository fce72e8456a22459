//! Scripts: `> command` lines, and below each what came of it. `+` and `-` are records, `=` replies, `@` says when.
//!
//! A member goes by an alias (`A`); the ids it is given are called `A1`, `A2`, ... Without `id=` it uses its newest one,
//! without `gen=` the generation it was last told. Times are since the beginning.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use stream_codec::Str;
use stream_codec::stored::consumer_protocol::ConsumerProtocolSubscription;
use stream_codec::stored::encode_versioned;
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex, WallMillis};

use super::bench::{Bench, Token, config};
use super::print::{self, Names};
use crate::*;

/// One command's words: those without and those with `=`.
struct Words<'a> {
    plain: Vec<&'a str>,
    options: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn new(line: &'a str) -> Self {
        let mut words = Words { plain: Vec::new(), options: BTreeMap::new() };
        for word in line.split_whitespace() {
            match word.split_once('=') {
                // orders-0=42 is an offset.
                Some((key, value)) if !key.contains('-') => {
                    words.options.insert(key, value);
                }
                _ => words.plain.push(word),
            }
        }
        words
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.options.get(key).copied()
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.text(key).map(|value| value.parse().unwrap())
    }

    fn list(&self, key: &str) -> Vec<Str> {
        self.text(key).unwrap_or("").split(',').filter(|one| !one.is_empty()).map(Str::from).collect()
    }

    fn group(&self) -> Str {
        Str::from(self.text("group").unwrap_or("g"))
    }

    fn instance(&self) -> Option<Str> {
        self.text("instance").map(Str::from)
    }
}

#[derive(Default)]
struct Client {
    member_id: String,
    generation: i32,
}

struct Script {
    bench: Bench,
    names: Names,
    clients: BTreeMap<String, Client>,
    /// Who asked what.
    tokens: BTreeMap<Token, (String, String)>,
    started: WallMillis,
    output: String,
}

pub(super) fn run(script: &str) -> String {
    let mut config = config();
    let mut lines = script.lines().peekable();
    let mut output = String::new();
    while let Some(line) = lines.peek() {
        if let Some(options) = line.strip_prefix("> config ") {
            configure(&mut config, &Words::new(options));
        } else if line.starts_with("> ") {
            break;
        }
        output.push_str(line);
        output.push('\n');
        lines.next();
    }
    let bench = Bench::new(config, 1);
    let started = bench.now.wall;
    let (names, clients, tokens) = Default::default();
    let mut script = Script { bench, names, clients, tokens, started, output };
    for line in lines {
        if line.starts_with('#') || line.is_empty() {
            script.line(line);
        } else if let Some(command) = line.strip_prefix("> ") {
            script.line(line);
            script.command(command);
        }
    }
    script.output
}

fn configure(config: &mut GroupConfig, words: &Words<'_>) {
    for (key, value) in &words.options {
        match *key {
            "delay" => config.initial_rebalance_delay = duration(value),
            "max" => config.size_max = value.parse().unwrap(),
            "retention" => config.offsets_retention = duration(value),
            _ => panic!("{key}"),
        }
    }
}

fn duration(text: &str) -> Duration {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: u64 = digits.parse().unwrap();
    match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number * 60),
        "h" => Duration::from_secs(number * 3600),
        "d" => Duration::from_secs(number * 86_400),
        unit => panic!("{unit}"),
    }
}

/// `orders-0`, with what is behind `=`.
fn partition(word: &str) -> (Str, PartitionIndex, Option<&str>) {
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let (topic, index) = name.rsplit_once('-').unwrap();
    (Str::from(topic), PartitionIndex(index.parse().unwrap()), value)
}

fn subscription(topics: &[Str]) -> Bytes {
    let subscription = ConsumerProtocolSubscription { topics: topics.to_vec(), ..Default::default() };
    encode_versioned(&subscription, 0).unwrap()
}

impl Script {
    fn line(&mut self, line: &str) {
        self.output.push_str(line);
        self.output.push('\n');
    }

    fn command(&mut self, line: &str) {
        let words = Words::new(line);
        let verb = words.plain[0];
        match verb {
            "wait" => self.wait(duration(words.plain[1])),
            "jump" => {
                let jump = i64::try_from(duration(words.plain[1]).as_millis()).unwrap();
                self.bench.now.wall.0 += jump;
            }
            "hold" => self.bench.holds = true,
            "release" => self.bench.release(),
            "reload" => {
                let step = self.bench.reload();
                self.outcome(step);
            }
            _ => {
                let alias = words.plain.get(1).copied().unwrap_or("").to_owned();
                let command = self.parse(verb, &words);
                let (token, step) = self.bench.handle(command);
                self.tokens.insert(token, (alias, verb.to_owned()));
                self.outcome(step);
            }
        }
    }

    fn wait(&mut self, duration: Duration) {
        let until = self.bench.now.monotonic.plus(duration);
        while self.bench.now.monotonic < until {
            let step = self.bench.pass_until(until);
            if !step.is_empty() {
                self.line(&format!("@ {}s", self.bench.now.monotonic.0.as_secs_f64()));
                self.outcome(step);
            }
        }
    }

    fn outcome(&mut self, step: Step<Token>) {
        for (token, reply) in &step.replies {
            if let GroupReply::Join(join) = reply {
                let (alias, _) = &self.tokens[token];
                if join.error != ErrorCode::UnknownMemberId {
                    self.names.learn(alias, &join.member_id);
                }
                let client = self.clients.entry(alias.clone()).or_default();
                if join.generation_id >= 0 {
                    client.generation = join.generation_id;
                }
                if matches!(join.error, ErrorCode::None | ErrorCode::MemberIdRequired) {
                    client.member_id = join.member_id.to_string();
                }
            }
        }
        for record in &step.records {
            let line = print::record(&self.names, self.started, record);
            self.line(&line);
        }
        for (token, reply) in step.replies {
            let (alias, verb) = self.tokens.remove(&token).expect("a token is answered once");
            let who = match verb.as_str() {
                "join" | "sync" | "heartbeat" => format!("{alias} {verb}: "),
                _ => String::new(),
            };
            for line in print::reply(&self.names, &reply) {
                self.line(format!("= {who}{line}").trim_end());
            }
        }
    }

    fn member_id(&self, words: &Words<'_>, alias: &str) -> Str {
        match words.text("id") {
            Some("none") => Str::EMPTY,
            Some(name) => Str::from(self.names.id(name).unwrap_or(name)),
            None => Str::from(self.clients.get(alias).map_or("", |client| client.member_id.as_str())),
        }
    }

    fn generation(&self, words: &Words<'_>, alias: &str) -> i32 {
        let told = self.clients.get(alias).map_or(-1, |client| client.generation);
        words.number("gen").map_or(told, |generation| i32::try_from(generation).unwrap())
    }

    fn parse(&self, verb: &str, words: &Words<'_>) -> GroupCommand {
        let alias = words.plain.get(1).copied().unwrap_or("");
        match verb {
            "join" => GroupCommand::Join(self.parse_join(words, alias)),
            "sync" => {
                let assignments = words.list("assign").into_iter().map(|one| {
                    let (name, assignment) = one.split_once(':').unwrap();
                    let member_id = Str::from(self.names.id(name).unwrap_or(name));
                    SyncAssignment { member_id, assignment: Bytes::copy_from_slice(assignment.as_bytes()) }
                });
                GroupCommand::Sync(SyncGroup {
                    group_id: words.group(),
                    generation_id: self.generation(words, alias),
                    member_id: self.member_id(words, alias),
                    group_instance_id: words.instance(),
                    protocol_type: words.text("type").map(Str::from),
                    protocol_name: words.text("protocol").map(Str::from),
                    assignments: assignments.collect(),
                })
            }
            "heartbeat" => GroupCommand::Heartbeat(Heartbeat {
                group_id: words.group(),
                generation_id: self.generation(words, alias),
                member_id: self.member_id(words, alias),
                group_instance_id: words.instance(),
            }),
            "leave" => {
                let members = words.plain[1..].iter().map(|who| match who.strip_prefix("instance:") {
                    Some(instance) => LeavingMember { group_instance_id: Some(instance.into()), ..Default::default() },
                    None => LeavingMember {
                        member_id: self.member_id(words, who),
                        group_instance_id: words.instance(),
                        reason: None,
                    },
                });
                GroupCommand::Leave(LeaveGroup { group_id: words.group(), members: members.collect() })
            }
            "commit" => GroupCommand::CommitOffsets(self.parse_commit(words, alias)),
            "fetch" => {
                let mut topics: Vec<FetchTopic> = Vec::new();
                for (name, partition, _) in words.plain[1..].iter().map(|word| partition(word)) {
                    topics.push(FetchTopic { name, partitions: vec![partition], ..Default::default() });
                }
                let topics = (!topics.is_empty()).then_some(topics);
                GroupCommand::FetchOffsets(FetchOffsets { group_id: words.group(), topics, ..Default::default() })
            }
            "delete-offsets" => {
                let topics = words.plain[1..].iter().map(|word| {
                    let (name, partition, _) = partition(word);
                    TopicPartitions { name, partitions: vec![partition] }
                });
                GroupCommand::DeleteOffsets(DeleteOffsets { group_id: words.group(), topics: topics.collect() })
            }
            "describe" => GroupCommand::Describe(DescribeGroup {
                group_id: words.group(),
                unknown_is_error: words.text("v").is_some(),
            }),
            "list" => GroupCommand::List(ListGroups { states: words.list("states"), types: words.list("types") }),
            "delete" => GroupCommand::Delete(DeleteGroup { group_id: words.group() }),
            "topics-deleted" => {
                let topics = words.plain[1..].iter().map(|topic| Str::from(*topic));
                GroupCommand::TopicsDeleted(TopicsDeleted { topics: topics.collect() })
            }
            verb => panic!("{verb}"),
        }
    }

    fn parse_join(&self, words: &Words<'_>, alias: &str) -> JoinGroup {
        let version = words.number("v").unwrap_or(9);
        let topics = words.text("topics").map(|_| words.list("topics"));
        let protocols = words.text("protocols").unwrap_or("range:sub").split(',').filter(|one| !one.is_empty());
        let protocols = protocols.map(|protocol| {
            let (name, metadata) = protocol.split_once(':').unwrap_or((protocol, "sub"));
            let metadata = match &topics {
                Some(topics) => subscription(topics),
                None => Bytes::copy_from_slice(metadata.as_bytes()),
            };
            JoinProtocol { name: name.into(), metadata }
        });
        JoinGroup {
            group_id: words.group(),
            member_id: self.member_id(words, alias),
            group_instance_id: words.instance(),
            client_id: Str::from(words.text("client").unwrap_or("client")),
            client_host: Str::from(words.text("host").unwrap_or("/127.0.0.1")),
            session_timeout_ms: i32::try_from(words.number("session").unwrap_or(10_000)).unwrap(),
            rebalance_timeout_ms: i32::try_from(words.number("rebalance").unwrap_or(30_000)).unwrap(),
            protocol_type: Str::from(words.text("type").unwrap_or("consumer")),
            protocols: protocols.collect(),
            reason: None,
            requires_known_member_id: version >= 4,
            supports_skipping_assignment: version >= 9,
        }
    }

    fn parse_commit(&self, words: &Words<'_>, alias: &str) -> CommitOffsets {
        let simple = alias == "nobody";
        let topics = words.plain[2..].iter().map(|word| {
            let (name, partition, value) = partition(word);
            let mut parts = value.unwrap().split('/');
            let partition = CommitPartition {
                partition,
                offset: Offset(parts.next().unwrap().parse().unwrap()),
                metadata: parts.next().filter(|text| !text.is_empty()).map(Str::from),
                leader_epoch: LeaderEpoch(parts.next().map_or(-1, |epoch| epoch.parse().unwrap())),
            };
            CommitTopic { name, partitions: vec![partition], ..Default::default() }
        });
        CommitOffsets {
            group_id: words.group(),
            generation_id_or_member_epoch: if simple { -1 } else { self.generation(words, alias) },
            member_id: if simple { Str::EMPTY } else { self.member_id(words, alias) },
            group_instance_id: words.instance(),
            retention_time_ms: words.number("retention").unwrap_or(-1),
            topics: topics.collect(),
        }
    }
}
