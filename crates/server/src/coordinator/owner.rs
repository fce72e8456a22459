//! The task that owns some shards.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use stream_codec::Str;
use stream_coordinator::{GroupCommand, GroupConfig, GroupShard, TopicsDeleted};
use stream_types::{ErrorCode, LeaderEpoch, Monotonic, Now, Offset};
use tokio::sync::{Semaphore, oneshot};

use super::lag::Census;
use super::load::{self, LoadError, NewShard};
use super::mailbox::Mailbox;
use super::shard::{Broken, ReplyTo, Shard, ShardLife};
use crate::clock::{self, Clock};
use crate::partitions::Partition;

/// Before a shard whose log failed is loaded again.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);
/// Shards of one owner that are read from the log at the same time.
const LOADS_AT_A_TIME: usize = 1;

/// Everything that can happen to an owner.
#[derive(Debug)]
pub(super) enum Event {
    /// This broker leads the shard's partition, in this epoch.
    Load { shard: i32, partition: Arc<Partition>, epoch: LeaderEpoch },
    /// The log is read.
    Loaded { id: ShardLife, loaded: Result<(Box<GroupShard<ReplyTo>>, Offset), LoadError> },
    /// This broker does not lead the shard's partition any more.
    Unload { shard: i32 },
    /// The shard's log is offline until restart.
    Lost { shard: i32 },
    /// A client asks.
    Command { shard: i32, command: Box<GroupCommand>, to: ReplyTo },
    /// Records have their place in the log.
    Appended { id: ShardLife, base_offset: Offset },
    /// Records are committed.
    Committed { id: ShardLife, end: Offset },
    /// Records are not stored, or not known to be.
    AppendFailed { id: ShardLife, error: ErrorCode },
    /// The pause after a failure is over.
    Reload { id: ShardLife, partition: Arc<Partition>, epoch: LeaderEpoch },
    /// These topics are no more.
    TopicsDeleted { topics: Vec<Str> },
    /// Somebody wants to know what the groups have committed.
    Census { to: oneshot::Sender<Census> },
    /// The broker stops: answer what is stored and end.
    Stop,
}

#[derive(Debug)]
enum State {
    /// It is read; topics that went meanwhile are remembered.
    Loading { id: ShardLife, partition: Arc<Partition>, deleted_topics: Vec<Str> },
    /// It answers.
    Active(Box<Shard>),
    /// It cannot be read; a new leader, or this broker's next start, may.
    Failed,
}

/// The owner of some shards.
#[derive(Debug)]
pub(super) struct Owner {
    clock: Clock,
    config: Arc<GroupConfig>,
    mailbox: Arc<Mailbox>,
    shards: HashMap<i32, State>,
    lives: u64,
    loads: Arc<Semaphore>,
    stopping: bool,
}

/// A panic of an owner leaves its shards in doubt: the process ends before it can promise more.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

impl Owner {
    /// An owner without shards.
    pub(super) fn new(clock: Clock, config: Arc<GroupConfig>, mailbox: Arc<Mailbox>) -> Owner {
        Owner {
            clock,
            config,
            mailbox,
            shards: HashMap::new(),
            lives: 0,
            loads: Arc::new(Semaphore::new(LOADS_AT_A_TIME)),
            stopping: false,
        }
    }

    /// Lets things happen until the broker stops.
    pub(super) async fn run(mut self) {
        let mailbox = Arc::clone(&self.mailbox);
        let mut events = Vec::new();
        loop {
            match self.next_deadline() {
                Some(deadline) => {
                    let wait = deadline.since(self.clock.monotonic());
                    tokio::select! {
                        () = mailbox.arrived() => {}
                        () = tokio::time::sleep_until(self.clock.deadline(wait)) => {}
                    }
                }
                None => mailbox.arrived().await,
            }
            mailbox.take(&mut events);
            let _guard = AbortOnPanic;
            let now = self.clock.now();
            for event in events.drain(..) {
                self.handle(now, event);
            }
            self.tick(now);
            self.append(now);
            if self.stopping && self.is_settled() {
                mailbox.close();
                return;
            }
        }
    }

