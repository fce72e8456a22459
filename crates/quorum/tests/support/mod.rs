//! A simulated quorum: nodes, disks that crash, and a network that loses, repeats and reorders.
//!
//! Invariants checked at every step: one leader a term, one entry an index on all nodes, no entry
//! that was ever committed is missing later.

pub(crate) mod crash_disk;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use crash_disk::{CrashDisk, Random};
use stream_quorum::{Effects, Leadership, Node, NodeConfig, QuorumStatus};
use stream_types::{LeaderEpoch, Monotonic, NodeId, Now, Uuid, WallMillis};

const DIR: &str = "/data/hanzo-metadata";

/// How bad the network and the power are, in percent for each message or step.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) loss: u64,
    pub(crate) duplication: u64,
    pub(crate) crash: u64,
    pub(crate) isolation: u64,
    pub(crate) snapshot: u64,
    /// Messages with changed bytes. What a node then believes is not checked: it must only live.
    pub(crate) corruption: u64,
}

pub(crate) struct Member {
    pub(crate) config: NodeConfig,
    pub(crate) disk: CrashDisk,
    pub(crate) node: Option<Node>,
    /// The state machine: what was applied, by index.
    pub(crate) state: BTreeMap<u64, Vec<u8>>,
    pub(crate) leading: Option<LeaderEpoch>,
    pub(crate) snapshots_installed: usize,
    applied: u64,
    isolated_until: u64,
    down_until: u64,
}

pub(crate) struct Cluster {
    pub(crate) random: Random,
    pub(crate) members: BTreeMap<NodeId, Member>,
    pub(crate) faults: Faults,
    /// Every entry that anybody saw committed.
    pub(crate) committed: BTreeMap<u64, (u64, Vec<u8>)>,
    leaders: BTreeMap<LeaderEpoch, NodeId>,
    network: Vec<(NodeId, NodeId, Bytes)>,
    pub(crate) millis: u64,
    pub(crate) trace: DefaultHasher,
    proposed: u64,
}

impl Cluster {
    pub(crate) fn new(seed: u64) -> Cluster {
        Cluster {
            random: Random(seed),
            members: BTreeMap::new(),
            faults: Faults::default(),
            committed: BTreeMap::new(),
            leaders: BTreeMap::new(),
            network: Vec::new(),
            millis: 0,
            trace: DefaultHasher::new(),
            proposed: 0,
        }
    }

    /// Starts a node on an empty disk with a directory id of its own.
    pub(crate) fn start(&mut self, id: i32, voters: &[i32]) {
        let mut directory = [0; 16];
        directory[..8].copy_from_slice(&self.random.next().to_be_bytes());
        let config = NodeConfig {
            node_id: NodeId(id),
            directory_id: Uuid(directory),
            voters: voters.iter().copied().map(NodeId).collect(),
            cluster_id: None,
            new_cluster_id: format!("cluster-of-{id}"),
        };
        let member = Member {
            config,
            disk: CrashDisk::default(),
            node: None,
            state: BTreeMap::new(),
            leading: None,
            snapshots_installed: 0,
            applied: 0,
            isolated_until: 0,
            down_until: 0,
        };
        self.members.insert(NodeId(id), member);
        self.open(NodeId(id));
    }

    pub(crate) fn now(&self) -> Now {
        Now { monotonic: Monotonic::from_millis(self.millis), wall: WallMillis(self.millis as i64) }
    }

    pub(crate) fn open(&mut self, id: NodeId) {
        let seed = self.random.next();
        let member = self.members.get_mut(&id).unwrap();
        let disk = Arc::new(member.disk.clone());
        let node = Node::open(disk, Path::new(DIR), member.config.clone(), seed)
            .unwrap_or_else(|error| panic!("node {id} at {} ms: {error}", self.millis));
        member.node = Some(node);
        member.state.clear();
        member.applied = 0;
        self.advance(id);
    }

    /// Cuts the power of a node.
    pub(crate) fn crash(&mut self, id: NodeId) {
        let member = self.members.get_mut(&id).unwrap();
        member.node = None;
        member.leading = None;
        member.disk.crash(&mut self.random);
    }

