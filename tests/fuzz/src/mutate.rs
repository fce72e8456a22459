//! Bends inputs: bits, lengths that lie, pieces of other inputs.

/// Splitmix64: the same seed gives the same inputs.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
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
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "there is something to choose");
        usize::try_from(self.draw() % bound as u64).expect("it is below a usize")
    }
}

/// Numbers at which code changes its mind, as they stand in messages.
const NUMBERS: [&[u8]; 12] = [
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff],
    &[0x80, 0x00, 0x00, 0x00],
    &[0x00, 0x10, 0x00, 0x00],
    &[0x7f, 0xff],
    &[0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    &[0x00],
    &[0xff],
    &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

/// Longest input that is made (bytes).
const INPUT_BYTES_MAX: usize = 16 * 1024;

/// An input made from one of `seeds`, a few steps away from it.
pub fn next_input(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = if seeds.is_empty() { Vec::new() } else { seeds[random.below(seeds.len())].clone() };
    for _ in 0..=random.below(5) {
        step(random, &mut input, seeds);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

fn step(random: &mut Random, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = random.below(input.len() + 1);
    match random.below(8) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.draw().to_le_bytes()[0];
            }
        }
        2 => {
            let number = NUMBERS[random.below(NUMBERS.len())];
            let end = input.len().min(at + number.len());
            input.splice(at..end, number.iter().copied());
        }
        3 => {
            let number = NUMBERS[random.below(NUMBERS.len())];
            input.splice(at..at, number.iter().copied());
        }
        4 => input.truncate(at),
        5 => {
            let end = at + random.below(input.len() - at + 1);
            input.drain(at..end);
        }
        6 => {
            let end = at + random.below(input.len() - at + 1);
            let piece = input[at..end].to_vec();
            input.splice(at..at, piece);
        }
        _ => splice_from_another(random, input, at, seeds),
    }
}

fn splice_from_another(random: &mut Random, input: &mut Vec<u8>, at: usize, seeds: &[Vec<u8>]) {
    if seeds.is_empty() {
        input.push(random.draw().to_le_bytes()[0]);
        return;
    }
    let other = &seeds[random.below(seeds.len())];
    let from = random.below(other.len() + 1);
    input.truncate(at);
    input.extend_from_slice(&other[from..]);
}
