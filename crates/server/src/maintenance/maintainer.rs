//! The maintenance thread.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use stream_log::{Log, LogError};
use stream_types::Now;

use super::cleaner::Cleaner;
use super::retention::{expire, has_jumped};
use super::rounds::on_each_log;
use super::schedule::{Schedule, Task};
use crate::broker::Broker;
use crate::config::FlushPolicy;

/// While a disk is full, old segments are looked for this often.
const RETENTION_WHILE_FULL: Duration = Duration::from_secs(10);

/// Tells a background thread to stop, and wakes it.
#[derive(Debug, Default)]
pub(super) struct StopSignal {
    stopping: Mutex<bool>,
    told: Condvar,
}

impl StopSignal {
    /// Waits for `wait` or until told to stop; whether it is to go on.
    pub(super) fn goes_on_after(&self, wait: Duration) -> bool {
        let mut stopping = self.stopping.lock();
        if !*stopping {
            self.told.wait_for(&mut stopping, wait);
        }
        !*stopping
    }

    fn stop(&self) {
        *self.stopping.lock() = true;
        self.told.notify_all();
    }
}

/// The running maintenance thread.
#[derive(Debug)]
pub(crate) struct Maintenance {
    signal: Arc<StopSignal>,
    thread: JoinHandle<()>,
}

impl Maintenance {
    /// Starts it.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn start(broker: &Arc<Broker>) -> io::Result<Maintenance> {
        let signal = Arc::new(StopSignal::default());
        let mut maintainer =
            Maintainer { broker: Arc::clone(broker), signal: Arc::clone(&signal), cleaner: None, last: None };
        let thread = thread::Builder::new().name("maintenance".into()).spawn(move || maintainer.run())?;
        Ok(Maintenance { signal, thread })
    }

    /// Ends the thread after what it is doing. A compaction that is under way is left behind: the next start finishes
    /// or forgets it.
    pub(crate) fn stop(self) {
        self.signal.stop();
        if self.thread.join().is_err() {
            tracing::error!("the maintenance thread has panicked");
        }
    }
}

struct Maintainer {
    broker: Arc<Broker>,
    signal: Arc<StopSignal>,
    cleaner: Option<Cleaner>,
    /// When retention was looked at last.
    last: Option<Now>,
}

impl Maintainer {
    fn run(&mut self) {
        let clock = self.broker.clock;
        let start = clock.now();
        let mut schedule = Schedule::new(start.monotonic, self.broker.config.log.retention_check_interval);
        loop {
            while let Some(task) = schedule.take_due(clock.monotonic()) {
                match task {
                    Task::Space => {
                        if self.broker.disk_space.look() {
                            schedule.hasten(Task::Retention, clock.monotonic(), RETENTION_WHILE_FULL);
                        }
                    }
                    Task::Idle => {
                        self.broker.partitions.all().iter().for_each(|partition| partition.open_again());
                        self.rest();
                    }
                    Task::Checkpoints => self.write_checkpoints(),
                    Task::Retention => self.expire(start),
                }
            }
            if !self.signal.goes_on_after(schedule.idle_for(clock.monotonic())) {
                return;
            }
        }
    }

    /// Gives back what idle partitions hold, and sees to it that compacted ones are compacted.
    fn rest(&mut self) {
        let mut wants_cleaner = false;
        let work = |_: &Arc<crate::partitions::Partition>, log: &mut Log| {
            log.close_idle();
            log.config().compact
        };
        on_each_log(&self.broker.partitions.all(), work, |_, compact| wants_cleaner |= compact);
        if wants_cleaner && self.broker.config.log.cleaner_enable && self.cleaner.is_none() {
            match Cleaner::start(&self.broker, &self.signal) {
                Ok(cleaner) => self.cleaner = Some(cleaner),
                Err(error) => tracing::error!("cannot start the thread that compacts: {error}"),
            }
        }
    }

    fn write_checkpoints(&self) {
        if self.broker.config.flush_policy == FlushPolicy::Never {
            self.sync_all();
        }
        match self.broker.log_dirs.write_checkpoints(&self.broker.partitions) {
            // It was said when it happened.
            Ok(()) | Err(LogError::Offline { .. }) => {}
            Err(error) => tracing::error!("cannot write the checkpoint files: {error}"),
        }
    }

    /// Nobody waits for this sync: it bounds what the next start has to read after a crash.
    fn sync_all(&self) {
        let take = |_: &Arc<crate::partitions::Partition>, log: &mut Log| log.take_sync();
        on_each_log(&self.broker.partitions.all(), take, |partition, work| {
            let Some(work) = work else { return };
            let start = self.broker.clock.monotonic();
            let result = work.run();
            self.broker.metrics.flushes.observe(self.broker.clock.monotonic().since(start));
            match result {
                Ok(()) => {
                    let up_to = work.up_to;
                    partition.with_log(move |_, log| {
                        if let Some(log) = log {
                            log.synced(up_to);
                        }
                    });
                }
                Err(_) if partition.reader().is_none() => {}
                Err(error) => partition.storage_failed(&format!("sync of {} failed: {error}", partition.id)),
            }
        });
    }

    fn expire(&mut self, start: Now) {
        let now = self.broker.clock.now();
        let jumped = has_jumped(self.last.unwrap_or(start), now);
        if jumped {
            tracing::warn!("the wall clock has jumped: nothing is deleted by age before the next look at retention");
        }
        // Each log compares the clocks too, but from its second look on only.
        let is_first = self.last.replace(now).is_none();
        if !(jumped && is_first) && expire(&self.broker, &self.broker.partitions.all()) {
            self.write_checkpoints();
            self.broker.disk_space.look();
        }
    }
}
