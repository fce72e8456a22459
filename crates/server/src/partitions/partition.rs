//! One partition replica on this broker.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering as Memory};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use stream_log::{CheckRules, DirHealth, Log, LogReader, SyncWork};
use stream_replica::Leader;
use stream_types::{ErrorCode, LeaderEpoch, Offset, TopicPartition, Uuid};
use tokio::sync::oneshot;

use super::fetch_waiter::FetchWaiters;
use super::produce_job::{AppendOutcome, AppendReply};
use super::topic_settings::TopicSettings;
use super::worker::{LogWork, WorkerEvent, WorkerHandle};
use crate::telemetry::metrics::TopicTraffic;

/// An append with acks=all that waits for the high watermark.
#[derive(Debug)]
pub(crate) struct AckToken {
    pub(crate) reply: AppendReply,
    pub(crate) outcome: AppendOutcome,
}

/// What opening a partition needs to know.
#[derive(Debug, Clone)]
pub(crate) struct OpenPlan {
    /// The partition's directory.
    pub(crate) dir: PathBuf,
    /// Whether the directory is there already.
    pub(crate) exists: bool,
    /// Its topic's settings.
    pub(crate) settings: TopicSettings,
    /// The leader epoch of the metadata image.
    pub(crate) leader_epoch: LeaderEpoch,
    /// Whether the log directory was shut down cleanly.
    pub(crate) clean: bool,
    /// Everything below it was synced when the checkpoint was written.
    pub(crate) recovery_point: Offset,
    /// The checkpointed log start offset.
    pub(crate) log_start: Offset,
    /// That of the log directory.
    pub(crate) health: Arc<DirHealth>,
    /// Many are opened at once: what there is to sync is given back, to be synced with its volume.
    pub(crate) with_many: bool,
}

/// A log that is open, and leads as soon as it is synced.
#[derive(Debug)]
pub(crate) struct Unsynced {
    /// What is left to sync, with others of its log directory.
    pub(crate) work: SyncWork,
    pub(super) leader: Leader<AckToken>,
}

/// A partition: the log's two halves, its leader's state, and the Fetches that wait for it.
#[derive(Debug)]
pub(crate) struct Partition {
    /// Topic name and number.
    pub(crate) id: TopicPartition,
    /// The topic's id.
    pub(crate) topic_id: Uuid,
    /// The worker that owns the log.
    pub(crate) worker: WorkerHandle,
    /// The writer half; locked by the owning worker, by closing when no worker runs any more, and
    /// by the flusher where that waits for nobody.
    pub(super) log: Mutex<Option<Log>>,
    reader: OnceLock<Arc<LogReader>>,
    rules: ArcSwap<CheckRules>,
    pub(super) leader: Mutex<Option<Leader<AckToken>>>,
    /// The counters of the topic.
    pub(crate) traffic: Arc<TopicTraffic>,
    /// Fetches to wake when the high watermark moves.
    pub(crate) fetch_waiters: FetchWaiters,
    deleted: AtomicBool,
    /// How to open the log once there is space; while there was none when it was tried.
    pub(super) unopened: Mutex<Option<Box<OpenPlan>>>,
    /// Batches that wait in the worker's mailbox.
    queued: AtomicUsize,
}

impl Partition {
    /// A partition that is not open yet.
    pub(crate) fn new(
        id: TopicPartition,
        topic_id: Uuid,
        worker: WorkerHandle,
        settings: &TopicSettings,
        traffic: Arc<TopicTraffic>,
    ) -> Partition {
        Partition {
            id,
            topic_id,
            worker,
            log: Mutex::new(None),
            reader: OnceLock::new(),
            rules: ArcSwap::from_pointee(settings.rules.clone()),
            leader: Mutex::new(None),
            traffic,
            fetch_waiters: FetchWaiters::default(),
            deleted: AtomicBool::new(false),
            unopened: Mutex::new(None),
            queued: AtomicUsize::new(0),
        }
    }

    /// The reading half, once the log is open and while the topic exists.
    pub(crate) fn reader(&self) -> Option<&Arc<LogReader>> {
        if self.deleted.load(Memory::Acquire) { None } else { self.reader.get() }
    }

