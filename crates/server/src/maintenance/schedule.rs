//! When which work is due.

use std::time::Duration;

use stream_types::Monotonic;

/// What the maintenance thread does from time to time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Task {
    /// Look at the free space.
    Space,
    /// Close files that nobody uses.
    Idle,
    /// Write the checkpoint files.
    Checkpoints,
    /// Let old segments go.
    Retention,
}

/// Free space is looked at this often, beside what producers cause.
const SPACE_EVERY: Duration = Duration::from_secs(1);
/// Kafka has no such thing: it keeps every file open.
const IDLE_EVERY: Duration = Duration::from_secs(10);
/// Kafka's `log.flush.offset.checkpoint.interval.ms` and `log.flush.start.offset.checkpoint.interval.ms`.
const CHECKPOINTS_EVERY: Duration = Duration::from_secs(60);
/// Kafka waits as long before its first look at retention.
const RETENTION_FIRST_MAX: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
struct Entry {
    task: Task,
    every: Duration,
    due: Monotonic,
}

/// The tasks and their next times.
#[derive(Debug)]
pub(super) struct Schedule {
    entries: [Entry; 4],
}

impl Schedule {
    /// A schedule that begins at `now`, with `log.retention.check.interval.ms`.
    pub(super) fn new(now: Monotonic, retention_every: Duration) -> Schedule {
        let entry = |task, every: Duration, first: Duration| Entry { task, every, due: Monotonic(now.0 + first) };
        Schedule {
            entries: [
                entry(Task::Space, SPACE_EVERY, Duration::ZERO),
                entry(Task::Idle, IDLE_EVERY, IDLE_EVERY),
                entry(Task::Checkpoints, CHECKPOINTS_EVERY, CHECKPOINTS_EVERY),
                entry(Task::Retention, retention_every, retention_every.min(RETENTION_FIRST_MAX)),
            ],
        }
    }

    /// The first task that is due, if one is; it is due again when its time has passed from `now` on, so that what was
    /// missed is not done twice.
    pub(super) fn take_due(&mut self, now: Monotonic) -> Option<Task> {
        let entry = self.entries.iter_mut().filter(|entry| entry.due <= now).min_by_key(|entry| entry.due)?;
        entry.due = Monotonic(now.0 + entry.every);
        Some(entry.task)
    }

    /// How long there is nothing to do.
    pub(super) fn idle_for(&self, now: Monotonic) -> Duration {
        let next = self.entries.iter().map(|entry| entry.due).min().unwrap_or(now);
        next.0.saturating_sub(now.0)
    }

    /// Makes a task due within `delay`, if it is not earlier anyway.
    pub(super) fn hasten(&mut self, task: Task, now: Monotonic, delay: Duration) {
        for entry in self.entries.iter_mut().filter(|entry| entry.task == task) {
            entry.due = entry.due.min(Monotonic(now.0 + delay));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic(Duration::from_secs(seconds))
    }

    fn due(schedule: &mut Schedule, seconds: u64) -> Vec<Task> {
        std::iter::from_fn(|| schedule.take_due(at(seconds))).collect()
    }

    #[test]
    fn each_task_has_its_own_interval() {
        let mut schedule = Schedule::new(at(100), Duration::from_secs(300));
        assert_eq!(due(&mut schedule, 100), [Task::Space]);
        assert_eq!(schedule.idle_for(at(100)), Duration::from_secs(1));
        assert_eq!(due(&mut schedule, 110), [Task::Space, Task::Idle]);
        assert_eq!(due(&mut schedule, 130), [Task::Space, Task::Idle, Task::Retention]);
        // A process that slept does everything once.
        assert_eq!(due(&mut schedule, 1000), [Task::Space, Task::Idle, Task::Checkpoints, Task::Retention]);
        assert_eq!(due(&mut schedule, 1000), []);
    }

    #[test]
    fn retention_can_be_wanted_sooner() {
        let mut schedule = Schedule::new(at(0), Duration::from_secs(3600));
        due(&mut schedule, 50);
        schedule.hasten(Task::Retention, at(50), Duration::from_secs(5));
        schedule.hasten(Task::Retention, at(50), Duration::from_secs(10));
        assert!(!due(&mut schedule, 54).contains(&Task::Retention));
        assert!(due(&mut schedule, 55).contains(&Task::Retention));
        let mut short = Schedule::new(at(0), Duration::from_secs(1));
        assert!(due(&mut short, 1).contains(&Task::Retention));
    }
}
