//! How fast may you: client quotas (KIP-13, KIP-124, KIP-257, KIP-546, KIP-599).
//!
//! - A quota is set for a user, a client id, both, or the default of either; [`QuotaTable`] finds the one that counts.
//! - Users of one quota share it as Kafka's do: a quota that names or defaults the client id counts each client of each
//!   user by itself, one that names or defaults only the user counts all clients of a user together.
//! - A rate is measured over `quota.window.num` samples of `quota.window.size.seconds` ([`Rate`]); who is above it has to
//!   pause for as long as it takes to be below it again.
//! - Topic changes are counted by a bucket of tokens that allows bursts ([`TokenBucket`]).
//! - Memory is bounded: what has been quiet for a whole window is forgotten when there is too much of it.

mod bucket;
mod rate;
mod table;

use std::collections::HashMap;
use std::time::Duration;

use stream_types::{Monotonic, limits};

pub use bucket::TokenBucket;
pub use rate::Rate;
pub use table::{QuotaTable, QuotaType};

use bucket::Limit;
use table::{Found, SharedBy};

/// How rates are measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuotaWindow {
    /// `quota.window.num`: samples kept, at least 1.
    pub samples: u32,
    /// `quota.window.size.seconds`: how long one sample is.
    pub sample: Duration,
}

impl QuotaWindow {
    /// The shortest time that a rate is measured over.
    pub fn full(self) -> Duration {
        self.sample * self.samples.saturating_sub(1).max(1)
    }
}

/// Who uses something up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Client<'a> {
    /// The principal's name.
    pub user: &'a str,
    /// What the client calls itself; empty if nothing.
    pub client_id: &'a str,
}

/// The quotas of a cluster and what clients have used of them.
#[derive(Debug)]
pub struct Quotas {
    table: QuotaTable,
    window: QuotaWindow,
    mutation_window: QuotaWindow,
    rates: HashMap<(QuotaType, SharedBy), Rate>,
    buckets: HashMap<SharedBy, TokenBucket>,
}

/// What a client that used something up is told.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Usage {
    /// How long it has to pause.
    pub throttle: Duration,
    /// Whether nothing else was used in the window: refusing this would be refusing for ever.
    pub alone: bool,
}

impl Quotas {
    /// No quotas yet.
    pub fn new(window: QuotaWindow, mutation_window: QuotaWindow) -> Quotas {
        Quotas { table: QuotaTable::default(), window, mutation_window, rates: HashMap::new(), buckets: HashMap::new() }
    }

    /// From now on these quotas count. What was used stays used.
    pub fn set_table(&mut self, table: QuotaTable) {
        self.table = table;
    }

    /// Counts `value` units of `kind` and says how long the client has to pause.
    pub fn record(&mut self, now: Monotonic, kind: QuotaType, client: Client<'_>, value: f64) -> Usage {
        let Some(Found { limit, shared_by }) = self.table.find(kind, client) else { return Usage::default() };
        self.forget_quiet_rates(now);
        let window = self.window;
        let rate = self.rates.entry((kind, shared_by)).or_insert_with(|| Rate::new(now));
        let alone = rate.is_empty(now, window);
        rate.record(now, window, value);
        let mut throttle = rate.throttle(now, window, limit);
        if kind == QuotaType::Request {
            // As Kafka: one slow request is not held against its client for ever.
            throttle = throttle.min(window.full());
        }
        Usage { throttle, alone }
    }

    /// Takes back what [`Quotas::record`] counted, because the client did not get it.
    pub fn unrecord(&mut self, now: Monotonic, kind: QuotaType, client: Client<'_>, value: f64) {
        let Some(Found { shared_by, .. }) = self.table.find(kind, client) else { return };
        if let Some(rate) = self.rates.get_mut(&(kind, shared_by)) {
            rate.record(now, self.window, -value);
        }
    }

    /// The most that the client can be given at once without being above its quota; None without a quota.
    pub fn at_once_max(&self, kind: QuotaType, client: Client<'_>) -> Option<f64> {
        self.table.find(kind, client).map(|found| found.limit * self.window.full().as_secs_f64())
    }

    /// Asks for `changes` changes of topics' partitions. Zero: granted; else how long to wait before asking again. A client
    /// that is below its quota is granted any number, and pays afterwards (KIP-599).
    pub fn ask_for_changes(&mut self, now: Monotonic, client: Client<'_>, changes: u32) -> Duration {
        let Some((limit, bucket)) = self.bucket(now, client) else { return Duration::ZERO };
        let wait = bucket.wait(now, limit);
        if wait.is_zero() {
            bucket.take(now, limit, f64::from(changes));
        }
        wait
    }

    /// Counts changes that are made whatever the quota says, as for clients that do not know of it, and says how long the
    /// client has to pause.
    pub fn record_changes(&mut self, now: Monotonic, client: Client<'_>, changes: u32) -> Duration {
        let Some((limit, bucket)) = self.bucket(now, client) else { return Duration::ZERO };
        bucket.take(now, limit, f64::from(changes));
        bucket.wait(now, limit)
    }

    fn bucket(&mut self, now: Monotonic, client: Client<'_>) -> Option<(Limit, &mut TokenBucket)> {
        let Found { limit, shared_by } = self.table.find(QuotaType::ControllerMutation, client)?;
        let window = self.mutation_window;
        let burst = limit * f64::from(window.samples) * window.sample.as_secs_f64();
        let limit = Limit { per_second: limit, burst };
        if self.buckets.len() >= limits::QUOTA_CLIENTS_MAX {
            // A full bucket says no more than none.
            self.buckets.retain(|_, bucket| !bucket.is_full(now, limit));
        }
        Some((limit, self.buckets.entry(shared_by).or_insert_with(|| TokenBucket::full(now, limit))))
    }

    fn forget_quiet_rates(&mut self, now: Monotonic) {
        if self.rates.len() >= limits::QUOTA_CLIENTS_MAX {
            let window = self.window;
            self.rates.retain(|_, rate| !rate.is_empty(now, window));
            if self.rates.len() >= limits::QUOTA_CLIENTS_MAX {
                // A flood of made-up client ids within one window: all of them begin anew.
                self.rates.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests;
