//! One node's quorum, controller and image, driven as the broker's controller thread drives them.
//!
//! The rules that the broker's shell follows too: what is proposed is replayed on a speculative image at once; a reply
//! waits for the newest entry that its answer depends on; with the leadership goes the speculative image and with it
//! every reply that still waits.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use stream_log::disk::Disk;
use stream_metadata::config_def::StaticConfig;
use stream_metadata::{Command, Controller, MetadataImage, RandomSource, Reply, encode_entry, features};
use stream_quorum::{CommittedEntry, InstalledSnapshot, Leadership, Node, NodeConfig, QuorumError, StepError};
use stream_types::{LeaderEpoch, Monotonic, NodeId, Now};

/// Every simulated node belongs to this cluster.
pub(crate) const CLUSTER: &str = "simulated-cluster";
/// Where the metadata log is.
pub(crate) const DIR: &str = "/data/hanzo-metadata";

/// A reply that waits for its entry.
#[derive(Debug)]
pub(crate) struct Parked {
    /// The newest entry it depends on.
    pub(crate) index: u64,
    /// The term in which it was decided.
    pub(crate) term: LeaderEpoch,
    /// The entry proposed for it, if it changes anything.
    pub(crate) entry: Option<Bytes>,
    /// The image that it was decided on, its own records included.
    pub(crate) basis: Arc<MetadataImage>,
    /// The answer.
    pub(crate) reply: Reply,
}

/// What came of one turn of a node.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) installed: Option<InstalledSnapshot>,
    pub(crate) committed: Vec<CommittedEntry>,
    pub(crate) leadership: Option<Leadership>,
    pub(crate) messages: Vec<(NodeId, Bytes)>,
    /// Replies that may leave.
    pub(crate) released: Vec<Parked>,
    /// How many replies were given up with the leadership.
    pub(crate) lost: usize,
    pub(crate) snapshot_written: bool,
}

/// A running node.
#[derive(Debug)]
pub(crate) struct Driver {
    node: Node,
    static_config: Arc<StaticConfig>,
    committed: Arc<MetadataImage>,
    committed_index: u64,
    speculative: Arc<MetadataImage>,
    last_proposed: u64,
    snapshot_index: u64,
    snapshot_entries: u64,
    leading: Option<LeaderEpoch>,
    parked: VecDeque<Parked>,
}

