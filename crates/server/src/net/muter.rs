//! Stops the reading from one connection for a while (KIP-219).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stream_types::Monotonic;

/// Mutes one connection from wherever its requests are answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Muter(Arc<AtomicU64>);

impl Muter {
    /// Nothing is read before `until`; a longer pause stays.
    pub(crate) fn mute_until(&self, until: Monotonic) {
        let nanos = u64::try_from(until.0.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_max(nanos, Ordering::Relaxed);
    }

    /// How long nothing is to be read; None if the connection is not muted. `now` is asked only where it may be.
    pub(crate) fn remaining(&self, now: impl FnOnce() -> Monotonic) -> Option<Duration> {
        let until = self.0.load(Ordering::Relaxed);
        if until == 0 {
            return None;
        }
        let remaining = Monotonic(Duration::from_nanos(until)).since(now());
        if remaining.is_zero() {
            // Over; a pause that was set meanwhile stays.
            let _ = self.0.compare_exchange(until, 0, Ordering::Relaxed, Ordering::Relaxed);
            return None;
        }
        Some(remaining)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pause_counts_and_ends() {
        let muter = Muter::default();
        let remaining = |millis| muter.remaining(|| Monotonic::from_millis(millis));
        assert_eq!(remaining(0), None);
        muter.mute_until(Monotonic::from_millis(50));
        muter.mute_until(Monotonic::from_millis(20));
        assert_eq!(remaining(10), Some(Duration::from_millis(40)));
        assert_eq!(remaining(50), None);
        assert_eq!(remaining(10), None, "a pause that ended does not come back");
    }
}
