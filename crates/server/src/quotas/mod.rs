//! Client quotas at work: what connections use up is counted, and who used too much is paused (KIP-219).
//!
//! - The answer leaves at once and says how long the pause is; then nothing is read from the connection until it is over.
//! - While nobody has a quota of a kind, asking costs one relaxed load.

mod announce;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use stream_metadata::MetadataImage;
use stream_security::quota::{Client, QuotaTable, QuotaType, Quotas, Usage};
use stream_wire::api::ApiKey;

use crate::clock::Clock;
use crate::config::QuotaSettings;
use crate::net::{Answer, Muter, Pending, Session};

/// The longest pause: what `throttle_time_ms` can say.
const THROTTLE_MAX: Duration = Duration::from_millis(i32::MAX as u64);

/// The quotas of the cluster as this broker keeps them.
#[derive(Debug)]
pub(crate) struct ClientQuotas {
    clock: Clock,
    quotas: Mutex<Quotas>,
    /// In the order of [`QuotaType::ALL`].
    limited: [AtomicBool; QuotaType::ALL.len()],
}

/// Changes of topics, parted by what their client may do now.
#[derive(Debug)]
pub(crate) struct SortedChanges<T> {
    /// To be made.
    pub(crate) granted: Vec<T>,
    /// THROTTLING_QUOTA_EXCEEDED.
    pub(crate) refused: Vec<T>,
    /// What the answer says of the pause.
    pub(crate) throttle_time_ms: i32,
}

impl ClientQuotas {
    /// No quotas until the first image.
    pub(crate) fn new(clock: Clock, settings: &QuotaSettings) -> ClientQuotas {
        let quotas = Quotas::new(settings.window, settings.mutation_window);
        ClientQuotas { clock, quotas: Mutex::new(quotas), limited: Default::default() }
    }

    /// Takes over the quotas of a new image.
    pub(crate) fn follow(&self, before: &MetadataImage, image: &MetadataImage) {
        let (before, after) = (before.security(), image.security());
        if before.quotas == after.quotas {
            return;
        }
        let table = QuotaTable::of(&after.quotas);
        let limited: Vec<bool> = QuotaType::ALL.iter().map(|kind| table.limits_any(*kind)).collect();
        self.quotas.lock().set_table(table);
        for (flag, limited) in self.limited.iter().zip(limited) {
            flag.store(limited, Ordering::Relaxed);
        }
    }

    /// Counts bytes or time of a client, and says how long it has to pause.
    pub(crate) fn record(&self, kind: QuotaType, session: &Session, client_id: Option<&str>, value: f64) -> Usage {
        if !self.limits_any(kind) {
            return Usage::default();
        }
        let now = self.clock.monotonic();
        let mut usage = self.quotas.lock().record(now, kind, client(session, client_id), value);
        usage.throttle = usage.throttle.min(THROTTLE_MAX);
        usage
    }

    /// Takes back bytes that a client did not get after all.
    pub(crate) fn unrecord(&self, kind: QuotaType, session: &Session, client_id: Option<&str>, value: f64) {
        if self.limits_any(kind) {
            self.quotas.lock().unrecord(self.clock.monotonic(), kind, client(session, client_id), value);
        }
    }

    /// The most bytes that the client can be given at once; None without a quota.
    pub(crate) fn at_once_max(&self, kind: QuotaType, session: &Session, client_id: Option<&str>) -> Option<usize> {
        if !self.limits_any(kind) {
            return None;
        }
        // Rounding down is meant; a size above usize saturates.
        self.quotas.lock().at_once_max(kind, client(session, client_id)).map(|bytes| bytes as usize)
    }

    /// Counts the time that the connection's thread spent on a request, and lets the connection pause if that was too much.
    pub(crate) fn charge_time(
        &self,
        (api, version): (ApiKey, i16),
        session: &Session,
        client_id: Option<&str>,
        spent: Duration,
        pending: Pending,
    ) -> Pending {
        let percent_seconds = spent.as_secs_f64() * 100.0;
        let Usage { throttle, .. } = self.record(QuotaType::Request, session, client_id, percent_seconds);
        if throttle.is_zero() {
            return pending;
        }
        let (clock, muter) = (self.clock, session.muter.clone());
        let finish = move |mut answer| {
            if let Answer::Respond(response) = &mut answer {
                announce::throttle_time(response, api, version, millis(throttle));
            }
            muter.mute_until(clock.monotonic().plus(throttle));
            answer
        };
        match pending {
            Pending::Ready(answer) => Pending::Ready(finish(answer)),
            Pending::Later(answer) => Pending::later(async move { finish(answer.await) }),
        }
    }

    /// Lets the connection pause from now on; gives what the answer says of it.
    pub(crate) fn pause(&self, muter: &Muter, throttle: Duration) -> i32 {
        if throttle.is_zero() {
            return 0;
        }
        muter.mute_until(self.clock.monotonic().plus(throttle));
        millis(throttle)
    }

    /// Parts changes of topics into those that `controller_mutation_rate` lets through and those that have to come again. With
    /// `strict` off, as for versions that do not know THROTTLING_QUOTA_EXCEEDED, all are let through and paid for (KIP-599).
    pub(crate) fn sort_changes<T>(
        &self,
        strict: bool,
        request: (&Session, Option<&str>),
        changes: Vec<T>,
        partitions: impl Fn(&T) -> u32,
    ) -> SortedChanges<T> {
        let (session, client_id) = request;
        let mut sorted = SortedChanges { granted: Vec::new(), refused: Vec::new(), throttle_time_ms: 0 };
        if !self.limits_any(QuotaType::ControllerMutation) {
            sorted.granted = changes;
            return sorted;
        }
        let now = self.clock.monotonic();
        let mut throttle = Duration::ZERO;
        for change in changes {
            let (client, count) = (client(session, client_id), partitions(&change));
            let mut quotas = self.quotas.lock();
            let wait = if strict {
                quotas.ask_for_changes(now, client, count)
            } else {
                quotas.record_changes(now, client, count)
            };
            throttle = throttle.max(wait);
            if strict && !wait.is_zero() { sorted.refused.push(change) } else { sorted.granted.push(change) }
        }
        sorted.throttle_time_ms = self.pause(&session.muter, throttle.min(THROTTLE_MAX));
        sorted
    }

    /// Whether anybody has a quota of this kind.
    pub(crate) fn limits_any(&self, kind: QuotaType) -> bool {
        self.limited[kind as usize].load(Ordering::Relaxed)
    }
}

fn client<'a>(session: &'a Session, client_id: Option<&'a str>) -> Client<'a> {
    Client { user: session.principal.name(), client_id: client_id.unwrap_or_default() }
}

fn millis(throttle: Duration) -> i32 {
    i32::try_from(throttle.as_millis()).unwrap_or(i32::MAX)
}
