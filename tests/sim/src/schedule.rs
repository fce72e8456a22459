//! What is due when, under virtual time. Of several things due at once the scheduler's stream chooses.

use std::collections::BTreeMap;

use crate::random::Random;

/// Events in the order of their times.
#[derive(Debug)]
pub(crate) struct Schedule<E> {
    due: BTreeMap<(u64, u64, u64), E>,
    added: u64,
    random: Random,
}

impl<E> Schedule<E> {
    pub(crate) fn new(random: Random) -> Schedule<E> {
        Schedule { due: BTreeMap::new(), added: 0, random }
    }

    /// Adds an event at a time (milliseconds).
    pub(crate) fn at(&mut self, millis: u64, event: E) {
        self.added += 1;
        let order = self.random.draw();
        self.due.insert((millis, order, self.added), event);
    }

    /// The next event, if it is due before `end`.
    pub(crate) fn next_before(&mut self, end: u64) -> Option<(u64, E)> {
        let (millis, _, _) = *self.due.keys().next()?;
        if millis >= end {
            return None;
        }
        self.due.pop_first().map(|((millis, _, _), event)| (millis, event))
    }

    /// The scheduler's own stream.
    pub(crate) fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}
