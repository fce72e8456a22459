//! The coordinator over a real log on a disk that can fail: what is answered is kept, and what is not kept is not answered.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stream_codec::batch::TimestampType;
use stream_coordinator::{
    CommitOffsets, CommitPartition, CommitTopic, FetchOffsets, GroupCommand, GroupConfig, GroupReply, Heartbeat,
    JoinGroup, JoinProtocol,
};
use stream_log::disk::Disk;
use stream_log::disk::memory::{Fault, Loss, MemoryDisk};
use stream_log::{CheckRules, LogConfig};
use stream_replica::FlushPolicy;
use stream_types::{ErrorCode, LeaderEpoch, NodeId, Offset, PartitionIndex, TopicPartition, Uuid};
use tokio::sync::oneshot;

use super::mailbox::Mailbox;
use super::owner::{Event, Owner};
use super::{GroupCoordinator, OFFSETS_TOPIC, PendingReply};
use crate::clock::Clock;
use crate::partitions::{Flusher, OpenPlan, Partition, TopicSettings, WorkerContext, WorkerEvent, Workers};
use crate::telemetry::metrics::Metrics;

/// One owner over a `__consumer_offsets` of one partition.
struct Running {
    groups: GroupCoordinator,
    workers: Workers,
    partition: Arc<Partition>,
}

impl Running {
    /// Starts on what the disk has.
    async fn start(disk: &MemoryDisk, exists: bool) -> Running {
        let clock = Clock::start();
        let context = WorkerContext {
            clock,
            flusher: Flusher::start(clock, Arc::default()).unwrap(),
            flush_policy: FlushPolicy::Auto,
            disk: Arc::new(disk.clone()),
            node_id: NodeId(1),
        };
        let workers = Workers::start(1, context).unwrap();
        let traffic = Metrics::new().topic(OFFSETS_TOPIC);
        let id = TopicPartition::new(OFFSETS_TOPIC, PartitionIndex(0));
        let partition = Arc::new(Partition::new(id, Uuid::ZERO, workers.handle(0), &settings(), traffic));
        let plan = OpenPlan {
            health: Arc::new(stream_log::DirHealth::new(|| {})),
            dir: PathBuf::from("/logs/__consumer_offsets-0"),
            exists,
            settings: settings(),
            leader_epoch: LeaderEpoch(0),
            clean: false,
            recovery_point: Offset::ZERO,
            log_start: Offset::ZERO,
            with_many: false,
        };
        let (reply, opened) = oneshot::channel();
        let event = WorkerEvent::Open { partition: Arc::clone(&partition), plan: Box::new(plan), reply };
        partition.worker.send(event).unwrap();
        opened.await.unwrap().unwrap();

        let mailbox = Arc::new(Mailbox::default());
        tokio::spawn(Owner::new(clock, Arc::new(config()), Arc::clone(&mailbox)).run());
        mailbox.post(Event::Load { shard: 0, partition: Arc::clone(&partition), epoch: LeaderEpoch(0) });
        let groups = GroupCoordinator {
            owners: vec![mailbox],
            partition_count: 1.into(),
            led: [(0, (Uuid::ZERO, LeaderEpoch(0)))].into_iter().collect::<std::collections::BTreeMap<_, _>>().into(),
        };
        Running { groups, workers, partition }
    }

    /// Asks until the shard is loaded.
    async fn ask(&self, command: GroupCommand) -> Result<GroupReply, ErrorCode> {
        loop {
            match answered(self.groups.submit("group", command.clone())).await {
                Err(ErrorCode::CoordinatorLoadInProgress) => tokio::time::sleep(Duration::from_millis(5)).await,
                reply => return reply,
            }
        }
    }