impl Driver {
    /// Opens the metadata log. A snapshot is written after every `snapshot_entries` entries.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        config: NodeConfig,
        seed: u64,
        snapshot_entries: u64,
    ) -> Result<Driver, QuorumError> {
        let static_config = Arc::new(StaticConfig::new(config.node_id, BTreeMap::new()));
        let image = Arc::new(MetadataImage::empty(CLUSTER));
        Ok(Driver {
            node: Node::open(disk, Path::new(DIR), config, seed)?,
            static_config,
            committed: Arc::clone(&image),
            committed_index: 0,
            speculative: image,
            last_proposed: 0,
            snapshot_index: 0,
            snapshot_entries,
            leading: None,
            parked: VecDeque::new(),
        })
    }

    /// The committed image.
    pub(crate) fn committed(&self) -> &Arc<MetadataImage> {
        &self.committed
    }

    /// The newest entry that the committed image holds.
    pub(crate) fn committed_index(&self) -> u64 {
        self.committed_index
    }

    /// The image that decisions are made on.
    pub(crate) fn speculative(&self) -> &Arc<MetadataImage> {
        &self.speculative
    }

    /// The epoch in which this node leads.
    pub(crate) fn leading(&self) -> Option<LeaderEpoch> {
        self.leading
    }

    /// When the node wants to be told the time.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.node.next_deadline()
    }

    /// Tells the node the time.
    pub(crate) fn tick(&mut self, now: Now) {
        self.node.tick(now);
    }

    /// Hands the node a message.
    pub(crate) fn step(&mut self, from: NodeId, bytes: Bytes) -> Result<(), StepError> {
        self.node.step(from, bytes)
    }

    /// Asks the node to hand over its leadership.
    pub(crate) fn resign(&mut self) -> bool {
        self.node.resign()
    }

    /// Decides a command; its reply comes with a later turn. None if this node does not lead.
    pub(crate) fn decide(&mut self, now: Now, random: &mut dyn RandomSource, command: &Command) -> Option<&Parked> {
        let term = self.leading?;
        let controller = Controller::new(Arc::clone(&self.speculative), Arc::clone(&self.static_config));
        let decision = controller.handle(now, random, command);
        drop(controller);
        let mut entry = None;
        if !decision.records.is_empty() {
            let encoded = encode_entry(&decision.records).expect("the controller's own records can be written");
            let mut speculative = Arc::clone(&self.speculative);
            Arc::make_mut(&mut speculative).replay_all(&decision.records).expect("the controller's own records replay");
            self.last_proposed = self.node.propose(encoded.clone()).ok()?;
            self.speculative = speculative;
            entry = Some(encoded);
        }
        self.parked.push_back(Parked {
            index: self.last_proposed,
            term,
            entry,
            basis: Arc::clone(&self.speculative),
            reply: decision.reply,
        });
        self.parked.back()
    }

    /// Planted: takes the newest reply before its entry is committed.
    pub(crate) fn take_too_early(&mut self) -> Option<Parked> {
        self.parked.pop_back()
    }

    /// Lets the node write and sync what it has to, and does what follows.
    pub(crate) fn advance(&mut self, now: Now) -> Result<Turn, QuorumError> {
        let effects = self.node.advance(now)?;
        let mut turn = Turn { messages: effects.messages, ..Turn::default() };
        if let Some(snapshot) = effects.installed_snapshot {
            self.committed = Arc::new(MetadataImage::empty(CLUSTER));
            self.replay_committed(&snapshot.data);
            self.committed_index = snapshot.index;
            self.snapshot_index = snapshot.index;
            turn.installed = Some(snapshot);
        }
        for entry in &effects.committed {
            self.committed_index = entry.index;
            self.replay_committed(&entry.data);
        }
        let changed = turn.installed.is_some() || !effects.committed.is_empty();
        turn.committed = effects.committed;
        if let Some(leadership) = effects.leadership {
            self.leading = match leadership {
                Leadership::Leading { epoch } => Some(epoch),
                Leadership::Following { .. } => None,
            };
            self.speculative = Arc::clone(&self.committed);
            self.last_proposed = self.committed_index;
            turn.lost = self.parked.len();
            self.parked.clear();
            turn.leadership = Some(leadership);
            self.begin_cluster();
        } else if changed && self.leading.is_none() {
            self.speculative = Arc::clone(&self.committed);
        }
        let count = self.parked.iter().take_while(|parked| parked.index <= self.committed_index).count();
        turn.released = self.parked.drain(..count).collect();
        let due = self.committed_index >= self.snapshot_index + self.snapshot_entries;
        if due || effects.snapshot_wanted {
            let data = encode_entry(&self.committed.to_records()).expect("an image can be written");
            self.node.snapshot(self.committed_index, data)?;
            self.snapshot_index = self.committed_index;
            turn.snapshot_written = true;
        }
        Ok(turn)
    }

    fn replay_committed(&mut self, data: &Bytes) {
        Arc::make_mut(&mut self.committed).replay_entry(data.clone()).expect("a committed entry replays");
    }

    /// A new cluster begins with its feature levels.
    fn begin_cluster(&mut self) {
        if self.leading.is_none() || !self.committed.features().is_empty() {
            return;
        }
        let records = features::bootstrap_records();
        let entry = encode_entry(&records).expect("the first records can be written");
        if let Ok(index) = self.node.propose(entry) {
            let mut speculative = Arc::clone(&self.speculative);
            Arc::make_mut(&mut speculative).replay_all(&records).expect("the first records replay");
            self.speculative = speculative;
            self.last_proposed = index;
        }
    }
}