    /// The reading half of a log that can be trusted.
    ///
    /// # Errors
    /// NOT_LEADER_OR_FOLLOWER while it is not open, KAFKA_STORAGE_ERROR when its directory has failed.
    pub(crate) fn online_reader(&self) -> Result<&Arc<LogReader>, ErrorCode> {
        let reader = self.reader().ok_or(ErrorCode::NotLeaderOrFollower)?;
        if reader.offline().is_some() { Err(ErrorCode::KafkaStorageError) } else { Ok(reader) }
    }

    /// Whether the log's directory has failed.
    pub(crate) fn is_offline(&self) -> bool {
        self.reader().is_some_and(|reader| reader.offline().is_some())
    }

    pub(super) fn queue_one(&self) {
        self.queued.fetch_add(1, Memory::AcqRel);
    }

    pub(super) fn unqueue(&self, count: usize) {
        let before = self.queued.fetch_sub(count, Memory::AcqRel);
        assert!(before >= count, "no batch leaves the queue twice");
    }

    pub(super) fn has_queued(&self) -> bool {
        self.queued.load(Memory::Acquire) > 0
    }

    /// What producers' batches have to satisfy.
    pub(crate) fn rules(&self) -> Arc<CheckRules> {
        self.rules.load_full()
    }

    /// Takes over changed rules.
    pub(super) fn set_rules(&self, rules: CheckRules) {
        self.rules.store(Arc::new(rules));
    }

    /// Puts an opened log to work with this broker as the partition's only in-sync replica.
    pub(super) fn start_leading(&self, log: Log, leader: Leader<AckToken>) {
        let reader = log.reader();
        reader.set_high_watermark(leader.high_watermark());
        assert!(self.reader.set(reader).is_ok(), "a partition is opened once");
        *self.log.lock() = Some(log);
        *self.leader.lock() = Some(leader);
    }

    /// Keeps an opened log until [`Partition::lead_synced`].
    pub(super) fn keep_unsynced(&self, log: Log) {
        *self.log.lock() = Some(log);
    }

    /// Puts a log to work that was opened with others and is synced now.
    pub(super) fn lead_synced(&self, unsynced: Unsynced) {
        let Some(mut log) = self.log.lock().take() else { return };
        log.synced(unsynced.work.up_to);
        self.start_leading(log, unsynced.leader);
    }

    /// Leads in a new epoch from now on.
    pub(crate) fn lead_in(&self, epoch: LeaderEpoch) {
        if let Some(leader) = self.leader.lock().as_mut()
            && epoch > leader.epoch()
        {
            leader.begin_epoch(epoch);
        }
    }

    /// The epoch in which this broker leads; -1 when it does not.
    pub(crate) fn leader_epoch(&self) -> LeaderEpoch {
        self.leader.lock().as_ref().map_or(LeaderEpoch::NONE, Leader::epoch)
    }

    /// Compares the epoch that a client believes in; -1 asks for no check.
    ///
    /// # Errors
    /// FENCED_LEADER_EPOCH for an older one, UNKNOWN_LEADER_EPOCH for a newer one (KIP-320).
    pub(crate) fn check_leader_epoch(&self, epoch: LeaderEpoch) -> Result<(), ErrorCode> {
        if epoch == LeaderEpoch::NONE {
            return Ok(());
        }
        match epoch.cmp(&self.leader_epoch()) {
            Ordering::Less => Err(ErrorCode::FencedLeaderEpoch),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(ErrorCode::UnknownLeaderEpoch),
        }
    }

    /// Whether the topic is deleted.
    pub(super) fn is_deleted(&self) -> bool {
        self.deleted.load(Memory::Acquire)
    }

    /// Tries once more to open a log for which there was no space.
    pub(crate) fn open_again(self: &Arc<Self>) {
        let Some(plan) = self.unopened.lock().take() else { return };
        let (reply, _) = oneshot::channel();
        // A stopping worker opens nothing any more.
        let _ = self.worker.send(WorkerEvent::Open { partition: Arc::clone(self), plan, reply });
    }

