//! Every workload of up to three operations, with the power failing at every operation of the disk, and again at every
//! operation of the recovery.

use bytes::Bytes;
use stream_coordinator::{CommitOffsets, CommitPartition, CommitTopic, FetchOffsets, GroupCommand, GroupReply};
use stream_log::disk::memory::{Fault, Loss, MemoryDisk};
use stream_types::{ErrorCode, LeaderEpoch, Monotonic, Now, Offset, PartitionIndex, WallMillis};

use super::host::{Host, formatted};
use super::oracle::Oracle;
use super::producer::{Batch, encode};
use super::{Down, Released};
use crate::planted::Planted;
use crate::violation::{Checked, Violation, promise};

/// What a small workload is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// A batch of an idempotent producer.
    Produce,
    /// A batch that does not fit the active segment any more when another comes.
    ProduceMuch,
    /// The last batch again.
    Repeat,
    /// Offsets of a group.
    Commit,
    /// Everything that is to be synced.
    Sync,
    /// The recovery points.
    Checkpoint,
    /// A new segment.
    Roll,
    /// A controlled shutdown and a start.
    Restart,
}

const OPERATIONS: [Operation; 8] = [
    Operation::Produce,
    Operation::ProduceMuch,
    Operation::Repeat,
    Operation::Commit,
    Operation::Sync,
    Operation::Checkpoint,
    Operation::Roll,
    Operation::Restart,
];

/// Up to three operations.
pub type Workload = Vec<Operation>;