    fn next_deadline(&self) -> Option<Monotonic> {
        if self.stopping {
            return None;
        }
        self.active().filter_map(Shard::next_deadline).min()
    }

    fn active(&self) -> impl Iterator<Item = &Shard> {
        self.shards.values().filter_map(|state| match state {
            State::Active(shard) => Some(&**shard),
            State::Loading { .. } | State::Failed => None,
        })
    }

    fn is_settled(&self) -> bool {
        self.active().all(Shard::is_settled)
    }

    fn handle(&mut self, now: Now, event: Event) {
        match event {
            Event::Load { shard, partition, epoch } => self.load(now, shard, partition, epoch),
            Event::Loaded { id, loaded } => self.loaded(now, id, loaded),
            Event::Unload { shard } => {
                self.shards.remove(&shard);
            }
            Event::Lost { shard } => {
                if let Some(state) = self.shards.get_mut(&shard) {
                    *state = State::Failed;
                }
            }
            Event::Command { shard, command, to } => self.command(now, shard, *command, to),
            Event::Appended { id, base_offset } => {
                let placed = self.alive(id).map_or(Ok(()), |shard| shard.appended(base_offset));
                self.drop_if_broken(id, placed);
            }
            Event::Committed { id, end } => {
                if let Some(shard) = self.alive(id) {
                    shard.committed(end);
                }
            }
            Event::AppendFailed { id, error } => {
                if self.alive(id).is_some_and(|shard| shard.partition().is_offline()) {
                    self.shards.insert(id.shard, State::Failed);
                } else if self.alive(id).is_some() {
                    tracing::warn!(
                        shard = id.shard,
                        "a group coordinator's append failed, it is loaded again: {error}"
                    );
                    self.drop_if_broken(id, Err(Broken));
                }
            }
            Event::Reload { id, partition, epoch } => {
                if self.is_loading(id) {
                    self.load(now, id.shard, partition, epoch);
                }
            }
            Event::TopicsDeleted { topics } => self.topics_deleted(now, &topics),
            Event::Census { to } => {
                let mut census = Census::default();
                for shard in self.active() {
                    census.add(shard.machine());
                }
                // A scrape that was given up wants nothing.
                let _ = to.send(census);
            }
            Event::Stop => self.stop(now),
        }
    }

    /// The shard, if it still lives the life of `id`.
    fn alive(&mut self, id: ShardLife) -> Option<&mut Shard> {
        match self.shards.get_mut(&id.shard) {
            Some(State::Active(shard)) if shard.id == id => Some(shard),
            _ => None,
        }
    }

    fn is_loading(&self, id: ShardLife) -> bool {
        matches!(self.shards.get(&id.shard), Some(State::Loading { id: loading, .. }) if *loading == id)
    }

    fn load(&mut self, now: Now, shard: i32, partition: Arc<Partition>, epoch: LeaderEpoch) {
        if self.stopping {
            return;
        }
        if partition.is_offline() {
            self.shards.insert(shard, State::Failed);
            return;
        }
        self.lives += 1;
        let id = ShardLife { shard, life: self.lives };
        let new = NewShard { config: Arc::clone(&self.config), epoch, seed: clock::random_u64() };
        if let Some(reader) = partition.reader()
            && reader.log_start() == reader.log_end()
        {
            // Most shards are empty, and they cost no thread and no read.
            let mut active = Shard::new(id, new.machine(), Arc::clone(&partition), reader.log_end());
            active.loaded(now);
            self.shards.insert(shard, State::Active(Box::new(active)));
            return;
        }
        let state = State::Loading { id, partition: Arc::clone(&partition), deleted_topics: Vec::new() };
        self.shards.insert(shard, state);
        let (loads, mailbox) = (Arc::clone(&self.loads), Arc::clone(&self.mailbox));
        tokio::spawn(async move {
            // The semaphore is never closed.
            let _permit = loads.acquire().await;
            let loaded = load::load(partition, new).await.map(|(machine, end)| (Box::new(machine), end));
            mailbox.post(Event::Loaded { id, loaded });
        });
    }

