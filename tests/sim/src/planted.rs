//! Bugs that are planted to see that the simulation finds them. They live in the simulated world and in the drivers
//! here, never in the machines.

/// A planted bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planted {
    /// After a crash the disk has an older `quorum-state` than was synced: a vote is forgotten.
    ForgottenVote,
    /// What was appended counts as synced at once.
    AckBeforeSync,
    /// After a crash recovery is told that the shutdown was clean.
    TornTailBelieved,
    /// A reply leaves when its records are proposed.
    ReplyBeforeCommit,
}

impl Planted {
    /// The bug of this name.
    pub fn named(name: &str) -> Option<Planted> {
        Some(match name {
            "forgotten-vote" => Planted::ForgottenVote,
            "ack-before-sync" => Planted::AckBeforeSync,
            "torn-tail-believed" => Planted::TornTailBelieved,
            "reply-before-commit" => Planted::ReplyBeforeCommit,
            _ => return None,
        })
    }
}
