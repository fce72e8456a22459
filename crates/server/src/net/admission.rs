//! Which connections are taken: limits of how many there are, and of how fast they come.
//!
//! - `max.connections`, of the broker and of each listener, and `max.connections.per.ip` with its overrides: a connection too many is
//!   closed at once.
//! - `max.connection.creation.rate`, of the broker and of each listener, and the quota of an address (KIP-612): measured as client
//!   quotas are; a connection above it is closed at once.
//! - Limits may change at any time; they count for the connections that come then.
//! - Listeners of the controller quorum are not limited: nobody may lock the voters out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use stream_metadata::MetadataImage;
use stream_security::quota::{QuotaTable, QuotaWindow, Rate};
use stream_types::{Monotonic, limits};

use crate::clock::Clock;
use crate::config::{ConnectionLimits, ListenerLimits};

/// Between two lines about refused connections.
const LINE_INTERVAL: Duration = Duration::from_secs(1);

/// Why a connection is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// There are as many as the broker or the listener takes.
    Connections,
    /// There are as many from this address as it may have.
    ConnectionsPerIp,
    /// They come too fast.
    CreationRate,
}

impl Refusal {
    pub(crate) const ALL: [Refusal; 3] = [Refusal::Connections, Refusal::ConnectionsPerIp, Refusal::CreationRate];

    /// What is exceeded, by the name of its key.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Refusal::Connections => "max.connections",
            Refusal::ConnectionsPerIp => "max.connections.per.ip",
            Refusal::CreationRate => "connection.creation.rate",
        }
    }
}

/// The door for new connections.
#[derive(Debug)]
pub(crate) struct Admission {
    clock: Clock,
    state: Mutex<State>,
    refused: [AtomicU64; Refusal::ALL.len()],
}

#[derive(Debug)]
struct State {
    limits: ConnectionLimits,
    window: QuotaWindow,
    quotas: QuotaTable,
    open: usize,
    open_by_listener: HashMap<String, usize>,
    open_by_ip: HashMap<IpAddr, usize>,
    rate: Rate,
    rates_by_listener: HashMap<String, Rate>,
    rates_by_ip: HashMap<IpAddr, Rate>,
    last_line: Option<Monotonic>,
    refused_since: u64,
}

/// A connection that was taken; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    listener: String,
    ip: IpAddr,
}

impl Admission {
    /// Nobody is here yet.
    pub(crate) fn new(clock: Clock, limits: ConnectionLimits, window: QuotaWindow) -> Admission {
        let state = State {
            limits,
            window,
            quotas: QuotaTable::default(),
            open: 0,
            open_by_listener: HashMap::new(),
            open_by_ip: HashMap::new(),
            rate: Rate::new(clock.monotonic()),
            rates_by_listener: HashMap::new(),
            rates_by_ip: HashMap::new(),
            last_line: None,
            refused_since: 0,
        };
        Admission { clock, state: Mutex::new(state), refused: Default::default() }
    }

    /// Takes over the quotas of addresses.
    pub(crate) fn follow(&self, before: &MetadataImage, image: &MetadataImage) {
        if before.security().quotas != image.security().quotas {
            self.state.lock().quotas = QuotaTable::of(&image.security().quotas);
        }
    }

    /// Keeps other limits from now on. Connections that are open stay.
    pub(crate) fn limit(&self, limits: ConnectionLimits) {
        self.state.lock().limits = limits;
    }

    /// Takes or refuses a connection.
    pub(crate) fn admit(self: &Arc<Self>, listener: &str, ip: IpAddr) -> Option<Admitted> {
        let now = self.clock.monotonic();
        // An IPv4 client of a socket for both families is the same client.
        let ip = ip.to_canonical();
        let mut state = self.state.lock();
        match state.decide(now, listener, ip) {
            Ok(()) => Some(Admitted { admission: Arc::clone(self), listener: listener.to_owned(), ip }),
            Err(refusal) => {
                self.refused[refusal as usize].fetch_add(1, Ordering::Relaxed);
                state.refused_since += 1;
                let due = state.last_line.is_none_or(|last| now.since(last) >= LINE_INTERVAL);
                if due {
                    let connections = std::mem::take(&mut state.refused_since);
                    state.last_line = Some(now);
                    drop(state);
                    let limit = refusal.name();
                    tracing::info!(listener, %ip, limit, connections, "connections refused");
                }
                None
            }
        }
    }

    /// Connections refused so far, by reason.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Refusal::ALL.iter().zip(&self.refused).map(|(refusal, count)| (refusal.name(), count.load(Ordering::Relaxed)))
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut state = self.admission.state.lock();
        state.open -= 1;
        leave(&mut state.open_by_listener, &self.listener);
        leave(&mut state.open_by_ip, &self.ip);
    }
}

