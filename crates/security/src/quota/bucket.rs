//! A bucket of tokens: it fills at the quota's rate, takes a burst at once, and may go below zero (KIP-599).

use std::time::Duration;

use stream_types::Monotonic;

/// How fast a bucket fills, and how full it gets.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limit {
    /// Tokens per second.
    pub per_second: f64,
    /// Tokens of a full bucket.
    pub burst: f64,
}

/// Tokens that are left, and when they were counted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TokenBucket {
    tokens: f64,
    counted: Monotonic,
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(now: Monotonic, limit: Limit) -> TokenBucket {
        TokenBucket { tokens: limit.burst, counted: now }
    }

    /// Takes tokens, if need be ones that are not there yet.
    pub fn take(&mut self, now: Monotonic, limit: Limit, tokens: f64) {
        self.fill(now, limit);
        self.tokens -= tokens;
    }

    /// How long until the bucket is not below zero any more.
    pub fn wait(&mut self, now: Monotonic, limit: Limit) -> Duration {
        self.fill(now, limit);
        if self.tokens >= 0.0 || limit.per_second <= 0.0 {
            return Duration::ZERO;
        }
        let millis = (-self.tokens / limit.per_second * 1000.0).ceil();
        if millis >= u64::MAX as f64 { Duration::MAX } else { Duration::from_millis(millis as u64) }
    }

    /// Whether there is nothing to remember.
    pub fn is_full(&self, now: Monotonic, limit: Limit) -> bool {
        let mut filled = *self;
        filled.fill(now, limit);
        filled.tokens >= limit.burst
    }

    fn fill(&mut self, now: Monotonic, limit: Limit) {
        let gained = now.since(self.counted).as_secs_f64() * limit.per_second;
        self.tokens = (self.tokens + gained).min(limit.burst);
        self.counted = now;
    }
}