    fn loaded(&mut self, now: Now, id: ShardLife, loaded: Result<(Box<GroupShard<ReplyTo>>, Offset), LoadError>) {
        if !self.is_loading(id) {
            // It was taken away, or loaded again, meanwhile.
            return;
        }
        let Some(State::Loading { partition, deleted_topics, .. }) = self.shards.remove(&id.shard) else { return };
        match loaded {
            Ok((machine, end)) => {
                let mut shard = Shard::new(id, *machine, partition, end);
                shard.loaded(now);
                if !deleted_topics.is_empty() {
                    forget_topics(&mut shard, now, deleted_topics);
                }
                self.shards.insert(id.shard, State::Active(Box::new(shard)));
            }
            Err(error) => {
                tracing::error!(partition = %partition.id, "the groups of this partition cannot be served: {error}");
                self.shards.insert(id.shard, State::Failed);
            }
        }
    }

    fn command(&mut self, now: Now, shard: i32, command: GroupCommand, to: ReplyTo) {
        let refusal = match self.shards.get_mut(&shard) {
            _ if self.stopping => ErrorCode::NotCoordinator,
            Some(State::Active(shard)) => return shard.handle(now, command, to),
            Some(State::Loading { .. }) => ErrorCode::CoordinatorLoadInProgress,
            Some(State::Failed) | None => ErrorCode::NotCoordinator,
        };
        // The client may be gone.
        let _ = to.send(Err(refusal));
    }

    fn topics_deleted(&mut self, now: Now, topics: &[Str]) {
        if self.stopping {
            return;
        }
        for state in self.shards.values_mut() {
            match state {
                State::Active(shard) => forget_topics(shard, now, topics.to_vec()),
                State::Loading { deleted_topics, .. } => deleted_topics.extend_from_slice(topics),
                State::Failed => {}
            }
        }
    }

    fn tick(&mut self, now: Now) {
        if self.stopping {
            return;
        }
        for state in self.shards.values_mut() {
            if let State::Active(shard) = state
                && shard.next_deadline().is_some_and(|deadline| deadline <= now.monotonic)
            {
                shard.tick(now);
            }
        }
    }

    fn append(&mut self, now: Now) {
        let mut broken = Vec::new();
        for state in self.shards.values_mut() {
            if let State::Active(shard) = state
                && shard.append(now, &self.mailbox).is_err()
            {
                broken.push(shard.id);
            }
        }
        for id in broken {
            self.drop_if_broken(id, Err(Broken));
        }
    }

    /// Drops a broken shard, which answers NOT_COORDINATOR to all who wait, and loads it again.
    fn drop_if_broken(&mut self, id: ShardLife, result: Result<(), Broken>) {
        if result.is_ok() {
            return;
        }
        let Some(State::Active(shard)) = self.shards.remove(&id.shard) else { return };
        if self.stopping {
            return;
        }
        let (partition, epoch) = (Arc::clone(shard.partition()), shard.partition().leader_epoch());
        drop(shard);
        // Until it is read again its life is over: nothing that is still under way concerns it.
        self.lives += 1;
        let waiting = ShardLife { shard: id.shard, life: self.lives };
        let state = State::Loading { id: waiting, partition: Arc::clone(&partition), deleted_topics: Vec::new() };
        self.shards.insert(id.shard, state);
        let mailbox = Arc::clone(&self.mailbox);
        let deadline = self.clock.deadline(RELOAD_PAUSE);
        tokio::spawn(async move {
            tokio::time::sleep_until(deadline).await;
            mailbox.post(Event::Reload { id: waiting, partition, epoch });
        });
    }

    /// Members that wait for each other are sent away; what is on its way to the disk is still answered.
    fn stop(&mut self, now: Now) {
        self.append(now);
        self.stopping = true;
        for state in self.shards.values_mut() {
            if let State::Active(shard) = state {
                shard.send_away(Arc::clone(&self.config));
            }
        }
    }
}

fn forget_topics(shard: &mut Shard, now: Now, topics: Vec<Str>) {
    // Nobody waits for the reply.
    let (to, _) = oneshot::channel();
    shard.handle(now, GroupCommand::TopicsDeleted(TopicsDeleted { topics }), to);
}
