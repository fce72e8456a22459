//! A member of a consumer group: joins, brings or fetches assignments, reads and commits offsets, leaves, comes back.

use bytes::Bytes;
use stream_codec::Str;
use stream_coordinator::{
    CommitOffsets, CommitPartition, CommitTopic, FetchOffsets, FetchTopic, GroupCommand, GroupReply, Heartbeat,
    JoinGroup, JoinProtocol, JoinReply, LeaveGroup, LeavingMember, SyncAssignment, SyncGroup,
};
use stream_types::{ErrorCode, LeaderEpoch, Offset, PartitionIndex};

use super::link::Link;
use crate::random::Random;

/// Partitions that the group shares.
const PARTITIONS: i32 = 4;
/// Silence after which a connection is given up (milliseconds).
const TIMEOUT_MILLIS: u64 = 4_000;
/// The group.
const GROUP: &str = "g";
const TOPIC: &str = "orders";

#[derive(Clone, PartialEq, Eq, Debug)]
enum Phase {
    Out,
    /// Told its generation; if it leads, who is in it.
    Joined {
        members: Option<Vec<Str>>,
    },
    /// Owns partitions, and has to read where they are.
    Assigned,
    Working,
}

/// One member.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) link: Link,
    name: String,
    phase: Phase,
    pub(crate) member_id: Str,
    pub(crate) generation: i32,
    owned: Vec<i32>,
    positions: Vec<i64>,
    /// When the request that is not answered was sent.
    asked: Option<u64>,
}

impl Member {
    pub(crate) fn new(name: String) -> Member {
        Member {
            link: Link::default(),
            name,
            phase: Phase::Out,
            member_id: Str::default(),
            generation: -1,
            owned: Vec::new(),
            positions: Vec::new(),
            asked: None,
        }
    }

    /// Gives up on what is not answered.
    pub(crate) fn give_up(&mut self, random: &mut Random, now: u64) {
        self.asked = None;
        self.phase = Phase::Out;
        self.link.reset(random, now, false);
    }

    /// The broker died: the connection is gone, the member goes on where it was.
    pub(crate) fn reconnect(&mut self, random: &mut Random, now: u64) {
        self.asked = None;
        self.link.reset(random, now, false);
    }

    /// What to ask now, if anything.
    pub(crate) fn wake(&mut self, random: &mut Random, now: u64) -> Option<GroupCommand> {
        if let Some(asked) = self.asked {
            if now <= asked + TIMEOUT_MILLIS {
                return None;
            }
            self.give_up(random, now);
        }
        self.asked = Some(now);
        Some(match &self.phase {
            Phase::Out => GroupCommand::Join(self.join()),
            Phase::Joined { members } => GroupCommand::Sync(self.sync(members.as_deref())),
            Phase::Assigned => GroupCommand::FetchOffsets(self.fetch()),
            Phase::Working => match random.below(10) {
                0..=4 => self.commit(random),
                5..=8 => GroupCommand::Heartbeat(Heartbeat {
                    group_id: GROUP.into(),
                    generation_id: self.generation,
                    member_id: self.member_id.clone(),
                    group_instance_id: None,
                }),
                _ if random.chance(300) => self.leave(),
                _ => GroupCommand::FetchOffsets(self.fetch()),
            },
        })
    }

    /// Takes in an answer.
    pub(crate) fn answered(&mut self, reply: &GroupReply) {
        self.asked = None;
        match reply {
            GroupReply::Join(reply) => self.joined(reply),
            GroupReply::Sync(reply) if reply.error == ErrorCode::None => {
                self.owned = decode(&reply.assignment);
                self.phase = Phase::Assigned;
            }
            GroupReply::Sync(reply) => self.refused(reply.error),
            GroupReply::FetchOffsets(reply) => {
                let partitions = reply.topics.iter().flat_map(|topic| &topic.partitions);
                let fetched: Vec<i64> = partitions.map(|partition| partition.offset.0.max(0)).collect();
                if self.phase == Phase::Assigned {
                    self.positions = fetched;
                    self.phase = Phase::Working;
                }
            }
            GroupReply::CommitOffsets(reply) => {
                let mut results = reply.topics.iter().flat_map(|topic| &topic.partitions);
                if let Some(result) = results.find(|result| result.error != ErrorCode::None) {
                    self.refused(result.error);
                }
            }
            GroupReply::Heartbeat(ErrorCode::None) => {}
            GroupReply::Heartbeat(error) => self.refused(*error),
            GroupReply::Leave(_) => {
                self.member_id = Str::default();
                self.phase = Phase::Out;
            }
            _ => {}
        }
    }

