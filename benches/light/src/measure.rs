//! Latencies and their percentiles.

use std::time::Duration;

use serde_json::json;

/// What one run measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Bytes of record values.
    pub(crate) bytes: u64,
    /// Seconds from the first request to the last answer.
    pub(crate) seconds: f64,
    latencies: Vec<Duration>,
}

impl Measured {
    /// Notes the time from a request to its answer.
    pub(crate) fn latency(&mut self, latency: Duration) {
        self.latencies.push(latency);
    }

    /// Adds what another connection measured in the same time.
    pub(crate) fn merge(&mut self, other: Measured) {
        self.bytes += other.bytes;
        self.seconds = self.seconds.max(other.seconds);
        self.latencies.extend(other.latencies);
    }

    /// The result as one JSON object.
    pub(crate) fn report(mut self) -> String {
        self.latencies.sort_unstable();
        let percentile = |share: f64| {
            let index = (self.latencies.len() as f64 * share) as usize;
            let latency = self.latencies.get(index.min(self.latencies.len().saturating_sub(1)));
            latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
        };
        json!({
            "bytes": self.bytes,
            "seconds": self.seconds,
            "requests": self.latencies.len(),
            "mb_per_second": self.bytes as f64 / 1e6 / self.seconds,
            "p50_ms": percentile(0.5),
            "p99_ms": percentile(0.99),
            "p999_ms": percentile(0.999),
        })
        .to_string()
    }
}
