//! The one file that reads the clock and the operating system's random source, for the broker and the command line.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stream_types::{Monotonic, Now, WallMillis};

/// Both clocks, and the moment that the process calls zero.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the monotonic clock at zero.
    pub fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    /// What both clocks say now.
    pub fn now(&self) -> Now {
        Now { monotonic: self.monotonic(), wall: self.wall() }
    }

    /// The moment `wait` from now, as the runtime's timers count.
    pub fn deadline(&self, wait: Duration) -> tokio::time::Instant {
        tokio::time::Instant::now() + wait
    }

    /// Whether a moment of the runtime's timers is here.
    pub fn has_passed(&self, deadline: tokio::time::Instant) -> bool {
        tokio::time::Instant::now() >= deadline
    }

    /// Time since [`Clock::start`].
    pub fn monotonic(&self) -> Monotonic {
        Monotonic(self.start.elapsed())
    }

    /// Milliseconds since 1970.
    pub fn wall(&self) -> WallMillis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        WallMillis(since_epoch.as_millis() as i64)
    }
}

/// Milliseconds since 1970, for those who need nothing else of a clock.
pub fn wall_millis() -> i64 {
    Clock::start().wall().0
}

/// Fills `bytes` from the operating system's random source.
///
/// # Panics
/// When the kernel has no random source, which Linux rules out after boot.
pub fn fill_random(bytes: &mut [u8]) {
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
pub fn random_16() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    bytes
}

/// A random number, for seeds.
pub fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_le_bytes(bytes)
}
