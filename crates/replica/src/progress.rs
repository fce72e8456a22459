//! What a leader knows of one follower.

use stream_types::{Monotonic, Offset};

/// How far a follower is, and since when it is up to date.
///
/// `last_caught_up` is the latest moment of which it is known that the follower held everything
/// that the leader had then (KAFKA-2143's definition): fetching from the end says it of now,
/// fetching from where the end was at the previous fetch says it of that fetch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// First offset that the follower does not hold; none before its first fetch.
    pub(crate) log_end: Option<Offset>,
    pub(crate) last_fetch: Option<Monotonic>,
    pub(crate) last_caught_up: Monotonic,
    leader_log_end_at_fetch: Offset,
}

impl Progress {
    /// A follower that nothing is known of: it has from `now` on to catch up.
    pub(crate) fn new(now: Monotonic) -> Progress {
        Progress { log_end: None, last_fetch: None, last_caught_up: now, leader_log_end_at_fetch: Offset(i64::MAX) }
    }

    /// It fetches from `offset`, so it holds everything below.
    pub(crate) fn fetched(&mut self, now: Monotonic, offset: Offset, leader_log_end: Offset) {
        if offset >= leader_log_end {
            self.last_caught_up = self.last_caught_up.max(now);
        } else if offset >= self.leader_log_end_at_fetch
            && let Some(last_fetch) = self.last_fetch
        {
            self.last_caught_up = self.last_caught_up.max(last_fetch);
        }
        self.log_end = Some(offset);
        self.last_fetch = Some(now);
        self.leader_log_end_at_fetch = leader_log_end;
    }
}
