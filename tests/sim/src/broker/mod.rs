//! One broker of partition logs, leaders and the group coordinator on a disk that loses power at any operation, with
//! idempotent producers, a consumer and group members whose connections break.

mod config;
mod exhaustive;
mod host;
mod judge;
mod link;
mod member;
mod oracle;
mod partition;
mod producer;
mod shard;

use std::collections::BTreeMap;

use bytes::Bytes;
use stream_coordinator::{GroupCommand, GroupReply};
use stream_log::disk::memory::{Fault, Loss, MemoryDisk};
use stream_log::{LogError, ReadBound};
use stream_types::{Monotonic, Now, Offset, WallMillis};

use crate::random::{Random, Stream};
use crate::schedule::Schedule;
use crate::trace::Trace;
use crate::violation::{Checked, Violation, promise};
pub use config::Config;
pub use exhaustive::{Workload, every_workload, run_workload};
use host::{DATA_PARTITIONS, Host};
pub use judge::OUTCOMES;
use judge::{judge_group, outcome};
use member::Member;
use oracle::Oracle;
use partition::read_all;
use producer::{Batch, Producer};

/// The process ends: its disk failed it.
#[derive(Clone, Debug)]
pub(crate) struct Down(pub(crate) String);

impl<E: Into<LogError>> From<E> for Down {
    fn from(error: E) -> Down {
        Down(error.into().to_string())
    }
}

/// Why a batch was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    OutOfOrder,
}

/// An answer that may leave.
#[derive(Clone, Debug)]
pub(crate) enum Released {
    Produce { token: u64, result: Result<Offset, Refusal> },
    Group { token: u64, reply: GroupReply },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Client {
    Producer(usize),
    Member(usize),
    Consumer,
}

#[derive(Debug)]
enum Event {
    Wake(Client),
    Arrive { token: u64, life: u64 },
    Reply { token: u64, answer: Released },
    Sync { index: usize, life: u64 },
    GroupAppend { life: u64 },
    GroupTick { life: u64 },
    Maintenance,
    DiskFault,
    Start,
}

/// A request that is on its way, or waits, or whose reply is on its way.
#[derive(Debug)]
struct Request {
    client: Client,
    connection: u64,
    ask: Ask,
}

#[derive(Debug)]
enum Ask {
    Produce(Batch),
    Group { generation: i32, member_id: String, command: Box<GroupCommand> },
}

/// The simulated world.
#[derive(Debug)]
pub struct Broker {
    config: Config,
    disk: MemoryDisk,
    host: Option<Host>,
    /// Counts starts.
    life: u64,
    /// An error of the disk was injected since the last crash.
    is_disk_bad: bool,
    producers: Vec<Producer>,
    members: Vec<Member>,
    consumed: Vec<Offset>,
    requests: BTreeMap<u64, Request>,
    next_token: u64,
    oracle: Oracle,
    schedule: Schedule<Event>,
    syncs_scheduled: Vec<bool>,
    millis: u64,
    is_storm: bool,
    network_random: Random,
    disk_random: Random,
    workload_random: Random,
    machine_random: Random,
}

impl Broker {
    /// A broker on an empty disk, which has not started.
    pub fn new(seed: u64, config: Config) -> Broker {
        let mut disk_random = Random::new(seed, Stream::Disk);
        let producer = |number: usize| Producer::new(number as i64 + 1, number % DATA_PARTITIONS);
        let member = |number: usize| Member::new(format!("member-{number}"));
        Broker {
            disk: host::formatted(disk_random.draw()),
            host: None,
            life: 0,
            is_disk_bad: false,
            producers: (0..3).map(producer).collect(),
            members: (0..config.members).map(member).collect(),
            consumed: vec![Offset::ZERO; DATA_PARTITIONS],
            requests: BTreeMap::new(),
            next_token: 0,
            oracle: Oracle::default(),
            schedule: Schedule::new(Random::new(seed, Stream::Scheduler)),
            syncs_scheduled: vec![false; DATA_PARTITIONS + 1],
            millis: 0,
            is_storm: true,
            network_random: Random::new(seed, Stream::Network),
            disk_random,
            workload_random: Random::new(seed, Stream::Workload),
            machine_random: Random::new(seed, Stream::Machines),
            config,
        }
    }

