//! A rate over a sliding window of samples, measured as Kafka's `Rate` and `SampledStat` measure it.
//!
//! The window is never shorter than all samples but one, so that a first burst is not taken for a rate.

use std::collections::VecDeque;
use std::time::Duration;

use stream_types::Monotonic;

use super::QuotaWindow;

/// What one client used, by sample.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Oldest first; never empty.
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    start: Monotonic,
    last: Monotonic,
    value: f64,
    events: u64,
}

impl Sample {
    fn at(now: Monotonic) -> Sample {
        Sample { start: now, last: now, value: 0.0, events: 0 }
    }
}

impl Rate {
    /// Nothing used yet.
    pub fn new(now: Monotonic) -> Rate {
        Rate { samples: VecDeque::from([Sample::at(now)]) }
    }

    /// Counts `value` units.
    pub fn record(&mut self, now: Monotonic, window: QuotaWindow, value: f64) {
        let current = self.samples.back().copied();
        if current.is_none_or(|sample| now.since(sample.start) >= window.sample) {
            self.samples.push_back(Sample::at(now));
            // One more than the window has: the oldest may still overlap with it.
            while self.samples.len() > window.samples as usize + 1 {
                self.samples.pop_front();
            }
        }
        if let Some(sample) = self.samples.back_mut() {
            sample.value += value;
            sample.events += 1;
            sample.last = now;
        }
    }

    /// Units per second.
    pub fn per_second(&mut self, now: Monotonic, window: QuotaWindow) -> f64 {
        let span = self.span(now, window).as_secs_f64();
        let used: f64 = self.samples.iter().map(|sample| sample.value).sum();
        used / span
    }

    /// How long to use nothing until the rate is `limit` again; zero if it is not above it.
    pub fn throttle(&mut self, now: Monotonic, window: QuotaWindow, limit: f64) -> Duration {
        let excess = self.per_second(now, window) - limit;
        if excess <= 0.0 || limit <= 0.0 {
            return Duration::ZERO;
        }
        let seconds = excess / limit * self.span(now, window).as_secs_f64();
        // Milliseconds are what clients are told; less than one is none, as in Kafka.
        let millis = (seconds * 1000.0).round();
        if millis >= u64::MAX as f64 { Duration::MAX } else { Duration::from_millis(millis as u64) }
    }

    /// Whether nothing was used in the window.
    pub fn is_empty(&mut self, now: Monotonic, window: QuotaWindow) -> bool {
        self.purge(now, window);
        self.samples.iter().all(|sample| sample.events == 0 || sample.value <= 0.0)
    }

    /// The time that the rate is measured over.
    fn span(&mut self, now: Monotonic, window: QuotaWindow) -> Duration {
        self.purge(now, window);
        let oldest = self.samples.front().map_or(now, |sample| sample.start);
        let elapsed = now.since(oldest);
        let full_samples = (elapsed.as_nanos() / window.sample.as_nanos().max(1)) as u32;
        let missing = window.samples.saturating_sub(1).saturating_sub(full_samples);
        let span = elapsed + window.sample * missing;
        if span.is_zero() { window.sample } else { span }
    }

    fn purge(&mut self, now: Monotonic, window: QuotaWindow) {
        let age_max = window.sample * window.samples;
        while self.samples.front().is_some_and(|sample| now.since(sample.last) >= age_max) {
            self.samples.pop_front();
        }
        if self.samples.is_empty() {
            self.samples.push_back(Sample::at(now));
        }
    }
}
