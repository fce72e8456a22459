//! The I/O threads that own the logs: a partition belongs to one of them for life.
//!
//! A worker takes all events that gathered since it last looked, writes each partition's batches
//! with one call, and hands the written files to the flusher.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use stream_log::{AppendOrigin, CheckedBatch, Log, LogError, Recovery};
use stream_replica::{FlushPolicy, Leader};
use stream_types::{ErrorCode, Monotonic, Offset, limits};
use tokio::sync::oneshot;

use super::append::{Gathered, append_all, finish, gather};
use super::direct::DirectPath;
use super::flusher::Flusher;
use super::partition::{OpenPlan, Partition, Unsynced};
use super::produce_job::{AppendOutcome, AppendReply};
use super::topic_settings::TopicSettings;
use crate::clock::Clock;
use crate::net::Closer;

/// A sync that takes longer than this is the disk's doing.
const SLOW_SYNC: Duration = Duration::from_millis(10);
/// How long the flusher has every sync after a slow one.
const PAUSE_AFTER_SLOW_SYNC: Duration = Duration::from_secs(10);

/// One batch for one partition.
#[derive(Debug)]
pub(crate) struct AppendRequest {
    pub(crate) partition: Arc<Partition>,
    pub(crate) batch: CheckedBatch,
    pub(crate) acks: Acks,
    pub(crate) reply: AppendReply,
}

/// When a producer wants its answer.
#[derive(Debug, Clone)]
pub(crate) enum Acks {
    /// Never; an error closes the connection.
    None(Closer),
    /// After the append.
    Leader,
    /// After the high watermark passed it.
    All,
}

/// What a worker is asked to do.
#[derive(Debug)]
pub(crate) enum WorkerEvent {
    /// Open or create the partition's log and lead it, or give back what has to be synced before that.
    Open { partition: Arc<Partition>, plan: Box<OpenPlan>, reply: oneshot::Sender<Result<Option<Unsynced>, LogError>> },
    /// Append batches, in this order.
    Append(Vec<AppendRequest>),
    /// Take over a changed configuration.
    Configure { partition: Arc<Partition>, settings: Box<TopicSettings> },
    /// The topic is deleted: remove its files.
    Delete { partition: Arc<Partition>, reply: oneshot::Sender<()> },
    /// A sync succeeded while the log was busy.
    Synced { partition: Arc<Partition>, up_to: Offset },
    /// Something else to do with the log, on its own thread.
    WithLog { partition: Arc<Partition>, work: LogWork },
}

impl WorkerEvent {
    fn note_queued(&self) {
        if let WorkerEvent::Append(requests) = self {
            requests.iter().for_each(|request| request.partition.queue_one());
        }
    }

    fn is_from_client(&self) -> bool {
        match self {
            WorkerEvent::Append(requests) => {
                requests.iter().any(|request| request.reply.origin() == AppendOrigin::Client)
            }
            _ => false,
        }
    }
}

/// A piece of work for the thread that owns a log; `None` when the log is not open.
pub(crate) struct LogWork(pub(super) LogFn);

type LogFn = Box<dyn FnOnce(&Arc<Partition>, Option<&mut Log>) + Send>;

impl std::fmt::Debug for LogWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogWork")
    }
}

#[derive(Debug, Default)]
struct Mailbox {
    state: Mutex<MailboxState>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct MailboxState {
    events: Vec<WorkerEvent>,
    stopping: bool,
}

/// What workers share.
#[derive(Debug)]
pub(crate) struct WorkerContext {
    pub(crate) clock: Clock,
    pub(crate) flusher: Flusher,
    pub(crate) flush_policy: FlushPolicy,
    pub(crate) disk: Arc<dyn stream_log::disk::Disk>,
    pub(crate) node_id: stream_types::NodeId,
}

/// How to reach one worker; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct WorkerHandle {
    /// The worker's number, from 0.
    pub(crate) index: usize,
    mailbox: Arc<Mailbox>,
}