    fn joined(&mut self, reply: &JoinReply) {
        match reply.error {
            ErrorCode::None => {
                self.member_id = reply.member_id.clone();
                self.generation = reply.generation_id;
                let leads = reply.leader == reply.member_id;
                let members = leads.then(|| reply.members.iter().map(|member| member.member_id.clone()).collect());
                self.phase = Phase::Joined { members };
            }
            ErrorCode::MemberIdRequired => self.member_id = reply.member_id.clone(),
            error => self.refused(error),
        }
    }

    fn refused(&mut self, error: ErrorCode) {
        if matches!(error, ErrorCode::UnknownMemberId | ErrorCode::FencedInstanceId) {
            self.member_id = Str::default();
        }
        self.phase = Phase::Out;
    }

    fn join(&self) -> JoinGroup {
        JoinGroup {
            group_id: GROUP.into(),
            member_id: self.member_id.clone(),
            group_instance_id: None,
            client_id: self.name.as_str().into(),
            client_host: "/127.0.0.1".into(),
            session_timeout_ms: 3_000,
            rebalance_timeout_ms: 2_000,
            protocol_type: "consumer".into(),
            protocols: vec![JoinProtocol { name: "range".into(), metadata: Bytes::from_static(b"m") }],
            reason: None,
            requires_known_member_id: true,
            supports_skipping_assignment: true,
        }
    }

    fn sync(&self, members: Option<&[Str]>) -> SyncGroup {
        let members = members.unwrap_or_default();
        let share = |position: usize| -> Vec<i32> {
            (0..PARTITIONS).filter(|partition| *partition as usize % members.len() == position).collect()
        };
        let assignments = members.iter().enumerate().map(|(position, member_id)| SyncAssignment {
            member_id: member_id.clone(),
            assignment: share(position).iter().map(|partition| *partition as u8).collect(),
        });
        SyncGroup {
            group_id: GROUP.into(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: None,
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            assignments: assignments.collect(),
        }
    }

    fn fetch(&self) -> FetchOffsets {
        let partitions = self.owned.iter().copied().map(PartitionIndex).collect();
        FetchOffsets {
            group_id: GROUP.into(),
            member_id: None,
            member_epoch: -1,
            require_stable: false,
            topics: Some(vec![FetchTopic { name: TOPIC.into(), partitions, ..FetchTopic::default() }]),
        }
    }

    fn commit(&mut self, random: &mut Random) -> GroupCommand {
        let mut partitions = Vec::new();
        for (partition, position) in self.owned.iter().zip(&mut self.positions) {
            *position += random.below(10) as i64;
            partitions.push(CommitPartition {
                partition: PartitionIndex(*partition),
                offset: Offset(*position),
                leader_epoch: LeaderEpoch(-1),
                metadata: None,
            });
        }
        GroupCommand::CommitOffsets(CommitOffsets {
            group_id: GROUP.into(),
            generation_id_or_member_epoch: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: vec![CommitTopic { name: TOPIC.into(), partitions, ..CommitTopic::default() }],
        })
    }

    fn leave(&self) -> GroupCommand {
        let member = LeavingMember { member_id: self.member_id.clone(), group_instance_id: None, reason: None };
        GroupCommand::Leave(LeaveGroup { group_id: GROUP.into(), members: vec![member] })
    }
}

/// The partitions that an assignment of ours names.
pub(crate) fn decode(assignment: &Bytes) -> Vec<i32> {
    assignment.iter().map(|partition| i32::from(*partition)).collect()
}
