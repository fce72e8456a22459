//! Kafka's one-minute rate: an exponentially weighted moving average, moved on every five seconds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often [`OneMinuteRate::tick`] is to be called.
pub(crate) const TICK: Duration = Duration::from_secs(5);

/// Events per second, weighted over about a minute, as Kafka's meters report under OneMinuteRate.
#[derive(Debug, Default)]
pub(crate) struct OneMinuteRate {
    /// The counter's value at the last tick.
    seen: AtomicU64,
    /// The rate as the bits of an `f64`; no bits set before the first tick that saw an event.
    rate: AtomicU64,
}

impl OneMinuteRate {
    /// Moves the average on by one [`TICK`]; `total` is the counter that it follows. Called by one task only.
    pub(crate) fn tick(&self, total: u64) {
        let seen = self.seen.swap(total, Ordering::Relaxed);
        let current = total.saturating_sub(seen) as f64 / TICK.as_secs_f64();
        let rate = self.per_second();
        // The first interval with events counts in full, as in Kafka, instead of rising slowly from zero.
        let moved = if rate == 0.0 { current } else { rate + weight() * (current - rate) };
        self.rate.store(moved.to_bits(), Ordering::Relaxed);
    }

    /// Events per second.
    pub(crate) fn per_second(&self) -> f64 {
        f64::from_bits(self.rate.load(Ordering::Relaxed))
    }
}

/// The weight of the newest interval in an average over one minute.
fn weight() -> f64 {
    1.0 - (-TICK.as_secs_f64() / 60.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_shows_its_rate_and_silence_decays_by_e_in_a_minute() {
        let rate = OneMinuteRate::default();
        rate.tick(0);
        assert_eq!(rate.per_second(), 0.0);
        for tick in 1..=3 {
            rate.tick(tick * 500);
            assert!((rate.per_second() - 100.0).abs() < 1e-9);
        }
        for _ in 0..12 {
            rate.tick(1500);
        }
        assert!((rate.per_second() - 100.0 / std::f64::consts::E).abs() < 1e-9);
    }
}