    pub(crate) fn advance(&mut self, id: NodeId) {
        let now = self.now();
        let member = self.members.get_mut(&id).unwrap();
        let Some(node) = &mut member.node else { return };
        match node.advance(now) {
            Ok(effects) => self.take(id, effects),
            Err(_) => self.crash(id),
        }
    }

    fn take(&mut self, id: NodeId, effects: Effects) {
        format!("{id} {effects:?}").hash(&mut self.trace);
        if self.faults.corruption == 0 {
            self.check(id, &effects);
        }
        if effects.snapshot_wanted {
            self.snapshot(id);
        }
        for (to, bytes) in effects.messages {
            self.network.push((id, to, bytes));
        }
    }

    fn check(&mut self, id: NodeId, effects: &Effects) {
        let member = self.members.get_mut(&id).unwrap();
        if let Some(snapshot) = &effects.installed_snapshot {
            member.state = decode(&snapshot.data);
            member.applied = snapshot.index;
            member.snapshots_installed += 1;
        }
        for entry in &effects.committed {
            assert!(entry.index > member.applied, "node {id} was given entry {} twice", entry.index);
            member.applied = entry.index;
            member.state.insert(entry.index, entry.data.to_vec());
            let known = self.committed.entry(entry.index).or_insert((entry.term, entry.data.to_vec()));
            assert_eq!(*known, (entry.term, entry.data.to_vec()), "two entries with index {}", entry.index);
        }
        // Everything that was committed up to where this node is must be there.
        let expected: Vec<_> =
            self.committed.range(..=member.applied).map(|(index, (_, data))| (*index, data)).collect();
        let found: Vec<_> = member.state.iter().map(|(index, data)| (*index, data)).collect();
        assert_eq!(found, expected, "node {id} has another history");
        if let Some(leadership) = effects.leadership {
            member.leading = match leadership {
                Leadership::Leading { epoch } => Some(epoch),
                Leadership::Following { .. } => None,
            };
            if let Leadership::Leading { epoch } = leadership {
                let leader = *self.leaders.entry(epoch).or_insert(id);
                assert_eq!(leader, id, "two leaders in epoch {epoch}");
                // All that was committed before is known to the new leader.
                assert_eq!(member.state.len(), self.committed.len(), "leader {id} lost an entry");
            }
        }
    }

    pub(crate) fn snapshot(&mut self, id: NodeId) {
        let member = self.members.get_mut(&id).unwrap();
        let Some(node) = &mut member.node else { return };
        let (index, data) = (member.applied, encode(&member.state));
        if node.snapshot(index, data).is_err() {
            self.crash(id);
        }
    }

    pub(crate) fn leader(&self) -> Option<NodeId> {
        let leading = self.members.iter().filter_map(|(id, member)| Some((member.leading?, *id)));
        leading.max().map(|(_, id)| id)
    }

    pub(crate) fn status(&self, id: NodeId) -> QuorumStatus {
        self.members[&id].node.as_ref().unwrap().status()
    }

    pub(crate) fn propose(&mut self) {
        self.proposed += 1;
        let data = self.proposed.to_be_bytes();
        for id in self.members.keys().copied().collect::<Vec<_>>() {
            let member = self.members.get_mut(&id).unwrap();
            if let (Some(node), Some(_)) = (&mut member.node, member.leading) {
                let _ = node.propose(Bytes::copy_from_slice(&data));
                self.advance(id);
            }
        }
    }

    /// Ten milliseconds: some messages arrive, time passes, and what is broken breaks.
    pub(crate) fn step(&mut self) {
        self.millis += 10;
        self.deliver();
        let now = self.now();
        for id in self.members.keys().copied().collect::<Vec<_>>() {
            let member = self.members.get_mut(&id).unwrap();
            if member.node.is_none() {
                if self.millis >= member.down_until {
                    self.open(id);
                }
                continue;
            }
            if let Some(node) = &mut member.node {
                node.tick(now);
            }
            self.advance(id);
            self.break_something(id);
        }
    }

