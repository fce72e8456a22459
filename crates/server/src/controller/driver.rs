//! The controller's thread.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use stream_log::disk::Disk;
use stream_metadata::config_def::StaticConfig;
use stream_metadata::{
    Command, Controller, MetadataImage, MetadataRecord, RandomSource, Reply, encode_entry, features,
};
use stream_quorum::{Effects, Leadership, Node, NodeConfig, QuorumError, QuorumStatus};
use stream_types::ErrorCode;
use tokio::sync::{mpsc, oneshot};

use super::publisher::Published;
use crate::clock::{self, Clock};

/// Commands that may wait for the controller.
const MAILBOX_EVENTS_MAX: usize = 1024;
/// Commands that may wait for the first leader.
const WAITING_FOR_LEADER_MAX: usize = 64;
/// Entries applied since the last snapshot that make the next one worth writing.
const SNAPSHOT_ENTRIES: u64 = 10_000;

/// Everything that can happen to the controller.
#[derive(Debug)]
enum Event {
    Command { command: Box<Command>, reply: oneshot::Sender<Result<Reply, ErrorCode>> },
    Stop,
}

#[derive(Debug, Default)]
struct Mailbox {
    events: Mutex<VecDeque<Event>>,
    arrived: Condvar,
}

/// What a reply waits for.
#[derive(Debug)]
pub(crate) struct ParkedReply {
    index: u64,
    reply: Reply,
    sender: oneshot::Sender<Result<Reply, ErrorCode>>,
}

impl ParkedReply {
    /// Answers the caller.
    pub(crate) fn release(self) {
        // The caller's connection may be gone; the change stands.
        let _ = self.sender.send(Ok(self.reply));
    }
}

/// What the quorum last said of itself.
pub(crate) type QuorumView = Arc<ArcSwap<QuorumStatus>>;

/// How to reach the controller; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ControllerHandle {
    mailbox: Arc<Mailbox>,
    status: QuorumView,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl ControllerHandle {
    /// Has `command` decided, committed and applied on this broker.
    ///
    /// # Errors
    /// NOT_CONTROLLER when another node leads; REQUEST_TIMED_OUT when the mailbox is full.
    pub(crate) async fn submit(&self, command: Command) -> Result<Reply, ErrorCode> {
        let (reply, answer) = oneshot::channel();
        self.send(Event::Command { command: Box::new(command), reply })?;
        // The thread drops a reply when it loses leadership or stops.
        answer.await.unwrap_or(Err(ErrorCode::NotController))
    }

    /// What the quorum last said of itself.
    pub(crate) fn status(&self) -> Arc<QuorumStatus> {
        self.status.load_full()
    }

    /// Ends the thread after what is queued.
    pub(crate) fn stop(&self) {
        self.mailbox.events.lock().push_back(Event::Stop);
        self.mailbox.arrived.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // A panic in the controller has aborted the process already.
            let _ = thread.join();
        }
    }

    fn send(&self, event: Event) -> Result<(), ErrorCode> {
        let mut events = self.mailbox.events.lock();
        if events.len() >= MAILBOX_EVENTS_MAX {
            return Err(ErrorCode::RequestTimedOut);
        }
        events.push_back(event);
        self.mailbox.arrived.notify_one();
        Ok(())
    }
}

/// What the controller needs to start.
#[derive(Debug)]
pub(crate) struct ControllerStart {
    pub(crate) disk: Arc<dyn Disk>,
    /// `hanzo-metadata/`.
    pub(crate) dir: PathBuf,
    pub(crate) node: NodeConfig,
    /// The image before the first record.
    pub(crate) image: MetadataImage,
    /// This broker's own configuration.
    pub(crate) static_config: Arc<StaticConfig>,
    pub(crate) clock: Clock,
    /// Where committed images go.
    pub(crate) published: mpsc::Sender<Published>,
}

struct SystemRandom;

impl RandomSource for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        clock::fill_random(bytes);
    }
}

struct Driver {
    node: Node,
    /// What the controller decides on: every record proposed is replayed.
    speculative: Arc<MetadataImage>,
    static_config: Arc<StaticConfig>,
    /// Holds committed records only.
    committed: Arc<MetadataImage>,
    committed_index: u64,
    snapshot_index: u64,
    last_proposed: u64,
    leading: bool,
    waiting_for_leader: Vec<(Command, oneshot::Sender<Result<Reply, ErrorCode>>)>,
    parked: VecDeque<ParkedReply>,
    start: DriverParts,
}