impl WorkerHandle {
    /// Gives `event` to the worker. Appends are refused while the mailbox is full; what the broker
    /// itself asks for is always taken. Nothing is taken once the worker stops.
    pub(crate) fn send(&self, event: WorkerEvent) -> Result<(), WorkerEvent> {
        let mut state = self.mailbox.state.lock();
        let full = state.events.len() >= limits::WORKER_MAILBOX_EVENTS_MAX;
        if state.stopping || (full && event.is_from_client()) {
            return Err(event);
        }
        event.note_queued();
        state.events.push(event);
        if state.events.len() == 1 {
            self.mailbox.arrived.notify_one();
        }
        Ok(())
    }
}

/// The broker's I/O threads.
#[derive(Debug)]
pub(crate) struct Workers {
    /// Never empty.
    handles: Vec<WorkerHandle>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    context: Arc<WorkerContext>,
    direct: DirectPath,
}

impl Workers {
    /// Starts `count` workers.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(count: usize, context: WorkerContext) -> io::Result<Workers> {
        assert!(count > 0, "a broker has at least one worker");
        let context = Arc::new(context);
        let mut handles = Vec::new();
        let mut threads = Vec::new();
        for index in 0..count {
            let mailbox = Arc::new(Mailbox::default());
            let in_thread = Arc::clone(&mailbox);
            let context = Arc::clone(&context);
            let thread =
                thread::Builder::new().name(format!("append-{index}")).spawn(move || run(&in_thread, &context))?;
            handles.push(WorkerHandle { index, mailbox });
            threads.push(thread);
        }
        Ok(Workers { handles, threads: Mutex::new(threads), context, direct: DirectPath::default() })
    }

    /// The handle of worker `index`, counted round.
    pub(crate) fn handle(&self, index: usize) -> WorkerHandle {
        self.handles[index % self.handles.len()].clone()
    }

    /// Appends batches, on this thread if nothing is synced and it is quick, else on the workers'. Each request's reply is
    /// completed in the end.
    pub(crate) fn append(&self, requests: Vec<AppendRequest>) {
        let mut by_worker: Vec<Vec<AppendRequest>> = Vec::new();
        // What is committed by a sync waits for a thread anyway; only without one is the hop worth avoiding.
        let rest = match self.context.flush_policy {
            FlushPolicy::Never => self.direct.append(&self.context, requests),
            FlushPolicy::Auto | FlushPolicy::Always => requests,
        };
        for request in rest {
            let worker = request.partition.worker.index;
            if by_worker.len() <= worker {
                by_worker.resize_with(worker + 1, Vec::new);
            }
            by_worker[worker].push(request);
        }
        for (worker, requests) in by_worker.into_iter().enumerate().filter(|(_, requests)| !requests.is_empty()) {
            if let Err(WorkerEvent::Append(refused)) = self.handle(worker).send(WorkerEvent::Append(requests)) {
                for request in refused {
                    let message = "the log's writer is overloaded".to_owned();
                    finish(&request, AppendOutcome::refused(ErrorCode::RequestTimedOut, message));
                }
            }
        }
    }

    /// Lets every worker finish its mailbox, then the flusher; nothing is appended afterwards.
    pub(crate) fn stop(&self) {
        for handle in &self.handles {
            handle.mailbox.state.lock().stopping = true;
            handle.mailbox.arrived.notify_one();
        }
        for thread in self.threads.lock().drain(..) {
            // A panic in a worker has aborted the process already.
            let _ = thread.join();
        }
        self.context.flusher.stop();
    }
}

fn run(mailbox: &Mailbox, context: &WorkerContext) {
    let mut events = Vec::new();
    // While the disk is slow this thread leaves syncs to the flusher.
    let mut busy_until = Monotonic::default();
    loop {
        {
            let mut state = mailbox.state.lock();
            while state.events.is_empty() {
                if state.stopping {
                    return;
                }
                mailbox.arrived.wait(&mut state);
            }
            std::mem::swap(&mut state.events, &mut events);
        }
        let mut appends = Gathered::new();
        for event in events.drain(..) {
            match event {
                WorkerEvent::Append(requests) => gather(&mut appends, requests),
                other => {
                    // Keeps each partition's events in order.
                    context.flusher.submit(append_all(context, std::mem::take(&mut appends)));
                    handle(context, other);
                }
            }
        }
        let mut works = append_all(context, appends);
        let start = context.clock.monotonic();
        if works.len() == 1 && start >= busy_until && mailbox.state.lock().events.is_empty() {
            // Nothing else to do: a hop to the flusher would cost more than it brings.
            works.drain(..).for_each(|(partition, work)| context.flusher.sync_here(partition, work));
            if context.clock.monotonic().since(start) > SLOW_SYNC {
                busy_until = start.plus(PAUSE_AFTER_SLOW_SYNC);
            }
        }
        context.flusher.submit(works);
    }
}