    /// Takes the log away from a deleted topic and refuses everything that waits.
    pub(super) fn retire(&self) -> Option<Log> {
        self.deleted.store(true, Memory::Release);
        let log = self.log.lock().take();
        let waiting = self.leader.lock().take().map(Leader::into_waiting).unwrap_or_default();
        for token in waiting {
            token.reply.complete(AppendOutcome::refused(ErrorCode::UnknownTopicOrPartition, None));
        }
        self.fetch_waiters.wake_all();
        log
    }

    /// Has `work` done with the log on the thread that owns it; `None` where the log is not open. `false`: the worker has
    /// stopped and `work` is dropped.
    pub(crate) fn with_log(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Partition>, Option<&mut Log>) + Send + 'static,
    ) -> bool {
        let event = WorkerEvent::WithLog { partition: Arc::clone(self), work: LogWork(Box::new(work)) };
        self.worker.send(event).is_ok()
    }

    /// Appends that wait for the high watermark.
    pub(crate) fn waiting_appends(&self) -> usize {
        self.leader.lock().as_ref().map_or(0, Leader::waiting)
    }

    /// Takes the log to close it, when no worker runs any more.
    pub(super) fn take_log(&self) -> Option<Log> {
        self.log.lock().take()
    }

    /// Everything below `up_to` is on stable storage.
    pub(crate) fn synced(&self, up_to: Offset) {
        let released = {
            let mut leader = self.leader.lock();
            let Some(leader) = leader.as_mut() else { return };
            let released = leader.synced(up_to);
            self.publish_high_watermark(leader);
            released
        };
        self.release(released);
    }

    /// Takes what is to be synced next, after the sync up to `up_to` succeeded. While the worker is
    /// busy with the log it learns of the success by an event and goes on itself.
    pub(super) fn next_sync(self: &Arc<Self>, up_to: Offset) -> Option<SyncWork> {
        if let Some(mut log) = self.log.try_lock() {
            let log = log.as_mut()?;
            log.synced(up_to);
            return log.take_sync();
        }
        let event = WorkerEvent::Synced { partition: Arc::clone(self), up_to };
        // A stopped worker takes no more appends; closing the log syncs what is left.
        let _ = self.worker.send(event);
        None
    }

    /// A sync of this partition failed: its directory is offline from now on.
    pub(crate) fn storage_failed(&self, reason: &str) {
        if let Some(reader) = self.reader() {
            reader.fail_dir(reason);
        }
        self.give_up_waiting();
    }

    /// The directory is offline: nothing that waits for a sync can be promised any more. Whoever comes after this finds
    /// it out by itself ([`Partition::give_up_if_offline`]).
    pub(crate) fn give_up_waiting(&self) {
        let released = match self.leader.lock().as_mut() {
            Some(leader) => leader.drain_waiting(),
            None => return,
        };
        refuse(released);
        self.fetch_waiters.wake_all();
    }

    /// Called with the lock that [`Partition::give_up_waiting`] takes, after something was made to wait: the directory may
    /// have failed, and those who waited been sent away, just before.
    pub(super) fn give_up_if_offline(&self, leader: &mut Leader<AckToken>) {
        if self.is_offline() {
            refuse(leader.drain_waiting());
        }
    }

    /// Makes the high watermark visible to readers.
    pub(super) fn publish_high_watermark(&self, leader: &Leader<AckToken>) {
        if let Some(reader) = self.reader.get() {
            let high_watermark = leader.high_watermark();
            if high_watermark > reader.high_watermark() {
                reader.set_high_watermark(high_watermark);
                self.fetch_waiters.wake_all();
            }
        }
    }

    /// Answers appends whose records are committed.
    pub(super) fn release(&self, released: Vec<AckToken>) {
        for token in released {
            token.reply.complete(token.outcome);
        }
    }
}

fn refuse(tokens: Vec<AckToken>) {
    for token in tokens {
        token.reply.complete(AppendOutcome::refused(ErrorCode::KafkaStorageError, None));
    }
}
