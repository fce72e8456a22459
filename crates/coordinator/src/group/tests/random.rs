//! Ten thousand random commands by seed: clients that behave, forget, repeat themselves and fall silent, a clock that
//! moves, a log that is loaded again. The bench checks the invariants after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use stream_codec::Str;
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex};

use super::bench::{Bench, Token, config};
use crate::random::Random;
use crate::*;

const GROUPS: &[&str] = &["a", "b", "c"];
const CLIENT_COUNT: u64 = 8;
const STEPS: u32 = 10_000;

#[derive(Default)]
struct Client {
    member_id: Str,
    generation: i32,
    leads: Vec<Str>,
}

struct World {
    bench: Bench,
    random: Random,
    /// By group and client.
    clients: BTreeMap<(usize, u64), Client>,
    waiting: BTreeMap<Token, (usize, u64)>,
    /// The highest generation that anybody was told, by group; a group that is forgotten begins anew.
    generations: BTreeMap<usize, i32>,
    /// What clients may find committed.
    committed: BTreeMap<(usize, i32), Offset>,
    outcomes: BTreeSet<(&'static str, ErrorCode)>,
}

impl World {
    fn below(&mut self, bound: u64) -> u64 {
        self.random.next() % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn step(&mut self) {
        let group = self.below(GROUPS.len() as u64) as usize;
        let client = self.below(CLIENT_COUNT);
        match self.below(100) {
            0..40 => {
                let command = self.join(group, client);
                self.ask(group, client, GroupCommand::Join(command));
            }
            40..62 => {
                let command = self.sync(group, client);
                self.ask(group, client, GroupCommand::Sync(command));
            }
            62..72 => {
                let state = &self.clients[&(group, client)];
                let command = Heartbeat {
                    group_id: GROUPS[group].into(),
                    generation_id: state.generation,
                    member_id: state.member_id.clone(),
                    group_instance_id: None,
                };
                self.ask(group, client, GroupCommand::Heartbeat(command));
            }
            72..75 => self.leave(group, client),
            75..85 => self.commit(group, client),
            85..88 => self.delete_something(group, client),
            88..98 => self.wait(),
            98 if self.one_in(4) => self.reload(),
            98 => self.fetch(group, client),
            _ => self.bench.holds = true,
        }
        if self.bench.holds && self.one_in(3) {
            self.bench.release();
        }
    }

    fn join(&mut self, group: usize, client: u64) -> JoinGroup {
        let instance_id = (client < 2).then(|| Str::from(format!("instance-{client}")));
        let forgot = self.one_in(10);
        let protocols = match self.below(4) {
            0 => vec!["range", "sticky"],
            1 => vec!["sticky", "range"],
            2 => vec!["range"],
            _ => vec!["range", "roundrobin"],
        };
        let metadata = Bytes::from(vec![self.below(2) as u8]);
        let session_timeout_ms = 6000 + self.below(30_000) as i32;
        let rebalance_timeout_ms = self.below(30_000) as i32;
        let state = &self.clients[&(group, client)];
        JoinGroup {
            group_id: GROUPS[group].into(),
            member_id: if forgot { Str::EMPTY } else { state.member_id.clone() },
            group_instance_id: instance_id,
            client_id: Str::from(format!("client-{client}")),
            client_host: "/127.0.0.1".into(),
            session_timeout_ms,
            rebalance_timeout_ms,
            protocol_type: if self.one_in(50) { "connect".into() } else { "consumer".into() },
            protocols: protocols
                .into_iter()
                .map(|name| JoinProtocol { name: name.into(), metadata: metadata.clone() })
                .collect(),
            reason: None,
            requires_known_member_id: self.one_in(2),
            supports_skipping_assignment: self.one_in(2),
        }
    }

    fn sync(&mut self, group: usize, client: u64) -> SyncGroup {
        let wrong = i32::from(self.one_in(20));
        let number = self.random.next().to_be_bytes();
        let state = &self.clients[&(group, client)];
        let assignments = state.leads.iter().map(|member_id| SyncAssignment {
            member_id: member_id.clone(),
            assignment: Bytes::copy_from_slice(&number),
        });
        SyncGroup {
            group_id: GROUPS[group].into(),
            generation_id: state.generation + wrong,
            member_id: state.member_id.clone(),
            group_instance_id: None,
            protocol_type: None,
            protocol_name: None,
            assignments: assignments.collect(),
        }
    }

    fn leave(&mut self, group: usize, client: u64) {
        let member_id = self.clients[&(group, client)].member_id.clone();
        let member = LeavingMember { member_id, ..LeavingMember::default() };
        let command = LeaveGroup { group_id: GROUPS[group].into(), members: vec![member] };
        self.ask(group, client, GroupCommand::Leave(command));
    }

    fn commit(&mut self, group: usize, client: u64) {
        let partition = self.below(4) as i32;
        let offset = Offset(self.below(1000) as i64);
        let simple = self.one_in(4);
        let metadata = self.one_in(10).then(|| Str::from("a note that is too long"));
        let retention_time_ms = if self.one_in(10) { 50_000 } else { -1 };
        let state = &self.clients[&(group, client)];
        let partitions = vec![CommitPartition {
            partition: PartitionIndex(partition),
            offset,
            leader_epoch: LeaderEpoch(3),
            metadata,
        }];
        let command = CommitOffsets {
            group_id: GROUPS[group].into(),
            generation_id_or_member_epoch: if simple { -1 } else { state.generation },
            member_id: if simple { Str::EMPTY } else { state.member_id.clone() },
            group_instance_id: None,
            retention_time_ms,
            topics: vec![CommitTopic { name: "t".into(), partitions, ..CommitTopic::default() }],
        };
        let error = match self.ask(group, client, GroupCommand::CommitOffsets(command)) {
            Some(GroupReply::CommitOffsets(reply)) => reply.topics[0].partitions[0].error,
            other => panic!("{other:?}"),
        };
        self.outcomes.insert(("commit", error));
        if error.is_none() {
            self.committed.insert((group, partition), offset);
        }
    }

    fn delete_something(&mut self, group: usize, client: u64) {
        let group_id = Str::from(GROUPS[group]);
        match self.below(3) {
            0 => {
                if let Some(GroupReply::Delete(error)) =
                    self.ask(group, client, GroupCommand::Delete(DeleteGroup { group_id }))
                {
                    self.outcomes.insert(("delete", error));
                    if error.is_none() {
                        self.committed.retain(|(of, _), _| *of != group);
                        self.generations.remove(&group);
                    }
                }
            }
            1 => {
                let partition = self.below(4) as i32;
                let topics = vec![TopicPartitions { name: "t".into(), partitions: vec![PartitionIndex(partition)] }];
                let command = GroupCommand::DeleteOffsets(DeleteOffsets { group_id, topics });
                if let Some(GroupReply::DeleteOffsets(reply)) = self.ask(group, client, command)
                    && reply.error.is_none()
                    && reply.topics[0].partitions[0].error.is_none()
                {
                    self.committed.remove(&(group, partition));
                }
            }
            _ if self.one_in(20) => {
                let topics = vec!["t".into()];
                self.ask(group, client, GroupCommand::TopicsDeleted(TopicsDeleted { topics }));
                self.committed.clear();
            }
            _ => {
                let command = DescribeGroup { group_id, unknown_is_error: false };
                self.ask(group, client, GroupCommand::Describe(command));
            }
        }
    }

    /// What is fetched is what was committed, or nothing where it could expire.
    fn fetch(&mut self, group: usize, client: u64) {
        let command = FetchOffsets { group_id: GROUPS[group].into(), ..FetchOffsets::default() };
        let Some(GroupReply::FetchOffsets(reply)) = self.ask(group, client, GroupCommand::FetchOffsets(command)) else {
            panic!("a fetch is answered at once");
        };
        let mut found = BTreeSet::new();
        for partition in reply.topics.iter().flat_map(|topic| &topic.partitions) {
            assert_eq!(self.committed.get(&(group, partition.partition.0)), Some(&partition.offset));
            found.insert(partition.partition.0);
        }
        self.committed.retain(|(of, partition), _| *of != group || found.contains(partition));
    }

    fn wait(&mut self) {
        let seconds = if self.one_in(20) { 700 } else { self.below(8) };
        let until = self.bench.now.monotonic.plus(Duration::from_secs(seconds));
        while self.bench.now.monotonic < until {
            let step = self.bench.pass_until(until);
            for record in &step.records {
                if let Ok(stream_codec::stored::GroupRecord::GroupMetadata(key, None)) =
                    stream_codec::stored::GroupRecord::decode(record.key.clone(), record.value.clone())
                {
                    let group = GROUPS.iter().position(|name| **name == *key.group).unwrap();
                    self.generations.remove(&group);
                }
            }
            self.take_in(step, None);
        }
        // Offsets may have expired on the way.
        for group in 0..GROUPS.len() {
            self.fetch(group, 0);
        }
    }

    fn reload(&mut self) {
        // What was proposed and not stored is as if it had never been asked.
        self.bench.release();
        let step = self.bench.reload();
        self.waiting.clear();
        self.generations.clear();
        self.take_in(step, None);
    }

    fn ask(&mut self, group: usize, client: u64, command: GroupCommand) -> Option<GroupReply> {
        let (token, step) = self.bench.handle(command);
        self.waiting.insert(token, (group, client));
        self.take_in(step, Some(token))
    }

    /// Hands replies to their clients; returns the one to `asked`.
    fn take_in(&mut self, step: Step<Token>, asked: Option<Token>) -> Option<GroupReply> {
        let mut answer = None;
        for (token, reply) in step.replies {
            let (group, client) = self.waiting.remove(&token).expect("every token is answered once");
            let state = self.clients.get_mut(&(group, client)).unwrap();
            match &reply {
                GroupReply::Join(join) => {
                    self.outcomes.insert(("join", join.error));
                    match join.error {
                        ErrorCode::None => {
                            let newest = self.generations.entry(group).or_default();
                            assert!(join.generation_id >= *newest, "a generation does not come back");
                            *newest = join.generation_id;
                            state.generation = join.generation_id;
                            state.member_id = join.member_id.clone();
                            state.leads = join.members.iter().map(|member| member.member_id.clone()).collect();
                            assert!(state.leads.is_empty() || state.leads.contains(&join.leader));
                        }
                        ErrorCode::MemberIdRequired => state.member_id = join.member_id.clone(),
                        ErrorCode::UnknownMemberId | ErrorCode::FencedInstanceId => state.member_id = Str::EMPTY,
                        _ => {}
                    }
                }
                GroupReply::Sync(sync) => {
                    self.outcomes.insert(("sync", sync.error));
                }
                GroupReply::Heartbeat(error) => {
                    self.outcomes.insert(("heartbeat", *error));
                }
                _ => {}
            }
            if asked == Some(token) {
                answer = Some(reply);
            }
        }
        answer
    }
}

fn run(seed: u64) -> World {
    let config = GroupConfig { size_max: 5, offsets_retention: Duration::from_secs(900), ..config() };
    let mut clients = BTreeMap::new();
    for group in 0..GROUPS.len() {
        for client in 0..CLIENT_COUNT {
            clients.insert((group, client), Client::default());
        }
    }
    let mut world = World {
        bench: Bench::new(config, seed),
        random: Random::new(seed),
        clients,
        waiting: BTreeMap::new(),
        generations: BTreeMap::new(),
        committed: BTreeMap::new(),
        outcomes: BTreeSet::new(),
    };
    for _ in 0..STEPS {
        world.step();
    }
    // In the end nobody comes back, and nobody is left waiting.
    world.bench.release();
    let until = world.bench.now.monotonic.plus(Duration::from_secs(3600));
    while world.bench.now.monotonic < until {
        let step = world.bench.pass_until(until);
        world.take_in(step, None);
    }
    assert!(world.waiting.is_empty(), "{:?}", world.waiting);
    assert_eq!(world.bench.shard.groups().count(), 0);
    assert_eq!(world.bench.shard.committed_offsets().count(), 0);
    world
}

#[test]
fn random_commands_break_no_invariant() {
    let mut outcomes = BTreeSet::new();
    for seed in 1..=3 {
        println!("seed {seed}");
        outcomes.extend(run(seed).outcomes);
    }
    let names = |verb: &str| -> Vec<&str> {
        outcomes.iter().filter(|(of, _)| *of == verb).map(|(_, error)| error.name()).collect()
    };
    // The commands reach every answer that the machine can give to them.
    let joins = [
        "NONE",
        "INCONSISTENT_GROUP_PROTOCOL",
        "UNKNOWN_MEMBER_ID",
        "REBALANCE_IN_PROGRESS",
        "MEMBER_ID_REQUIRED",
        "GROUP_MAX_SIZE_REACHED",
        "FENCED_INSTANCE_ID",
    ];
    assert_eq!(names("join"), joins);
    let syncs = ["NONE", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "FENCED_INSTANCE_ID"];
    assert_eq!(names("sync"), syncs);
    assert_eq!(names("heartbeat"), ["NONE", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS"]);
    let commits =
        ["NONE", "OFFSET_METADATA_TOO_LARGE", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS"];
    assert_eq!(names("commit"), commits);
    assert_eq!(names("delete"), ["NONE", "NON_EMPTY_GROUP", "GROUP_ID_NOT_FOUND"]);
}