    /// Runs the storm, lets everybody finish, and looks once more after a last power loss.
    pub fn run(&mut self, trace: &mut Trace) -> Checked {
        self.schedule.at(0, Event::Start);
        for client in self.clients() {
            self.schedule.at(1, Event::Wake(client));
        }
        self.schedule.at(50, Event::Maintenance);
        self.schedule_fault();
        self.until(self.config.storm_millis, trace)?;
        self.is_storm = false;
        let deadline = self.millis + 60_000;
        while !(self.host.is_some() && self.producers.iter().all(Producer::is_done)) {
            promise!(self.millis < deadline, "a minute after the last fault producers still wait");
            self.until(self.millis + 200, trace)?;
        }
        self.audit(trace)?;
        self.crash(Loss::Everything, trace);
        self.until(self.millis + 10_000, trace)?;
        self.audit(trace)?;
        trace.note(format_args!("{} records acknowledged", self.oracle.acknowledged_count()));
        Ok(())
    }

    fn clients(&self) -> Vec<Client> {
        let producers = (0..self.producers.len()).map(Client::Producer);
        producers.chain((0..self.members.len()).map(Client::Member)).chain([Client::Consumer]).collect()
    }

    fn until(&mut self, end: u64, trace: &mut Trace) -> Checked {
        while let Some((millis, event)) = self.schedule.next_before(end) {
            self.millis = self.millis.max(millis);
            self.happen(event, trace)?;
        }
        self.millis = self.millis.max(end);
        Ok(())
    }

    fn now(&self) -> Now {
        Now { monotonic: Monotonic::from_millis(self.millis), wall: WallMillis(self.millis as i64) }
    }

    fn happen(&mut self, event: Event, trace: &mut Trace) -> Checked {
        let life = self.life;
        match event {
            Event::Wake(client) => {
                let after = self.workload_random.between(5, 100);
                self.schedule.at(self.millis + after, Event::Wake(client));
                self.wake(client, trace)
            }
            Event::Arrive { token, life: sent_to } if sent_to == life => self.arrive(token, trace),
            Event::Reply { token, answer } => {
                self.hear(token, &answer);
                Ok(())
            }
            Event::Sync { index, life: begun_in } if begun_in == life => {
                self.syncs_scheduled[index] = false;
                self.with_host(trace, |host, _| host.finish_sync(index))
            }
            Event::GroupAppend { life: asked_in } if asked_in == life => {
                self.with_host(trace, |host, now| host.append_group_records(now))
            }
            Event::GroupTick { life: asked_in } if asked_in == life => {
                self.with_host(trace, |host, now| {
                    host.tick_groups(now);
                    Ok(())
                })?;
                self.schedule_group_tick();
                Ok(())
            }
            Event::Maintenance => {
                let after = self.workload_random.between(20, 500);
                self.schedule.at(self.millis + after, Event::Maintenance);
                self.maintain(trace)
            }
            Event::DiskFault if self.is_storm => self.disk_fault(trace),
            Event::Start if self.host.is_none() => self.start(trace),
            // Of an earlier life.
            _ => Ok(()),
        }
    }

    /// Works with the process, if there is one, and does what follows.
    fn with_host(&mut self, trace: &mut Trace, work: impl FnOnce(&mut Host, Now) -> Result<(), Down>) -> Checked {
        let now = self.now();
        let Some(host) = &mut self.host else { return Ok(()) };
        let worked = work(host, now);
        let released = host.take_released();
        self.release(released, trace)?;
        match worked {
            Ok(()) => {
                self.schedule_work();
                Ok(())
            }
            Err(down) => self.down(&down, trace),
        }
    }

    /// The process gave up: that is right when its disk failed it, and only then.
    fn down(&mut self, down: &Down, trace: &mut Trace) -> Checked {
        let is_excused = self.is_disk_bad || !self.disk.has_power();
        promise!(is_excused, "the broker stopped although its disk does what it should: {}", down.0);
        self.crash(Loss::Random, trace);
        Ok(())
    }