    fn break_something(&mut self, id: NodeId) {
        // Rates of steps are a hundredth of a percent, so that they mean something for seconds.
        let Faults { crash, isolation, snapshot, .. } = self.faults;
        if self.random.below(10_000) < isolation {
            let member = self.members.get_mut(&id).unwrap();
            member.isolated_until = self.millis + 500 + self.random.below(4_000);
        }
        if self.random.below(10_000) < snapshot {
            self.snapshot(id);
        }
        if self.random.below(10_000) < crash {
            if self.random.chance(50) {
                // In the middle of whatever it writes next.
                let syncs = self.random.below(4);
                self.members[&id].disk.fail_after_syncs(syncs);
            } else {
                self.crash(id);
            }
            let down = self.random.below(3_000);
            self.members.get_mut(&id).unwrap().down_until = self.millis + down;
        }
    }

    fn deliver(&mut self) {
        let arriving: Vec<_> = std::mem::take(&mut self.network);
        let mut later = Vec::new();
        for (from, to, bytes) in arriving {
            if self.random.chance(self.faults.loss) {
                continue;
            }
            if self.random.chance(30) {
                later.push((from, to, bytes));
                continue;
            }
            if self.random.chance(self.faults.duplication) {
                later.push((from, to, bytes.clone()));
            }
            let cut = |id| self.members.get(&id).is_none_or(|member: &Member| member.isolated_until > self.millis);
            if cut(from) || cut(to) {
                continue;
            }
            let bytes = if self.random.chance(self.faults.corruption) { self.corrupt(&bytes) } else { bytes };
            if let Some(node) = &mut self.members.get_mut(&to).unwrap().node {
                let _ = node.step(from, bytes);
                if self.random.chance(50) {
                    self.advance(to);
                }
            }
        }
        self.network.extend(later);
        for position in (1..self.network.len()).rev() {
            let other = self.random.below(position as u64 + 1) as usize;
            self.network.swap(position, other);
        }
    }

    fn corrupt(&mut self, bytes: &Bytes) -> Bytes {
        let mut bytes = bytes.to_vec();
        for _ in 0..1 + self.random.below(3) {
            let at = self.random.below(bytes.len() as u64) as usize;
            match self.random.below(4) {
                0 => bytes[at] ^= 1 << self.random.below(8),
                1 => bytes[at] = bytes[at].wrapping_add(1),
                2 => bytes[at] = self.random.next() as u8,
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes.into()
    }

    /// Steps until `done`, or fails after a minute of the simulated clock.
    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&Cluster) -> bool) {
        let deadline = self.millis + 60_000;
        while !done(self) {
            assert!(self.millis < deadline, "{what}: not within a minute; {:#?}", self.describe());
            self.step();
        }
    }

    pub(crate) fn run(&mut self, millis: u64) {
        let end = self.millis + millis;
        while self.millis < end {
            self.step();
        }
    }

    /// Whether there is a leader, its voters are these nodes, and all nodes have applied everything.
    pub(crate) fn is_settled(&self, voters: &[i32]) -> bool {
        let Some(leader) = self.leader() else { return false };
        let found: Vec<i32> = self.status(leader).voters.iter().map(|voter| voter.replica.node.0).collect();
        let behind = |member: &Member| member.node.is_none() || member.state.len() != self.committed.len();
        found == voters && !self.members.values().any(behind)
    }

    fn describe(&self) -> Vec<String> {
        let describe = |(id, member): (&NodeId, &Member)| {
            format!("{id}: leading {:?}, {:?}", member.leading, member.node.as_ref().map(Node::status))
        };
        self.members.iter().map(describe).collect()
    }

    pub(crate) fn trace_hash(&self) -> u64 {
        self.trace.clone().finish()
    }
}

fn encode(state: &BTreeMap<u64, Vec<u8>>) -> Bytes {
    let mut out = Vec::new();
    for (index, data) in state {
        out.extend(index.to_be_bytes());
        out.extend((data.len() as u64).to_be_bytes());
        out.extend(data);
    }
    out.into()
}

fn decode(mut bytes: &[u8]) -> BTreeMap<u64, Vec<u8>> {
    let mut state = BTreeMap::new();
    while !bytes.is_empty() {
        let index = u64::from_be_bytes(bytes[..8].try_into().unwrap());
        let len = u64::from_be_bytes(bytes[8..16].try_into().unwrap()) as usize;
        state.insert(index, bytes[16..16 + len].to_vec());
        bytes = &bytes[16 + len..];
    }
    state
}
