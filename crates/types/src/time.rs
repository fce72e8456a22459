//! Time as values: machines are handed `Now` and never read a clock.

use std::fmt;
use std::time::Duration;

/// Time since the process started, on the monotonic clock. Deadlines use it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Monotonic(pub Duration);

impl Monotonic {
    /// The moment `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Monotonic(Duration::from_millis(millis))
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Monotonic(self.0 + duration)
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    pub fn since(self, earlier: Monotonic) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Milliseconds since 1970 (UTC) on the wall clock. Record timestamps and retention use it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallMillis(pub i64);

impl fmt::Debug for WallMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// What both clocks say at one moment; an argument of every decision that depends on time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// For deadlines: never goes back.
    pub monotonic: Monotonic,
    /// For timestamps and retention: may jump.
    pub wall: WallMillis,
}