    /// Syncs that have begun end some time later; so do appends of the coordinator's records.
    fn schedule_work(&mut self) {
        let Some(host) = &self.host else { return };
        let life = self.life;
        for (index, partition) in host.partitions().iter().enumerate() {
            if partition.is_syncing() && !self.syncs_scheduled[index] {
                self.syncs_scheduled[index] = true;
                let after = self.schedule.random().between(1, self.config.sync_max);
                self.schedule.at(self.millis + after, Event::Sync { index, life });
            }
        }
        if host.shard().has_records() {
            let after = self.schedule.random().below(4);
            self.schedule.at(self.millis + after, Event::GroupAppend { life });
        }
    }

    fn schedule_group_tick(&mut self) {
        let Some(host) = &self.host else { return };
        let soon = Monotonic::from_millis(self.millis + 200);
        let deadline = host.shard().next_deadline().unwrap_or(soon).min(soon).0.as_millis() as u64;
        let event = Event::GroupTick { life: self.life };
        self.schedule.at(deadline.max(self.millis + 1), event);
    }

    fn schedule_fault(&mut self) {
        let after = self.disk_random.between(1, 2 * self.config.crash_every);
        self.schedule.at(self.millis + after, Event::DiskFault);
    }

    fn disk_fault(&mut self, trace: &mut Trace) -> Checked {
        self.schedule_fault();
        let operation = self.disk.operations() + self.disk_random.below(20);
        match self.disk_random.below(10) {
            0..=5 => self.disk.inject(operation, Fault::PowerLoss),
            6 => {
                self.is_disk_bad = true;
                self.disk.inject(operation, Fault::Io);
            }
            _ => {
                let loss = *self.disk_random.pick(&[Loss::Random, Loss::Everything, Loss::Nothing]);
                self.crash(loss, trace);
            }
        }
        Ok(())
    }

    fn crash(&mut self, loss: Loss, trace: &mut Trace) {
        self.host = None;
        self.disconnect();
        self.disk.crash(loss);
        self.is_disk_bad = false;
        trace.note(format_args!("{} power loss, {loss:?}", self.millis));
        trace.outcome("disk/power-loss");
        let down = self.disk_random.between(1, 300);
        self.schedule.at(self.millis + down, Event::Start);
    }

    /// Connections die with the process.
    fn disconnect(&mut self) {
        for producer in &mut self.producers {
            producer.send_again(&mut self.network_random, self.millis, false);
        }
        for member in &mut self.members {
            member.reconnect(&mut self.network_random, self.millis);
        }
    }

    fn start(&mut self, trace: &mut Trace) -> Checked {
        self.life += 1;
        self.syncs_scheduled = vec![false; DATA_PARTITIONS + 1];
        let seed = self.machine_random.draw();
        if self.is_storm && self.disk_random.chance(200) {
            let operation = self.disk.operations() + self.disk_random.below(30);
            self.disk.inject(operation, Fault::PowerLoss);
        }
        let mut started = Host::start(&self.disk, self.life, seed, self.config.planted, self.now());
        if self.machine_random.chance(200)
            && let Ok(host) = started
        {
            started = self.start_twice(host, seed)?;
        }
        match started {
            Ok(host) => {
                trace.note(format_args!("{} start, life {}", self.millis, self.life));
                self.host = Some(host);
                self.audit_if_powered(trace)?;
                self.with_host(trace, |_, _| Ok(()))?;
                self.schedule_group_tick();
                Ok(())
            }
            Err(down) => {
                trace.outcome("broker/recovery-cut-short");
                self.down(&down, trace)
            }
        }
    }

    /// Started, and killed at once: what is there must be what was there.
    fn start_twice(&mut self, host: Host, seed: u64) -> Result<Result<Host, Down>, Violation> {
        let before = if self.disk.has_power() { Some(self.oracle.audit(&host)?) } else { None };
        drop(host);
        self.life += 1;
        let started = Host::start(&self.disk, self.life, seed, self.config.planted, self.now());
        if let (Some(before), Ok(host)) = (before, &started)
            && self.disk.has_power()
        {
            promise!(before == self.oracle.audit(host)?, "a second recovery found something else");
        }
        Ok(started)
    }