/// Every workload of up to `len` operations.
pub fn every_workload(len: usize) -> Vec<Workload> {
    let mut all: Vec<Workload> = Vec::new();
    let mut last: Vec<Workload> = vec![Vec::new()];
    for _ in 0..len {
        last = last
            .iter()
            .flat_map(|workload| {
                OPERATIONS.iter().map(|operation| {
                    let mut longer = workload.clone();
                    longer.push(*operation);
                    longer
                })
            })
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// One producer, one group, and what they were told.
#[derive(Debug, Default)]
struct Clients {
    oracle: Oracle,
    life: u64,
    next_sequence: i32,
    last: Option<Batch>,
    offset: i64,
    token: u64,
    asked: Vec<(u64, Asked)>,
}

#[derive(Debug)]
enum Asked {
    Produce(Vec<Bytes>),
    Commit(i64),
    Fetch,
}

/// Runs a workload once for each operation of the disk that its last operation makes, with the power failing there, and
/// once with the power failing after it; then with the recovery cut short at each of its operations. What comes before
/// the last operation is a shorter workload. How many power losses that were.
pub fn run_workload(workload: &[Operation], planted: Option<Planted>) -> Result<u64, Violation> {
    let explain = |at: u64, violation: Violation| {
        Violation(format!("{workload:?} with the power failing at operation {at}: {violation}"))
    };
    let first = match workload {
        [] | [_] => 0,
        [before @ .., _] => operations_of(before, planted).map_err(|violation| explain(0, violation))?,
    };
    let end = operations_of(workload, planted).map_err(|violation| explain(0, violation))?;
    let mut losses = 0;
    for at in first..=end {
        for loss in [Loss::Everything, Loss::Nothing, Loss::Random] {
            run_crashed(workload, at, loss, None, planted).map_err(|violation| explain(at, violation))?;
            losses += 1;
        }
    }
    // The middle of the operation leaves most for recovery to do.
    let at = first + (end - first) / 2;
    for again in 0.. {
        let is_over = run_crashed(workload, at, Loss::Random, Some(again), planted)
            .map_err(|violation| explain(at, violation))?;
        losses += 2;
        if is_over {
            break;
        }
    }
    Ok(losses)
}

/// How many operations of the disk a workload makes.
fn operations_of(workload: &[Operation], planted: Option<Planted>) -> Result<u64, Violation> {
    let disk = formatted(0);
    let before = disk.operations();
    let mut clients = Clients::default();
    let worked = clients.work(&disk, workload, planted);
    clients.check_excuse(&disk, worked)?;
    Ok(disk.operations() - before)
}

/// Lets the power fail at operation `at`, and again at operation `again` of the recovery; whether recovery was over
/// before that.
fn run_crashed(
    workload: &[Operation],
    at: u64,
    loss: Loss,
    again: Option<u64>,
    planted: Option<Planted>,
) -> Result<bool, Violation> {
    let disk = formatted(at * 1000 + again.unwrap_or(0) * 7);
    let mut clients = Clients::default();
    disk.inject(disk.operations() + at, Fault::PowerLoss);
    let worked = clients.work(&disk, workload, planted);
    clients.check_excuse(&disk, worked)?;
    disk.crash(loss);
    let mut is_over = true;
    if let Some(again) = again {
        disk.inject(disk.operations() + again, Fault::PowerLoss);
        let recovered = clients.start(&disk, planted).map(drop);
        is_over = disk.has_power();
        clients.check_excuse(&disk, recovered)?;
        disk.crash(loss);
    }
    clients.verify(&disk, planted)?;
    Ok(is_over)
}

impl Clients {
    fn check_excuse(&self, disk: &MemoryDisk, worked: Result<(), Stop>) -> Checked {
        match worked {
            Ok(()) => Ok(()),
            Err(Stop::Violation(violation)) => Err(violation),
            Err(Stop::Down(down)) => {
                promise!(!disk.has_power(), "the broker stopped although its disk does what it should: {}", down.0);
                Ok(())
            }
        }
    }

    fn now(&self) -> Now {
        let millis = self.life * 1000 + self.token;
        Now { monotonic: Monotonic::from_millis(millis), wall: WallMillis(millis as i64) }
    }

    fn start(&mut self, disk: &MemoryDisk, planted: Option<Planted>) -> Result<Host, Stop> {
        self.life += 1;
        Ok(Host::start(disk, self.life, self.life, planted, self.now())?)
    }

    fn work(&mut self, disk: &MemoryDisk, workload: &[Operation], planted: Option<Planted>) -> Result<(), Stop> {
        let mut host = self.start(disk, planted)?;
        for operation in workload {
            let worked = self.operate(&mut host, *operation);
            let released = host.take_released();
            self.hear(released)?;
            worked?;
            if *operation == Operation::Restart {
                let released = host.stop(self.now())?;
                self.hear(released)?;
                host = self.start(disk, planted)?;
            }
        }
        Ok(())
    }

    fn operate(&mut self, host: &mut Host, operation: Operation) -> Result<(), Down> {
        match operation {
            Operation::Produce => self.produce(host, 2, 3),
            Operation::ProduceMuch => self.produce(host, 2, 600),
            Operation::Repeat => match self.last.clone() {
                Some(batch) => self.send(host, batch),
                None => Ok(()),
            },
            Operation::Commit => {
                self.offset += 1;
                let token = self.ask(Asked::Commit(self.offset));
                host.group(self.now(), commit(self.offset), token);
                host.append_group_records(self.now())
            }
            Operation::Sync => (0..host.partitions().len()).try_for_each(|index| host.finish_sync(index)),
            Operation::Checkpoint => host.write_checkpoints(),
            Operation::Roll => host.roll(self.now(), 0),
            Operation::Restart => Ok(()),
        }
    }

    fn ask(&mut self, asked: Asked) -> u64 {
        self.token += 1;
        self.asked.push((self.token, asked));
        self.token
    }

    fn produce(&mut self, host: &mut Host, count: i32, bytes: usize) -> Result<(), Down> {
        let value = |number: i32| Bytes::from(format!("{}-{number}", "p".repeat(bytes)));
        let values: Vec<Bytes> = (self.next_sequence..self.next_sequence + count).map(value).collect();
        let batch = Batch::new(self.next_sequence, values);
        self.next_sequence += count;
        self.last = Some(batch.clone());
        self.send(host, batch)
    }

    fn send(&mut self, host: &mut Host, batch: Batch) -> Result<(), Down> {
        for value in &batch.values {
            self.oracle.sends(0, value.clone());
        }
        let token = self.ask(Asked::Produce(batch.values.clone()));
        host.produce(self.now(), 0, encode(1, &batch), token)
    }

    fn hear(&mut self, released: Vec<Released>) -> Checked {
        for answer in released {
            let (Released::Produce { token, .. } | Released::Group { token, .. }) = &answer;
            let Some(position) = self.asked.iter().position(|(asked, _)| asked == token) else { continue };
            match (self.asked.swap_remove(position).1, answer) {
                (Asked::Produce(values), Released::Produce { result: Ok(first), .. }) => {
                    self.oracle.acknowledged(0, first, &values)?;
                }
                (Asked::Commit(offset), Released::Group { reply: GroupReply::CommitOffsets(reply), .. }) => {
                    let result = reply.topics.first().and_then(|topic| topic.partitions.first());
                    promise!(result.map(|result| result.error) == Some(ErrorCode::None), "a commit was refused");
                    self.oracle.committed(0, offset)?;
                }
                (Asked::Fetch, Released::Group { reply: GroupReply::FetchOffsets(reply), .. }) => {
                    let topic = reply.topics.first();
                    let fetched = topic.and_then(|topic| topic.partitions.first()).map(|partition| partition.offset.0);
                    self.oracle.fetched(0, fetched.unwrap_or(-1))?;
                }
                (asked, answer) => return Err(Violation(format!("{asked:?} was answered by {answer:?}"))),
            }
        }
        Ok(())
    }

    /// Recovers twice, compares with what was told, goes on, and looks again after a last power loss.
    fn verify(&mut self, disk: &MemoryDisk, planted: Option<Planted>) -> Checked {
        let first = self.audited(disk, planted)?;
        let mut host = self.must_start(disk, planted)?;
        promise!(self.oracle.audit(&host)? == first, "a second recovery found something else");
        self.next_sequence = first.first().map_or(0, Vec::len) as i32;
        let went_on = [Operation::Produce, Operation::Commit, Operation::Sync]
            .into_iter()
            .try_for_each(|operation| self.operate(&mut host, operation));
        if let Err(down) = went_on {
            return Err(Violation(format!("the broker does not go on: {}", down.0)));
        }
        let released = host.take_released();
        promise!(released.len() >= 2, "a recovered broker answers");
        self.hear(released)?;
        drop(host);
        disk.crash(Loss::Everything);
        self.audited(disk, planted).map(drop)
    }

    fn must_start(&mut self, disk: &MemoryDisk, planted: Option<Planted>) -> Result<Host, Violation> {
        match self.start(disk, planted) {
            Ok(host) => Ok(host),
            Err(Stop::Down(down)) => Err(Violation(format!("the broker does not start: {}", down.0))),
            Err(Stop::Violation(violation)) => Err(violation),
        }
    }

    fn audited(
        &mut self,
        disk: &MemoryDisk,
        planted: Option<Planted>,
    ) -> Result<Vec<Vec<super::partition::Found>>, Violation> {
        let mut host = self.must_start(disk, planted)?;
        self.asked.clear();
        let token = self.ask(Asked::Fetch);
        host.group(self.now(), GroupCommand::FetchOffsets(FetchOffsets { topics: None, ..fetch() }), token);
        let released = host.take_released();
        self.hear(released)?;
        self.oracle.audit(&host)
    }
}

/// Why a workload ended early.
#[derive(Debug)]
enum Stop {
    Down(Down),
    Violation(Violation),
}

impl From<Down> for Stop {
    fn from(down: Down) -> Stop {
        Stop::Down(down)
    }
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Stop {
        Stop::Violation(violation)
    }
}

/// A commit of a consumer that is no member.
fn commit(offset: i64) -> GroupCommand {
    let partition = CommitPartition {
        partition: PartitionIndex(0),
        offset: Offset(offset),
        leader_epoch: LeaderEpoch(-1),
        metadata: None,
    };
    GroupCommand::CommitOffsets(CommitOffsets {
        group_id: "g".into(),
        generation_id_or_member_epoch: -1,
        retention_time_ms: -1,
        topics: vec![CommitTopic { name: "orders".into(), partitions: vec![partition], ..CommitTopic::default() }],
        ..CommitOffsets::default()
    })
}

fn fetch() -> FetchOffsets {
    FetchOffsets { group_id: "g".into(), member_epoch: -1, ..FetchOffsets::default() }
}