    async fn committed(&self) -> i64 {
        let fetch = FetchOffsets { group_id: "group".into(), member_epoch: -1, ..Default::default() };
        match self.ask(GroupCommand::FetchOffsets(fetch)).await {
            Ok(GroupReply::FetchOffsets(reply)) => {
                reply.topics.first().map_or(-1, |topic| topic.partitions[0].offset.get())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Keeps the log's thread busy until the sender is dropped.
    fn hold_the_disk(&self) -> std::sync::mpsc::Sender<()> {
        let (held, release) = std::sync::mpsc::channel::<()>();
        assert!(self.partition.with_log(move |_, _| {
            let _ = release.recv();
        }));
        held
    }
}

async fn answered(reply: PendingReply) -> Result<GroupReply, ErrorCode> {
    tokio::time::timeout(Duration::from_secs(20), reply.wait()).await.expect("an answer in time")
}

fn empty_disk(seed: u64) -> MemoryDisk {
    let disk = MemoryDisk::new(seed);
    disk.create_dir("/logs".as_ref()).unwrap();
    disk.sync_dir("/".as_ref()).unwrap();
    disk
}

fn settings() -> TopicSettings {
    TopicSettings {
        log: LogConfig {
            segment_bytes_max: 1 << 20,
            segment_ms: i64::MAX,
            segment_index_bytes_max: 1 << 20,
            index_interval_bytes: 4096,
            delete: false,
            compact: true,
            retention_ms: None,
            retention_bytes: None,
            delete_retention_ms: 0,
            producer_id_expiration_ms: i64::MAX,
            disk_reserve_bytes: 0,
            tail_cache_bytes_max: 0,
        },
        rules: CheckRules {
            message_bytes_max: 1 << 20,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: i64::MAX,
            keys_required: true,
            compression: None,
            compression_level: None,
        },
    }
}

fn config() -> GroupConfig {
    GroupConfig {
        session_timeout_min: Duration::from_millis(10),
        session_timeout_max: Duration::from_secs(60),
        initial_rebalance_delay: Duration::ZERO,
        size_max: 10,
        offset_metadata_bytes_max: 4096,
        offsets_retention: Duration::from_secs(3600),
        offsets_retention_check_interval: Duration::from_secs(600),
    }
}

fn commit(offset: i64) -> GroupCommand {
    let partition = CommitPartition { offset: Offset(offset), leader_epoch: LeaderEpoch::NONE, ..Default::default() };
    let topic = CommitTopic { name: "events".into(), partitions: vec![partition], ..Default::default() };
    GroupCommand::CommitOffsets(CommitOffsets {
        group_id: "group".into(),
        generation_id_or_member_epoch: -1,
        retention_time_ms: -1,
        topics: vec![topic],
        ..Default::default()
    })
}

fn first_error(reply: Result<GroupReply, ErrorCode>) -> ErrorCode {
    match reply {
        Ok(GroupReply::CommitOffsets(reply)) => reply.topics[0].partitions[0].error,
        Ok(other) => panic!("{other:?}"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_power_loss() {
    let disk = empty_disk(1);
    for round in 0..5 {
        let running = Running::start(&disk, round > 0).await;
        assert_eq!(running.committed().await, if round > 0 { round * 100 + 9 } else { -1 });
        for offset in 0..10 {
            assert_eq!(first_error(running.ask(commit((round + 1) * 100 + offset)).await), ErrorCode::None);
        }
        assert_eq!(running.committed().await, (round + 1) * 100 + 9);
        disk.crash(Loss::Everything);
        running.groups.stop();
        running.workers.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_not_answered_and_not_believed() {
    let disk = empty_disk(2);
    let running = Running::start(&disk, false).await;
    assert_eq!(first_error(running.ask(commit(5)).await), ErrorCode::None);

    disk.inject(disk.operations(), Fault::NoSpace);
    assert_eq!(first_error(running.ask(commit(6)).await), ErrorCode::NotCoordinator);
    assert_eq!(running.committed().await, 5, "the shard is rebuilt from the log");
    assert_eq!(first_error(running.ask(commit(7)).await), ErrorCode::None);
    assert_eq!(running.committed().await, 7);
    running.workers.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_wait_for_the_disk_and_heartbeats_do_not() {
    let disk = empty_disk(3);
    let running = Running::start(&disk, false).await;
    assert_eq!(first_error(running.ask(commit(5)).await), ErrorCode::None);

    let held = running.hold_the_disk();
    let mut pending = [running.groups.submit("group", commit(6)), running.groups.submit("group", commit(7))];
    let heartbeat = Heartbeat { group_id: "group".into(), ..Default::default() };
    let reply = answered(running.groups.submit("group", GroupCommand::Heartbeat(heartbeat))).await;
    assert_eq!(reply, Ok(GroupReply::Heartbeat(ErrorCode::UnknownMemberId)));
    let is_open = |reply: &mut PendingReply| reply.0.as_mut().unwrap().try_recv().is_err();
    assert!(pending.iter_mut().all(is_open), "nothing is committed yet");
    drop(held);
    for reply in pending {
        assert_eq!(first_error(answered(reply).await), ErrorCode::None);
    }
    assert_eq!(running.committed().await, 7);
    running.workers.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_wait_are_sent_away_when_the_broker_stops() {
    let disk = empty_disk(4);
    let running = Running::start(&disk, false).await;
    let join = |member: &str| {
        GroupCommand::Join(JoinGroup {
            group_id: "group".into(),
            member_id: member.into(),
            protocol_type: "consumer".into(),
            protocols: vec![JoinProtocol { name: "range".into(), ..Default::default() }],
            session_timeout_ms: 30_000,
            rebalance_timeout_ms: 30_000,
            ..Default::default()
        })
    };
    assert!(matches!(running.ask(join("")).await, Ok(GroupReply::Join(reply)) if reply.error.is_none()));
    // The first member does not come again, so that the second one waits.
    let second = running.groups.submit("group", join(""));
    running.groups.stop();
    assert_eq!(answered(second).await, Err(ErrorCode::NotCoordinator));
    running.workers.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_of_deleted_topics_are_forgotten_durably() {
    let disk = empty_disk(5);
    let running = Running::start(&disk, false).await;
    assert_eq!(first_error(running.ask(commit(5)).await), ErrorCode::None);
    running.groups.owners[0].post(Event::TopicsDeleted { topics: vec!["events".into()] });
    assert_eq!(running.committed().await, -1);
    running.groups.stop();
    running.workers.stop();
    disk.crash(Loss::Nothing);
    let again = Running::start(&disk, true).await;
    assert_eq!(again.committed().await, -1);
    again.workers.stop();
}