    fn audit_if_powered(&self, trace: &mut Trace) -> Checked {
        if self.disk.has_power() { self.audit(trace) } else { Ok(()) }
    }

    fn audit(&self, trace: &mut Trace) -> Checked {
        let Some(host) = &self.host else { return Err(Violation("the broker does not start".to_owned())) };
        for (partition, found) in self.oracle.audit(host)?.iter().enumerate() {
            trace.note(format_args!("{} partition {partition} has {} records", self.millis, found.len()));
        }
        Ok(())
    }

    fn maintain(&mut self, trace: &mut Trace) -> Checked {
        let index = self.workload_random.below(DATA_PARTITIONS as u64 + 1) as usize;
        match self.workload_random.below(12) {
            0..=3 => {
                trace.outcome("broker/checkpoint");
                self.with_host(trace, |host, _| host.write_checkpoints())
            }
            4..=6 => {
                trace.outcome("broker/roll");
                self.with_host(trace, |host, now| host.roll(now, index))
            }
            7..=10 => {
                let mut is_compacted = false;
                self.with_host(trace, |host, now| {
                    is_compacted = host.compact(now)?;
                    Ok(())
                })?;
                if is_compacted {
                    trace.outcome("broker/compaction");
                }
                Ok(())
            }
            _ if self.is_storm => self.stop(trace),
            _ => Ok(()),
        }
    }

    /// A controlled shutdown and a new start.
    fn stop(&mut self, trace: &mut Trace) -> Checked {
        let now = self.now();
        let Some(host) = self.host.take() else { return Ok(()) };
        match host.stop(now) {
            Ok(released) => {
                self.disconnect();
                trace.note(format_args!("{} stopped", self.millis));
                trace.outcome("broker/clean-restart");
                self.release(released, trace)?;
                let down = self.disk_random.between(1, 50);
                self.schedule.at(self.millis + down, Event::Start);
                Ok(())
            }
            Err(down) => self.down(&down, trace),
        }
    }

    fn wake(&mut self, client: Client, trace: &mut Trace) -> Checked {
        let now = self.millis;
        match client {
            Client::Producer(number) => {
                let producer = &mut self.producers[number];
                let more = self.is_storm && self.workload_random.chance(400);
                for batch in producer.wake(&mut self.network_random, now, more) {
                    let producer = &self.producers[number];
                    for value in &batch.values {
                        self.oracle.sends(producer.partition, value.clone());
                    }
                    if !self.send(client, Ask::Produce(batch)) {
                        break;
                    }
                }
                Ok(())
            }
            Client::Member(number) => {
                let member = &mut self.members[number];
                let Some(command) = member.wake(&mut self.workload_random, now) else { return Ok(()) };
                let (generation, member_id) = (member.generation, member.member_id.to_string());
                self.send(client, Ask::Group { generation, member_id, command: Box::new(command) });
                Ok(())
            }
            Client::Consumer => self.consume(trace),
        }
    }

    fn consume(&mut self, trace: &mut Trace) -> Checked {
        let Some(host) = &self.host else { return Ok(()) };
        let partition = self.workload_random.below(DATA_PARTITIONS as u64) as usize;
        let reader = host.partition(partition).reader();
        let position = self.consumed[partition];
        promise!(
            position <= reader.high_watermark() || !self.disk.has_power(),
            "a consumer of partition {partition} is at {position}, the high watermark went back to {}",
            reader.high_watermark()
        );
        match read_all(&reader, position, ReadBound::HighWatermark) {
            Ok(found) => {
                self.oracle.read(partition, &found)?;
                if let Some(last) = found.last() {
                    self.consumed[partition] = last.offset.plus(1);
                    trace.outcome("consumer/read");
                }
                // Now and then from the beginning.
                if self.workload_random.chance(20) {
                    self.consumed[partition] = Offset::ZERO;
                }
                Ok(())
            }
            Err(reason) => {
                let is_excused = self.is_disk_bad || !self.disk.has_power();
                promise!(is_excused, "partition {partition} cannot be read from {position}: {reason}");
                Ok(())
            }
        }
    }

