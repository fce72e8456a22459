//! The one file that reads the clock and the operating system's random source.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stream_types::{Monotonic, Now, WallMillis};

/// Both clocks, and the moment that the process calls zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the monotonic clock at zero.
    pub(crate) fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    /// What both clocks say now.
    pub(crate) fn now(&self) -> Now {
        Now { monotonic: self.monotonic(), wall: self.wall() }
    }

    /// The moment `wait` from now, as the runtime's timers count.
    pub(crate) fn deadline(&self, wait: Duration) -> tokio::time::Instant {
        tokio::time::Instant::now() + wait
    }

    /// Whether a moment of the runtime's timers is here.
    pub(crate) fn has_passed(&self, deadline: tokio::time::Instant) -> bool {
        tokio::time::Instant::now() >= deadline
    }

    /// Time since [`Clock::start`].
    pub(crate) fn monotonic(&self) -> Monotonic {
        Monotonic(self.start.elapsed())
    }

    /// Milliseconds since 1970.
    pub(crate) fn wall(&self) -> WallMillis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        WallMillis(since_epoch.as_millis() as i64)
    }
}

/// Fills `bytes` from the operating system's random source.
///
/// # Panics
/// When the kernel has no random source, which Linux rules out after boot.
pub(crate) fn fill_random(bytes: &mut [u8]) {
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => panic!("the kernel gave no random bytes: {errno}"),
        }
    }
}

/// Sixteen random bytes, for a new id.
pub(crate) fn random_16() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    bytes
}

/// A random number, for seeds.
pub(crate) fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_le_bytes(bytes)
}