struct DriverParts {
    clock: Clock,
    published: mpsc::Sender<Published>,
    status: QuorumView,
}

/// Opens the metadata log, replays it and starts the thread.
///
/// # Errors
/// When the metadata log cannot be opened or the operating system gives no thread.
pub(crate) fn start(start: ControllerStart) -> Result<ControllerHandle, QuorumError> {
    let committed = Arc::new(start.image);
    let node = Node::open(start.disk, &start.dir, start.node, clock::random_u64())?;
    let status: QuorumView = Arc::new(ArcSwap::from_pointee(node.status()));
    let mailbox = Arc::new(Mailbox::default());
    let parts = DriverParts { clock: start.clock, published: start.published, status: Arc::clone(&status) };
    let mut driver = Driver {
        node,
        speculative: Arc::clone(&committed),
        static_config: start.static_config,
        committed,
        committed_index: 0,
        snapshot_index: 0,
        last_proposed: 0,
        leading: false,
        waiting_for_leader: Vec::new(),
        parked: VecDeque::new(),
        start: parts,
    };
    let in_thread = Arc::clone(&mailbox);
    let thread = thread::Builder::new()
        .name("controller".into())
        .spawn(move || driver.run(&in_thread))
        .map_err(|error| QuorumError::Io { action: "starting the thread", file: "controller".into(), error })?;
    Ok(ControllerHandle { mailbox, status, thread: Arc::new(Mutex::new(Some(thread))) })
}

impl Driver {
    fn run(&mut self, mailbox: &Mailbox) {
        self.advance();
        loop {
            let events = {
                let mut events = mailbox.events.lock();
                if events.is_empty() {
                    match self.until_deadline() {
                        Some(wait) => drop(mailbox.arrived.wait_for(&mut events, wait)),
                        None => mailbox.arrived.wait(&mut events),
                    }
                }
                std::mem::take(&mut *events)
            };
            for event in events {
                match event {
                    Event::Command { command, reply } => self.decide(*command, reply),
                    Event::Stop => {
                        self.advance();
                        return;
                    }
                }
            }
            self.node.tick(self.start.clock.now());
            self.advance();
        }
    }

    /// How long nothing is due; `None` for ever: a leader that is alone has no heartbeats to send.
    fn until_deadline(&self) -> Option<Duration> {
        let deadline = self.node.next_deadline()?;
        Some(deadline.since(self.start.clock.monotonic()))
    }

    fn decide(&mut self, command: Command, sender: oneshot::Sender<Result<Reply, ErrorCode>>) {
        if !self.leading {
            // At start everybody may still wait for the first leader.
            if self.waiting_for_leader.len() < WAITING_FOR_LEADER_MAX && self.node.leader().is_none() {
                self.waiting_for_leader.push((command, sender));
            } else {
                // The caller may be gone; nothing was changed.
                let _ = sender.send(Err(ErrorCode::NotController));
            }
            return;
        }
        let controller = Controller::new(Arc::clone(&self.speculative), Arc::clone(&self.static_config));
        let decision = controller.handle(self.start.clock.now(), &mut SystemRandom, &command);
        drop(controller);
        if !decision.records.is_empty()
            && let Err(reason) = self.propose(&decision.records)
        {
            tracing::warn!("a change of metadata was not proposed: {reason}");
            // The caller may be gone; nothing was changed.
            let _ = sender.send(Err(ErrorCode::NotController));
            return;
        }
        let parked = ParkedReply { index: self.last_proposed, reply: decision.reply, sender };
        self.parked.push_back(parked);
    }

    fn propose(&mut self, records: &[MetadataRecord]) -> Result<(), String> {
        let entry = encode_entry(records).map_err(|error| error.to_string())?;
        let mut speculative = Arc::clone(&self.speculative);
        Arc::make_mut(&mut speculative).replay_all(records).map_err(|error| error.to_string())?;
        self.last_proposed = self.node.propose(entry).map_err(|error| error.to_string())?;
        self.speculative = speculative;
        Ok(())
    }