    /// Sends a request, unless the connection breaks: then the client has been told.
    fn send(&mut self, client: Client, ask: Ask) -> bool {
        let now = self.millis;
        let link = match client {
            Client::Producer(number) => &mut self.producers[number].link,
            Client::Member(number) => &mut self.members[number].link,
            Client::Consumer => return false,
        };
        match link.send(&mut self.network_random, now) {
            Some((connection, at)) if self.host.is_some() => {
                self.next_token += 1;
                let token = self.next_token;
                self.requests.insert(token, Request { client, connection, ask });
                self.schedule.at(at, Event::Arrive { token, life: self.life });
                return true;
            }
            // The connection broke, or nobody listens.
            _ => match client {
                Client::Producer(number) => self.producers[number].send_again(&mut self.network_random, now, true),
                Client::Member(number) => self.members[number].give_up(&mut self.network_random, now),
                Client::Consumer => {}
            },
        }
        false
    }

    fn arrive(&mut self, token: u64, trace: &mut Trace) -> Checked {
        let Some(request) = self.requests.get(&token) else { return Ok(()) };
        let link = match request.client {
            Client::Producer(number) => &self.producers[number].link,
            Client::Member(number) => &self.members[number].link,
            Client::Consumer => return Ok(()),
        };
        if !link.is_heard(request.connection, self.millis) {
            return Ok(());
        }
        if !link.is_current(request.connection) {
            trace.outcome("producer/late-original");
        }
        match &request.ask {
            Ask::Produce(batch) => {
                let Client::Producer(number) = request.client else { return Ok(()) };
                let (id, partition) = (self.producers[number].id, self.producers[number].partition);
                trace.note(format_args!("{} produce p{id} sequence {}", self.millis, batch.sequence));
                let records: Bytes = producer::encode(id, batch);
                self.with_host(trace, |host, now| host.produce(now, partition, records, token))
            }
            Ask::Group { command, .. } => {
                trace.note(format_args!("{} {command:?}", self.millis));
                let command = command.clone();
                self.with_host(trace, |host, now| {
                    host.group(now, *command, token);
                    Ok(())
                })
            }
        }
    }

    /// Answers leave the broker: from now on they are promises.
    fn release(&mut self, released: Vec<Released>, trace: &mut Trace) -> Checked {
        for answer in released {
            let (Released::Produce { token, .. } | Released::Group { token, .. }) = &answer;
            let token = *token;
            let Some(request) = self.requests.get(&token) else { continue };
            trace.note(format_args!("{} answer {answer:?}", self.millis));
            trace.outcome(outcome(&answer));
            match (&request.ask, &answer) {
                (Ask::Produce(batch), Released::Produce { result: Ok(first), .. }) => {
                    let Client::Producer(number) = request.client else { continue };
                    self.oracle.acknowledged(self.producers[number].partition, *first, &batch.values)?;
                }
                (Ask::Group { generation, member_id, command }, Released::Group { reply, .. }) => {
                    judge_group(&mut self.oracle, *generation, member_id, command, reply)?;
                }
                _ => {}
            }
            let link = match request.client {
                Client::Producer(number) => &mut self.producers[number].link,
                Client::Member(number) => &mut self.members[number].link,
                Client::Consumer => continue,
            };
            match link.reply(&mut self.network_random, self.millis, request.connection) {
                Some(at) => self.schedule.at(at, Event::Reply { token, answer }),
                None => drop(self.requests.remove(&token)),
            }
        }
        Ok(())
    }

    fn hear(&mut self, token: u64, answer: &Released) {
        let Some(request) = self.requests.remove(&token) else { return };
        match (request.client, request.ask, answer) {
            (Client::Producer(number), Ask::Produce(batch), Released::Produce { result, .. }) => {
                let producer = &mut self.producers[number];
                if producer.link.is_current(request.connection) {
                    let result = result.map(|_| ());
                    producer.answered(&mut self.network_random, self.millis, batch.sequence, result);
                }
            }
            (Client::Member(number), Ask::Group { .. }, Released::Group { reply, .. }) => {
                let member = &mut self.members[number];
                if member.link.is_current(request.connection) {
                    member.answered(reply);
                }
            }
            _ => {}
        }
    }
}
