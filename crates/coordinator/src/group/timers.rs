//! What is due when. One entry a key: setting it again moves it.

use std::collections::{BTreeMap, BTreeSet};

use stream_codec::Str;
use stream_types::Monotonic;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum TimerKey {
    /// A member, or an id that was given out, was silent for too long.
    Session { group_id: Str, member_id: Str },
    /// A rebalance waits no longer for members to join.
    Rebalance { group_id: Str },
    /// A generation waits no longer for members to sync.
    Sync { group_id: Str },
    /// Old offsets are looked for.
    Retention,
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Monotonic, TimerKey)>,
    deadlines: BTreeMap<TimerKey, Monotonic>,
}

impl Timers {
    pub(crate) fn set(&mut self, key: TimerKey, deadline: Monotonic) {
        if let Some(earlier) = self.deadlines.insert(key.clone(), deadline) {
            if earlier == deadline {
                return;
            }
            self.queue.remove(&(earlier, key.clone()));
        }
        self.queue.insert((deadline, key));
    }

    pub(crate) fn cancel(&mut self, key: TimerKey) {
        if let Some(deadline) = self.deadlines.remove(&key) {
            self.queue.remove(&(deadline, key));
        }
    }

    pub(crate) fn take_due(&mut self, now: Monotonic) -> Option<TimerKey> {
        if self.queue.first()?.0 > now {
            return None;
        }
        let (_, key) = self.queue.pop_first()?;
        self.deadlines.remove(&key);
        Some(key)
    }

    pub(crate) fn next(&self) -> Option<Monotonic> {
        self.queue.first().map(|(deadline, _)| *deadline)
    }

    #[cfg(test)]
    pub(crate) fn contains(&self, key: &TimerKey) -> bool {
        self.deadlines.contains_key(key)
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        assert_eq!(self.queue.len(), self.deadlines.len());
        self.queue.len()
    }
}