    fn advance(&mut self) {
        loop {
            let effects = match self.node.advance(self.start.clock.now()) {
                Ok(effects) => effects,
                Err(error) => {
                    // Votes and entries that cannot be stored must not be promised.
                    tracing::error!("the metadata log failed: {error}");
                    eprintln!(
                        "hanzo-stream: the metadata log failed: {error}; the process ends so that it promises nothing more"
                    );
                    std::process::exit(4);
                }
            };
            let idle = effects == Effects::default();
            self.apply(effects);
            if idle {
                break;
            }
        }
        self.release_replies();
        self.start.status.store(Arc::new(self.node.status()));
    }

    fn apply(&mut self, effects: Effects) {
        let mut changed = false;
        if let Some(snapshot) = effects.installed_snapshot {
            self.committed = Arc::new(MetadataImage::empty(self.committed.cluster_id()));
            self.replay_committed(&snapshot.data);
            self.committed_index = snapshot.index;
            self.snapshot_index = snapshot.index;
            changed = true;
        }
        for entry in effects.committed {
            self.committed_index = entry.index;
            if !entry.data.is_empty() {
                self.replay_committed(&entry.data);
                changed = true;
            }
        }
        if let Some(leadership) = effects.leadership {
            tracing::debug!(?leadership, "metadata quorum");
            self.leading = matches!(leadership, Leadership::Leading { .. });
            // What was proposed and not committed is dropped whole; nothing is undone in place.
            self.speculative = Arc::clone(&self.committed);
            self.last_proposed = self.committed_index;
            self.begin_cluster();
            self.refuse_waiting();
            changed = true;
        } else if changed && !self.leading {
            self.speculative = Arc::clone(&self.committed);
        }
        if let Some(cluster_id) = effects.cluster_id {
            tracing::debug!(cluster_id, "cluster id known");
        }
        if changed {
            self.publish();
        }
        self.snapshot_if_due(effects.snapshot_wanted);
    }

    /// A new cluster begins with its feature levels.
    fn begin_cluster(&mut self) {
        if self.leading
            && self.committed.features().is_empty()
            && let Err(reason) = self.propose(&features::bootstrap_records())
        {
            tracing::warn!("the feature levels were not proposed: {reason}");
        }
    }

    fn refuse_waiting(&mut self) {
        // Dropped senders answer NOT_CONTROLLER, which clients retry.
        self.parked.clear();
        if self.leading {
            for (command, sender) in std::mem::take(&mut self.waiting_for_leader) {
                self.decide(command, sender);
            }
        }
    }

    fn replay_committed(&mut self, data: &Bytes) {
        if let Err(error) = Arc::make_mut(&mut self.committed).replay_entry(data.clone()) {
            eprintln!(
                "hanzo-stream: a committed metadata entry cannot be read: {error}; restore the metadata directory from a backup"
            );
            std::process::exit(4);
        }
    }

    fn publish(&mut self) {
        let replies = self.take_committed_replies();
        self.send(replies);
    }

    fn send(&self, replies: Vec<ParkedReply>) {
        let published = Published { image: Arc::clone(&self.committed), offset: self.committed_index as i64, replies };
        // The publisher ends only with the broker.
        let _ = self.start.published.blocking_send(published);
    }

    fn take_committed_replies(&mut self) -> Vec<ParkedReply> {
        let count = self.parked.iter().take_while(|parked| parked.index <= self.committed_index).count();
        self.parked.drain(..count).collect()
    }

    /// Releases replies that depend on nothing new, through the publisher so that order is kept.
    fn release_replies(&mut self) {
        let replies = self.take_committed_replies();
        if !replies.is_empty() {
            self.send(replies);
        }
    }

    fn snapshot_if_due(&mut self, wanted: bool) {
        let due = self.committed_index >= self.snapshot_index + SNAPSHOT_ENTRIES;
        if !due && !wanted {
            return;
        }
        let written = encode_entry(&self.committed.to_records())
            .map_err(|error| error.to_string())
            .and_then(|data| self.node.snapshot(self.committed_index, data).map_err(|error| error.to_string()));
        match written {
            Ok(()) => self.snapshot_index = self.committed_index,
            Err(error) => tracing::error!("the metadata snapshot was not written: {error}"),
        }
    }
}
