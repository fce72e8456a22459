//! Percentiles of latencies in constant memory: exact below 256 µs, then within 1/128 of the value.

use std::time::Duration;

use serde_json::{Value, json};

/// Buckets of each power of two.
const SUB_BUCKETS: u64 = 128;

/// Counts latencies.
#[derive(Clone, Debug)]
pub(super) struct Percentiles {
    counts: Vec<u64>,
    count: u64,
    sum_micros: u64,
    max_micros: u64,
}

impl Default for Percentiles {
    fn default() -> Self {
        // 57 powers of two above the exact part: every 64-bit value has a bucket.
        Percentiles { counts: vec![0; SUB_BUCKETS as usize * 59], count: 0, sum_micros: 0, max_micros: 0 }
    }
}

fn bucket(micros: u64) -> usize {
    if micros < 2 * SUB_BUCKETS {
        return micros as usize;
    }
    let shift = micros.ilog2() - SUB_BUCKETS.ilog2();
    (u64::from(shift) * SUB_BUCKETS + (micros >> shift)) as usize
}

/// The largest value of a bucket.
fn upper_bound(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * SUB_BUCKETS {
        return bucket;
    }
    let shift = bucket / SUB_BUCKETS - 1;
    let top = bucket % SUB_BUCKETS + SUB_BUCKETS;
    (top << shift) + ((1 << shift) - 1)
}

impl Percentiles {
    /// Counts a latency.
    pub(super) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(micros)) {
            *count += 1;
        }
        self.count += 1;
        self.sum_micros = self.sum_micros.saturating_add(micros);
        self.max_micros = self.max_micros.max(micros);
    }

    /// How many were counted.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The latency that `percent` of all are not above (milliseconds); 0 if there are none.
    pub(super) fn millis(&self, percent: f64) -> f64 {
        let rank = ((percent / 100.0) * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_bound(index).min(self.max_micros) as f64 / 1000.0;
            }
        }
        self.max_micros as f64 / 1000.0
    }

    /// The mean (milliseconds); 0 if there are none.
    pub(super) fn mean_millis(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum_micros as f64 / self.count as f64 / 1000.0 }
    }

    /// The largest (milliseconds).
    pub(super) fn max_millis(&self) -> f64 {
        self.max_micros as f64 / 1000.0
    }

    /// `mean 0.4 ms, p50 0.3, ...`
    pub(super) fn summary(&self) -> String {
        format!(
            "mean {:.2} ms, p50 {:.2}, p95 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}",
            self.mean_millis(),
            self.millis(50.0),
            self.millis(95.0),
            self.millis(99.0),
            self.millis(99.9),
            self.max_millis()
        )
    }

    /// The same for scripts.
    pub(super) fn as_json(&self) -> Value {
        json!({
            "mean_ms": self.mean_millis(),
            "p50_ms": self.millis(50.0),
            "p95_ms": self.millis(95.0),
            "p99_ms": self.millis(99.0),
            "p99_9_ms": self.millis(99.9),
            "max_ms": self.max_millis(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: impl IntoIterator<Item = u64>) -> Percentiles {
        let mut percentiles = Percentiles::default();
        micros.into_iter().for_each(|micros| percentiles.add(Duration::from_micros(micros)));
        percentiles
    }

    #[test]
    fn small_values_are_exact() {
        let hundred = of(1..=100);
        assert_eq!(hundred.millis(50.0), 0.050);
        assert_eq!(hundred.millis(99.0), 0.099);
        assert_eq!(hundred.millis(100.0), 0.100);
        assert_eq!(hundred.mean_millis(), 0.0505);
        assert_eq!(of([7]).millis(99.9), 0.007);
        assert_eq!(of([]).millis(99.0), 0.0);
    }

    #[test]
    fn large_values_are_near() {
        for value in [300u64, 12_345, 999_999, 123_456_789, u64::MAX / 1000] {
            let two = of([value, value * 2]);
            let found = two.millis(50.0) * 1000.0;
            assert!((found - value as f64).abs() <= value as f64 / 128.0, "{value}: {found}");
            assert_eq!(two.millis(100.0), two.max_millis());
        }
    }

    #[test]
    fn every_value_lies_in_its_bucket() {
        for value in (0..64).map(|bit| 1u64 << bit).chain([0, 255, 256, 257, 511, 512, u64::MAX]) {
            let index = bucket(value);
            assert!(upper_bound(index) >= value, "{value}");
            assert!(index == 0 || upper_bound(index - 1) < value, "{value}");
            assert!(index < Percentiles::default().counts.len());
        }
    }
}
