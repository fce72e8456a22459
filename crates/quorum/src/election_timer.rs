//! Election time-outs from a seed.
//!
//! The Raft library draws its own from the thread's random source. A new one is drawn here after
//! every change of term or role and put in its place, so that one seed gives one course of events.

use raft::{RawNode, StateRole};

use crate::storage::EntryStorage;

/// Shortest time-out in ticks; the longest is just below twice that.
pub(crate) const ELECTION_TICKS: usize = 20;
/// Ticks between two heartbeats of a leader.
pub(crate) const HEARTBEAT_TICKS: usize = 3;

#[derive(Debug)]
pub(crate) struct ElectionTimer {
    random: u64,
    drawn_for: Option<(u64, StateRole)>,
    ticks: usize,
}

impl ElectionTimer {
    pub(crate) fn new(seed: u64) -> ElectionTimer {
        ElectionTimer { random: seed, drawn_for: None, ticks: ELECTION_TICKS }
    }

    /// To be called after everything that may have changed term or role.
    pub(crate) fn settle(&mut self, raw: &mut RawNode<EntryStorage>) {
        let current = (raw.raft.term, raw.raft.state);
        if self.drawn_for != Some(current) {
            self.drawn_for = Some(current);
            self.ticks = ELECTION_TICKS + (self.next() % ELECTION_TICKS as u64) as usize;
        }
        if raw.raft.randomized_election_timeout() != self.ticks {
            raw.raft.set_randomized_election_timeout(self.ticks);
        }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
