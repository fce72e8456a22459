//! Three nodes of quorum, controller and metadata image, on disks that lose power and a network that does its worst.
//!
//! Commands of many kinds, each aiming at one named outcome, go to nodes while faults strike; then everything heals,
//! all nodes have to come to the same image, and once more after the power failed everywhere.

mod driver;
mod network;
mod oracle;
pub mod workload;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use stream_log::disk::Disk;
use stream_log::disk::memory::{Fault, Loss, MemoryDisk};
use stream_quorum::{NodeConfig, QuorumError};
use stream_types::{Monotonic, NodeId, Now, Uuid, WallMillis};

use crate::planted::Planted;
use crate::random::{Random, Stream};
use crate::schedule::Schedule;
use crate::trace::Trace;
use crate::violation::{Checked, Violation, promise};
use driver::{CLUSTER, DIR, Driver, Parked};
use network::Network;
pub use network::NetworkFaults;
use oracle::Oracle;

/// How a run goes.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long faults and commands come (milliseconds of virtual time).
    pub storm_millis: u64,
    /// The network's faults.
    pub network: NetworkFaults,
    /// Mean time between two partitions (milliseconds).
    pub cut_every: u64,
    /// Mean time between two power losses, of all nodes together (milliseconds).
    pub crash_every: u64,
    /// Partitions that cut one link and not all of a node, in a thousand.
    pub pair_cuts: u64,
    /// How long a node without power stays down at most (milliseconds).
    pub down_max: u64,
    /// How often a leader hands over, in a thousand of its ticks.
    pub resignations: u64,
    /// Mean time between two commands (milliseconds).
    pub command_every: u64,
    /// Entries between two snapshots.
    pub snapshot_entries: u64,
    /// A bug to be found.
    pub planted: Option<Planted>,
}

impl Config {
    /// What a seed runs by default: some are calm, some harsh, some flood a follower that is cut off.
    pub fn of_seed(seed: u64) -> Config {
        let harsh = NetworkFaults { loss: 40, repetition: 40, lateness: 150, lateness_max: 600 };
        let mild = NetworkFaults { loss: 10, repetition: 20, lateness: 50, lateness_max: 100 };
        let config = Config {
            storm_millis: 30_000,
            network: harsh,
            cut_every: 4_000,
            crash_every: 3_000,
            pair_cuts: 300,
            down_max: 3_000,
            resignations: 2,
            command_every: 150,
            snapshot_entries: 40,
            planted: None,
        };
        match seed % 4 {
            0 | 1 => config,
            2 => Config { network: mild, command_every: 60, crash_every: 6_000, ..config },
            _ => Config {
                storm_millis: 14_000,
                network: mild,
                command_every: 2,
                cut_every: 4_000,
                crash_every: 4_000,
                down_max: 14_000,
                ..config
            },
        }
    }

    /// Hardly anything but elections, with the power failing in the middle of them.
    pub fn of_elections() -> Config {
        Config {
            storm_millis: 60_000,
            network: NetworkFaults { loss: 20, repetition: 20, lateness: 300, lateness_max: 400 },
            cut_every: 1_000,
            pair_cuts: 800,
            crash_every: 700,
            down_max: 300,
            resignations: 40,
            command_every: 2_000,
            snapshot_entries: 40,
            planted: None,
        }
    }
}

/// Everything that can happen.
#[derive(Debug)]
enum Event {
    Deliver {
        from: NodeId,
        to: NodeId,
        bytes: Bytes,
    },
    /// A node is told the time; only the life that asked for it.
    Tick {
        node: NodeId,
        life: u64,
    },
    Command,
    Cut,
    PowerLoss,
    Start {
        node: NodeId,
    },
}

#[derive(Debug)]
struct Member {
    config: NodeConfig,
    disk: MemoryDisk,
    driver: Option<Driver>,
    /// Counts starts.
    life: u64,
    /// What `quorum-state` held before it got its term, and what it had first in it.
    quorum_states: (Option<Vec<u8>>, Option<Vec<u8>>),
}

/// The simulated world.
#[derive(Debug)]
pub struct Cluster {
    config: Config,
    members: BTreeMap<NodeId, Member>,
    network: Network,
    schedule: Schedule<Event>,
    oracle: Oracle,
    millis: u64,
    is_storm: bool,
    network_random: Random,
    disk_random: Random,
    workload_random: Random,
    machine_random: Random,
}

