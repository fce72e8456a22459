//! One stream of random numbers for each thing that chooses, so that a new fault in one of them leaves the choices of
//! the others, and thereby the recorded seeds, as they were.

use stream_metadata::RandomSource;

/// Who chooses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Loss, delay, repetition and partitions.
    Network,
    /// When the power fails and what is left then.
    Disk,
    /// Which of several things that are due comes first, and how late.
    Scheduler,
    /// What clients ask for.
    Workload,
    /// What machines are given as their own source: ids, election time-outs.
    Machines,
}

impl Stream {
    fn salt(self) -> u64 {
        match self {
            Stream::Network => 0x6e65_7477_6f72_6b00,
            Stream::Disk => 0x6469_736b_0000_0000,
            Stream::Scheduler => 0x7363_6865_6475_6c65,
            Stream::Workload => 0x776f_726b_6c6f_6164,
            Stream::Machines => 0x6d61_6368_696e_6573,
        }
    }
}

/// SplitMix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of `who` under this seed.
    pub fn new(seed: u64, who: Stream) -> Random {
        let mut random = Random(seed ^ who.salt());
        // Neighbouring seeds begin far from each other.
        random.0 = random.draw();
        random
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to one below `bound`, which is positive.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is something to choose");
        self.draw() % bound
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Yes, this often in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}

impl RandomSource for Random {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.draw() as u8;
        }
    }
}
