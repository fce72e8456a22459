//! A few lines a second of each kind: clients that send nonsense, and disks that fail, fill no log.
//!
//! A kind is a place in the source that logs. What was left out is counted, and said every few seconds
//! ([`LineLimit::say_what_was_left_out`]) at the level that it had. The audit trail is not limited.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_types::Monotonic;
use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::logging::message_of;
use crate::clock::Clock;

/// Lines of one kind that may come at once.
const LINES_AT_ONCE: u32 = 20;
/// Lines of one kind a second after that.
const LINES_PER_SECOND: u32 = 5;
/// What is repeated of a line that was left out (characters): a path, and the reason behind it.
const EXAMPLE_CHARACTERS: usize = 512;
/// Targets whose every line counts.
const UNLIMITED_TARGETS: [&str; 2] = ["audit", "left_out"];

#[derive(Debug)]
struct Kind {
    level: Level,
    /// Lines that may still be written.
    left: u32,
    /// When `left` was last raised.
    since: Monotonic,
    left_out: u64,
    /// The first line that was left out.
    example: String,
}

impl Kind {
    fn admits(&mut self, now: Monotonic) -> bool {
        let seconds = u32::try_from(now.since(self.since).as_secs()).unwrap_or(u32::MAX);
        if seconds > 0 {
            self.left = self.left.saturating_add(seconds.saturating_mul(LINES_PER_SECOND)).min(LINES_AT_ONCE);
            self.since = now;
        }
        let admits = self.left > 0;
        self.left = self.left.saturating_sub(1);
        admits
    }
}

/// Decides which lines are written; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct LineLimit {
    clock: Clock,
    kinds: Arc<Mutex<HashMap<Identifier, Kind>>>,
}

impl LineLimit {
    pub(super) fn new(clock: Clock) -> LineLimit {
        LineLimit { clock, kinds: Arc::default() }
    }

    fn admits(&self, event: &Event<'_>, now: Monotonic) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || UNLIMITED_TARGETS.contains(&metadata.target()) {
            return true;
        }
        let mut kinds = self.kinds.lock();
        let kind = kinds.entry(metadata.callsite()).or_insert_with(|| Kind {
            level: *metadata.level(),
            left: LINES_AT_ONCE,
            since: now,
            left_out: 0,
            example: String::new(),
        });
        let admits = kind.admits(now);
        if !admits {
            if kind.left_out == 0 {
                kind.example = message_of(event).chars().take(EXAMPLE_CHARACTERS).collect();
            }
            kind.left_out += 1;
        }
        admits
    }

    /// Logs a line for each kind of which some were left out since the last time.
    pub(super) fn say_what_was_left_out(&self) {
        let mut said = Vec::new();
        for kind in self.kinds.lock().values_mut().filter(|kind| kind.left_out > 0) {
            said.push((kind.level, std::mem::take(&mut kind.left_out), std::mem::take(&mut kind.example)));
        }
        for (level, count, example) in said {
            let text = format!("{count} more lines like this one were left out: {example}");
            match level {
                Level::ERROR => tracing::error!(target: "left_out", "{text}"),
                Level::WARN => tracing::warn!(target: "left_out", "{text}"),
                _ => tracing::info!(target: "left_out", "{text}"),
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for LineLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.admits(event, self.clock.monotonic())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: u64) -> Monotonic {
        Monotonic(Duration::from_millis(millis))
    }

    #[test]
    fn a_burst_is_cut_and_a_trickle_is_not() {
        let mut kind =
            Kind { level: Level::INFO, left: LINES_AT_ONCE, since: at(0), left_out: 0, example: String::new() };
        let written = (0..1000).filter(|_| kind.admits(at(10))).count();
        assert_eq!(written, 20);
        assert_eq!((0..1000).filter(|_| kind.admits(at(1010))).count(), 5);
        assert_eq!((0..1000).filter(|_| kind.admits(at(900_000))).count(), 20);
        assert!((0..100).all(|number| kind.admits(at(1_000_000 + number * 300))));
    }
}