impl Cluster {
    /// Three nodes on empty disks.
    pub fn new(seed: u64, config: Config) -> Cluster {
        let mut disk_random = Random::new(seed, Stream::Disk);
        let voters: Vec<NodeId> = (1..=3).map(NodeId).collect();
        let mut member = |id: &NodeId| Member {
            config: NodeConfig {
                node_id: *id,
                directory_id: Uuid([id.get() as u8; 16]),
                voters: voters.clone(),
                cluster_id: Some(CLUSTER.to_owned()),
                new_cluster_id: CLUSTER.to_owned(),
            },
            disk: formatted(disk_random.draw()),
            driver: None,
            life: 0,
            quorum_states: (None, None),
        };
        let members = voters.iter().map(|id| (*id, member(id))).collect::<BTreeMap<_, _>>();
        Cluster {
            config,
            members,
            network: Network::default(),
            schedule: Schedule::new(Random::new(seed, Stream::Scheduler)),
            oracle: Oracle::default(),
            millis: 0,
            is_storm: true,
            network_random: Random::new(seed, Stream::Network),
            disk_random,
            workload_random: Random::new(seed, Stream::Workload),
            machine_random: Random::new(seed, Stream::Machines),
        }
    }

    /// Runs the storm, the calm after it, a power loss everywhere, and the calm after that.
    pub fn run(&mut self, trace: &mut Trace) -> Checked {
        for node in self.nodes() {
            self.start(node, trace)?;
        }
        self.schedule.at(1, Event::Command);
        self.schedule_fault(Event::Cut, self.config.cut_every);
        self.schedule_fault(Event::PowerLoss, self.config.crash_every);
        self.until(self.config.storm_millis, trace)?;
        self.is_storm = false;
        self.network.heal();
        self.settle(trace)?;
        for node in self.nodes() {
            self.crash(node, trace);
        }
        for node in self.nodes() {
            self.start(node, trace)?;
        }
        self.settle(trace)?;
        self.oracle.check_end()?;
        trace.note(format_args!("{} entries committed", self.oracle.committed_count()));
        Ok(())
    }

    /// Lets a minute of calm go by, in which everybody has to come to the same image.
    fn settle(&mut self, trace: &mut Trace) -> Checked {
        for node in self.nodes() {
            // What was to fail fails no more; who is down starts.
            if self.members[&node].driver.is_none() {
                self.start(node, trace)?;
            }
        }
        let deadline = self.millis + 60_000;
        while self.millis < deadline {
            self.until(self.millis + 500, trace)?;
            for node in self.nodes() {
                if self.members[&node].driver.is_none() {
                    self.start(node, trace)?;
                }
            }
            if self.is_settled() {
                return Ok(());
            }
        }
        let state: Vec<String> = self
            .members
            .iter()
            .map(|(id, member)| match &member.driver {
                None => format!("{id} down"),
                Some(driver) => format!("{id} at {} leading {:?}", driver.committed_index(), driver.leading()),
            })
            .collect();
        Err(Violation(format!(
            "a minute after the last fault the nodes do not agree on entry {}: {}",
            self.oracle.last_index(),
            state.join(", ")
        )))
    }

    fn is_settled(&self) -> bool {
        let last = self.oracle.last_index();
        let leaders = self.drivers().filter(|driver| driver.leading().is_some()).count();
        leaders == 1
            && self.drivers().count() == self.members.len()
            && self.drivers().all(|driver| driver.committed_index() >= last)
    }

    fn drivers(&self) -> impl Iterator<Item = &Driver> {
        self.members.values().filter_map(|member| member.driver.as_ref())
    }

