//! Values that compress about as well as text does: letters from a seeded generator.

use bytes::Bytes;

const POOL_BYTES: usize = 1 << 20;

/// Values of one size, cut from a pool.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pool: Bytes,
    size: usize,
    at: usize,
}

impl Payload {
    /// Values of `size` bytes.
    pub(super) fn new(size: usize) -> Payload {
        let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut letter = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            b'a' + (state % 26) as u8
        };
        let pool: Vec<u8> = (0..POOL_BYTES.max(size * 2)).map(|_| letter()).collect();
        Payload { pool: pool.into(), size, at: 0 }
    }

    /// The next value.
    pub(super) fn next(&mut self) -> Bytes {
        let value = self.pool.slice(self.at..self.at + self.size);
        // A prime step: values repeat only after the whole pool.
        self.at = (self.at + 8191) % (self.pool.len() - self.size);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_size_and_differ() {
        for size in [0, 1, 100, 1 << 20] {
            let mut payload = Payload::new(size);
            let (first, second) = (payload.next(), payload.next());
            assert_eq!((first.len(), second.len()), (size, size));
            assert!(size < 100 || first != second);
        }
    }
}