fn leave<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl State {
    fn decide(&mut self, now: Monotonic, listener: &str, ip: IpAddr) -> Result<(), Refusal> {
        let own = self.limits.by_listener.get(listener).copied().unwrap_or(ListenerLimits::NONE);
        let here = self.open_by_listener.get(listener).copied().unwrap_or(0);
        if self.open >= self.limits.connections_max || here >= own.connections_max {
            return Err(Refusal::Connections);
        }
        let per_ip_max = self.limits.per_ip_overrides.get(&ip).copied().unwrap_or(self.limits.per_ip_max);
        if self.open_by_ip.get(&ip).copied().unwrap_or(0) >= per_ip_max {
            return Err(Refusal::ConnectionsPerIp);
        }
        self.count_rates(now, listener, ip, own)?;
        self.open += 1;
        *self.open_by_listener.entry(listener.to_owned()).or_default() += 1;
        *self.open_by_ip.entry(ip).or_default() += 1;
        Ok(())
    }

    /// Counts the connection in every rate that is limited, or in none.
    fn count_rates(&mut self, now: Monotonic, listener: &str, ip: IpAddr, own: ListenerLimits) -> Result<(), Refusal> {
        let window = self.window;
        if self.rates_by_ip.len() >= limits::QUOTA_CLIENTS_MAX {
            self.rates_by_ip.retain(|_, rate| !rate.is_empty(now, window));
        }
        let mut rates: Vec<(&mut Rate, f64)> = Vec::new();
        if let Some(limit) = self.limits.creation_rate_max {
            rates.push((&mut self.rate, limit));
        }
        if let Some(limit) = own.creation_rate_max {
            let rate = self.rates_by_listener.entry(listener.to_owned()).or_insert_with(|| Rate::new(now));
            rates.push((rate, limit));
        }
        if self.quotas.limits_ips()
            && let Some(limit) = self.quotas.connection_rate(&ip.to_string())
        {
            rates.push((self.rates_by_ip.entry(ip).or_insert_with(|| Rate::new(now)), limit));
        }
        let mut refused = false;
        for (rate, limit) in &mut rates {
            rate.record(now, window, 1.0);
            refused |= rate.per_second(now, window) > *limit;
        }
        if !refused {
            return Ok(());
        }
        rates.into_iter().for_each(|(rate, _)| rate.record(now, window, -1.0));
        Err(Refusal::CreationRate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: QuotaWindow = QuotaWindow { samples: 11, sample: Duration::from_secs(1) };

    fn ip(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    fn state(change: impl FnOnce(&mut ConnectionLimits)) -> State {
        let mut limits = ConnectionLimits::none();
        change(&mut limits);
        let admission = Admission::new(Clock::start(), limits, WINDOW);
        admission.state.into_inner()
    }

    fn at(millis: u64) -> Monotonic {
        Monotonic::from_millis(1_000_000 + millis)
    }

    #[test]
    fn the_broker_the_listener_and_the_address_have_their_limits() {
        let mut limited = state(|limits| {
            limits.connections_max = 4;
            limits.per_ip_max = 2;
            limits.per_ip_overrides.insert(ip(9), 1);
            limits.by_listener.insert("B".into(), ListenerLimits { connections_max: 1, creation_rate_max: None });
        });
        assert_eq!(limited.decide(at(0), "A", ip(1)), Ok(()));
        assert_eq!(limited.decide(at(0), "A", ip(1)), Ok(()));
        assert_eq!(limited.decide(at(0), "A", ip(1)), Err(Refusal::ConnectionsPerIp));
        assert_eq!(limited.decide(at(0), "B", ip(9)), Ok(()));
        assert_eq!(limited.decide(at(0), "B", ip(2)), Err(Refusal::Connections));
        assert_eq!(limited.decide(at(0), "A", ip(9)), Err(Refusal::ConnectionsPerIp));
        assert_eq!(limited.decide(at(0), "A", ip(3)), Ok(()));
        assert_eq!(limited.decide(at(0), "A", ip(4)), Err(Refusal::Connections));
        assert_eq!(limited.open, 4);
    }

    #[test]
    fn who_comes_too_fast_waits_outside() {
        let mut limited = state(|limits| limits.creation_rate_max = Some(2.0));
        let mut taken = 0;
        for millis in 0..1000 {
            taken += usize::from(limited.decide(at(millis), "A", ip(1)).is_ok());
        }
        // Ten seconds' worth at once, as client quotas have it.
        assert!((20..=22).contains(&taken), "{taken}");
        assert_eq!(limited.decide(at(1000), "A", ip(1)), Err(Refusal::CreationRate));
        assert_eq!(limited.decide(at(13_000), "A", ip(1)), Ok(()));
    }

    #[test]
    fn a_connection_counts_until_it_ends() {
        let mut limits = ConnectionLimits::none();
        limits.per_ip_max = 1;
        let admission = Arc::new(Admission::new(Clock::start(), limits, WINDOW));
        let first = admission.admit("A", ip(1));
        assert!(first.is_some() && admission.admit("A", ip(1)).is_none());
        let mapped = "::ffff:10.0.0.1".parse().unwrap();
        assert!(admission.admit("A", mapped).is_none(), "the same client in other clothes");
        drop(first);
        assert!(admission.admit("A", ip(1)).is_some());
        assert_eq!(admission.refused().map(|(_, count)| count).sum::<u64>(), 2);
    }
}