fn handle(context: &WorkerContext, event: WorkerEvent) {
    match event {
        WorkerEvent::Append(_) => {}
        WorkerEvent::Open { partition, plan, reply } => {
            if partition.is_deleted() {
                return;
            }
            let again = Box::new(OpenPlan { with_many: false, ..*plan.clone() });
            let result = open(context, &partition, *plan);
            if matches!(&result, Err(LogError::Disk(error)) if error.is_no_space()) {
                *partition.unopened.lock() = Some(again);
            }
            // Nobody listens when it was tried again.
            if let Err(Ok(None)) = reply.send(result) {
                tracing::info!(partition = %partition.id, "the log is open: there is space again");
            }
        }
        WorkerEvent::Configure { partition, settings } => {
            if let Some(plan) = partition.unopened.lock().as_mut() {
                plan.settings = (*settings).clone();
            }
            if let Some(log) = partition.log.lock().as_mut() {
                log.set_config(settings.log);
            }
            partition.set_rules(settings.rules);
        }
        WorkerEvent::Delete { partition, reply } => {
            if let Some(log) = partition.retire()
                && let Err(error) = log.delete()
            {
                tracing::error!(partition = %partition.id, "cannot remove the files of a deleted topic: {error}");
            }
            // Nobody listens when the broker stops.
            let _ = reply.send(());
        }
        WorkerEvent::Synced { partition, up_to } => {
            let mut log = partition.log.lock();
            let work = log.as_mut().and_then(|log| {
                log.synced(up_to);
                log.take_sync()
            });
            drop(log);
            context.flusher.submit(work.map(|work| (partition, work)));
        }
        WorkerEvent::WithLog { partition, work } => {
            let mut log = partition.log.lock();
            (work.0)(&partition, log.as_mut());
            // A segment that was begun or removed has to be durable too.
            let sync = match context.flush_policy {
                FlushPolicy::Never => None,
                FlushPolicy::Auto | FlushPolicy::Always => log.as_mut().and_then(Log::take_sync),
            };
            drop(log);
            context.flusher.submit(sync.map(|work| (partition, work)));
        }
    }
}

fn open(context: &WorkerContext, partition: &Arc<Partition>, plan: OpenPlan) -> Result<Option<Unsynced>, LogError> {
    let recovery = Recovery { clean: plan.clean, recovery_point: plan.recovery_point, log_start: plan.log_start };
    let now = context.clock.wall();
    let disk = Arc::clone(&context.disk);
    if let Some(reason) = plan.health.failure() {
        return Err(LogError::Offline { reason: reason.to_owned() });
    }
    let opened = if plan.exists {
        Log::open(disk, &plan.dir, partition.topic_id, plan.settings.log, recovery, now)
    } else {
        Log::create(disk, &plan.dir, partition.topic_id, plan.settings.log, now)
    };
    let mut log = opened.inspect_err(|error| {
        if is_of_the_disk(error) {
            plan.health.fail(&error.to_string());
        }
    })?;
    log.share_health(Arc::clone(&plan.health));
    let mut work = None;
    if context.flush_policy != FlushPolicy::Never {
        match plan.with_many {
            true => work = log.take_unsynced(),
            false => log.sync_now()?,
        }
    }
    let log_end = log.reader().log_end();
    // What recovery kept is synced, so all of it is committed: one replica, one truth.
    let leader =
        Leader::new(context.node_id, plan.leader_epoch, vec![context.node_id], log_end, log_end, context.flush_policy);
    if let Some(work) = work {
        partition.keep_unsynced(log);
        return Ok(Some(Unsynced { work, leader }));
    }
    partition.start_leading(log, leader);
    Ok(None)
}

/// Whether the directory cannot be trusted any more. A file that is missing or may not be opened is one log's trouble, and
/// lack of space passes.
fn is_of_the_disk(error: &LogError) -> bool {
    let LogError::Disk(disk) = error else { return false };
    let is_one_logs = matches!(disk.source.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied);
    !error.is_no_space() && !is_one_logs
}