    fn nodes(&self) -> Vec<NodeId> {
        self.members.keys().copied().collect()
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

    fn schedule_fault(&mut self, event: Event, every: u64) {
        let after = self.network_random.between(1, 2 * every);
        self.schedule.at(self.millis + after, event);
    }

    fn happen(&mut self, event: Event, trace: &mut Trace) -> Checked {
        match event {
            Event::Deliver { from, to, bytes } => {
                if !self.network.is_open(from, to, self.millis) {
                    return Ok(());
                }
                let Some(driver) = self.members.get_mut(&to).and_then(|member| member.driver.as_mut()) else {
                    return Ok(());
                };
                if let Err(error) = driver.step(from, bytes) {
                    promise!(false, "node {to} refused an honest message of node {from}: {error}");
                }
                // Sometimes more arrives before the node gets to work.
                if self.schedule.random().chance(700) { self.advance(to, trace) } else { Ok(()) }
            }
            Event::Tick { node, life } => self.tick(node, life, trace),
            Event::Command if !self.is_storm => Ok(()),
            Event::Command => {
                let after = self.workload_random.between(1, 2 * self.config.command_every);
                self.schedule.at(self.millis + after, Event::Command);
                self.command(trace)
            }
            Event::Cut if !self.is_storm => Ok(()),
            Event::Cut => {
                let nodes = self.nodes();
                let what = self.network.cut(&mut self.network_random, &nodes, self.millis, self.config.pair_cuts);
                trace.note(format_args!("{} {what}", self.millis));
                self.schedule_fault(Event::Cut, self.config.cut_every);
                Ok(())
            }
            Event::PowerLoss if !self.is_storm => Ok(()),
            Event::PowerLoss => {
                self.power_loss(trace);
                self.schedule_fault(Event::PowerLoss, self.config.crash_every);
                Ok(())
            }
            Event::Start { node } if self.members[&node].driver.is_none() => self.start(node, trace),
            Event::Start { .. } => Ok(()),
        }
    }

    fn tick(&mut self, node: NodeId, life: u64, trace: &mut Trace) -> Checked {
        let now = self.now();
        let member = self.members.get_mut(&node).expect("only members have ticks");
        if member.life != life {
            return Ok(());
        }
        let Some(driver) = &mut member.driver else { return Ok(()) };
        driver.tick(now);
        if self.is_storm
            && driver.leading().is_some()
            && self.workload_random.chance(self.config.resignations)
            && driver.resign()
        {
            trace.outcome("quorum/resigned");
        }
        self.advance(node, trace)?;
        self.schedule_tick(node);
        Ok(())
    }

    fn schedule_tick(&mut self, node: NodeId) {
        let member = &self.members[&node];
        let Some(driver) = &member.driver else { return };
        let lateness = self.schedule.random().below(15);
        let soon = Monotonic::from_millis(self.millis + 50);
        let deadline = driver.next_deadline().unwrap_or(soon).0.as_millis() as u64;
        let event = Event::Tick { node, life: member.life };
        self.schedule.at(deadline.max(self.millis) + 1 + lateness, event);
    }

    /// The power fails: now, or at some operation of the disk that comes soon.
    fn power_loss(&mut self, trace: &mut Trace) {
        let nodes = self.nodes();
        let node = *self.disk_random.pick(&nodes);
        if self.disk_random.chance(600) {
            let disk = &self.members[&node].disk;
            let after = self.disk_random.below(12);
            disk.inject(disk.operations() + after, Fault::PowerLoss);
            trace.note(format_args!("{} power of {node} will fail in {after} operations", self.millis));
        } else {
            self.crash(node, trace);
        }
    }

    fn crash(&mut self, node: NodeId, trace: &mut Trace) {
        let loss = *self.disk_random.pick(&[Loss::Random, Loss::Random, Loss::Everything, Loss::Nothing]);
        let member = self.members.get_mut(&node).expect("only members crash");
        member.driver = None;
        member.disk.crash(loss);
        trace.note(format_args!("{} power of {node} failed, {loss:?}", self.millis));
        trace.outcome("disk/power-loss");
        if self.config.planted == Some(Planted::ForgottenVote)
            && let (Some(older), _) = &member.quorum_states
        {
            // A disk that is out of order: the directory is there again as it was.
            let _ = member.disk.replace(&quorum_state(), older);
            member.quorum_states = (None, Some(older.clone()));
        }
        let down = self.disk_random.below(self.config.down_max);
        self.schedule.at(self.millis + down, Event::Start { node });
    }

    fn start(&mut self, node: NodeId, trace: &mut Trace) -> Checked {
        let seed = self.machine_random.draw();
        let snapshot_entries = self.config.snapshot_entries;
        let member = self.members.get_mut(&node).expect("only members start");
        member.life += 1;
        let opened = Driver::open(Arc::new(member.disk.clone()), member.config.clone(), seed, snapshot_entries);
        match opened {
            Ok(driver) => {
                trace.note(format_args!("{} start {node} life {}", self.millis, member.life));
                member.driver = Some(driver);
                self.advance(node, trace)?;
                self.schedule_tick(node);
                Ok(())
            }
            Err(error) => self.stopped(node, &error, trace),
        }
    }

    /// A node gave up: that is right when its power failed, and only then.
    fn stopped(&mut self, node: NodeId, error: &QuorumError, trace: &mut Trace) -> Checked {
        promise!(
            !self.members[&node].disk.has_power(),
            "node {node} stopped although its disk does what it should: {error}"
        );
        self.crash(node, trace);
        Ok(())
    }

    fn advance(&mut self, node: NodeId, trace: &mut Trace) -> Checked {
        // As long as there is work, as the broker's thread does.
        for _ in 0..64 {
            let now = self.now();
            let Some(driver) = self.members.get_mut(&node).and_then(|member| member.driver.as_mut()) else {
                return Ok(());
            };
            let before = driver.committed_index();
            let turn = match driver.advance(now) {
                Ok(turn) => turn,
                Err(error) => return self.stopped(node, &error, trace),
            };
            let is_idle = turn.committed.is_empty()
                && turn.messages.is_empty()
                && turn.leadership.is_none()
                && turn.installed.is_none();
            self.take(node, before, turn, trace)?;
            if is_idle {
                return Ok(());
            }
        }
        Ok(())
    }

    fn take(&mut self, node: NodeId, before: u64, turn: driver::Turn, trace: &mut Trace) -> Checked {
        let millis = self.millis;
        let member = self.members.get_mut(&node).expect("only members take turns");
        if self.config.planted == Some(Planted::ForgottenVote) {
            member.remember_quorum_state();
        }
        let driver = member.driver.as_ref().expect("it has just advanced");
        if let Some(leadership) = turn.leadership {
            trace.note(format_args!("{millis} {node} {leadership:?}"));
            trace.outcome(if driver.leading().is_some() { "quorum/elected" } else { "quorum/following" });
        }
        if let Some(snapshot) = &turn.installed {
            trace.note(format_args!("{millis} {node} snapshot {} of term {}", snapshot.index, snapshot.term));
            trace.outcome(if member.life > 1 && before == 0 {
                "quorum/snapshot-loaded"
            } else {
                "quorum/snapshot-received"
            });
        }
        for entry in &turn.committed {
            let bytes = entry.data.len();
            trace.note(format_args!("{millis} {node} commit {} of term {}: {bytes} bytes", entry.index, entry.term));
        }
        if turn.snapshot_written {
            trace.outcome("quorum/snapshot-written");
        }
        for _ in 0..turn.lost {
            trace.outcome("reply/lost-with-leadership");
        }
        self.oracle.check_turn(node, before, driver, &turn)?;
        for parked in turn.released {
            self.release(node, parked, trace)?;
        }
        for (to, bytes) in turn.messages {
            self.send(node, to, &bytes);
        }
        Ok(())
    }

    fn send(&mut self, from: NodeId, to: NodeId, bytes: &Bytes) {
        let calm = NetworkFaults::NONE;
        let faults = if self.is_storm { &self.config.network } else { &calm };
        for delay in self.network.delays(&mut self.network_random, faults) {
            self.schedule.at(self.millis + delay, Event::Deliver { from, to, bytes: bytes.clone() });
        }
    }

    fn release(&mut self, node: NodeId, parked: Parked, trace: &mut Trace) -> Checked {
        let outcome = workload::outcome(&parked.reply);
        trace.note(format_args!("{} {node} replies for entry {}: {outcome}", self.millis, parked.index));
        trace.outcome(outcome);
        self.oracle.released(node, parked)
    }

    fn command(&mut self, trace: &mut Trace) -> Checked {
        let leader = self
            .members
            .iter()
            .find(|(_, member)| member.driver.as_ref().is_some_and(|driver| driver.leading().is_some()));
        let node = match leader {
            Some((id, _)) if self.workload_random.chance(850) => *id,
            _ => {
                let nodes = self.nodes();
                *self.workload_random.pick(&nodes)
            }
        };
        let now = self.now();
        let Some(driver) = self.members.get_mut(&node).and_then(|member| member.driver.as_mut()) else {
            return Ok(());
        };
        let aimed = workload::aim(&mut self.workload_random, driver.speculative());
        let Some(decided) = driver.decide(now, &mut self.machine_random, &aimed.command) else {
            trace.outcome("reply/not-controller");
            return Ok(());
        };
        let outcome = workload::outcome(&decided.reply);
        trace.note(format_args!("{} {node} decides {outcome} at {}", self.millis, decided.index));
        promise!(
            outcome == aimed.outcome,
            "{:?} was to end in {}, but ended in {outcome}: {:?}",
            aimed.command,
            aimed.outcome,
            decided.reply
        );
        if self.config.planted == Some(Planted::ReplyBeforeCommit)
            && let Some(parked) = driver.take_too_early()
        {
            self.release(node, parked, trace)?;
        }
        if self.schedule.random().chance(800) { self.advance(node, trace) } else { Ok(()) }
    }
}

impl Member {
    fn remember_quorum_state(&mut self) {
        let Ok(content) = self.disk.read(&quorum_state(), 4096) else { return };
        let term = |content: &[u8]| {
            let text = String::from_utf8_lossy(content).into_owned();
            text.lines().find(|line| line.starts_with("term=")).map(str::to_owned)
        };
        if self.quorum_states.1.as_deref().map(term) != Some(term(&content)) {
            self.quorum_states = (self.quorum_states.1.take(), Some(content));
        }
    }
}

/// A disk with the data directory on it.
fn formatted(seed: u64) -> MemoryDisk {
    let disk = MemoryDisk::new(seed);
    disk.create_dir(Path::new("/data")).expect("nothing is to fail yet");
    disk.sync_dir(Path::new("/")).expect("nothing is to fail yet");
    disk
}

fn quorum_state() -> std::path::PathBuf {
    Path::new(DIR).join("quorum-state")
}
