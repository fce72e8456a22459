//! Seeds that found something once, with what it was. They run first, and for ever: whoever repairs a failure adds the
//! seed here in the same change.

/// A seed that failed.
#[derive(Clone, Copy, Debug)]
pub struct Regression {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The seed.
    pub seed: u64,
    /// What it found.
    pub found: &'static str,
}

/// Every one.
pub const REGRESSIONS: &[Regression] = &[Regression {
    scenario: "elections",
    seed: 119,
    found: "an append of an earlier term that came late was called impossible: its entry had been replaced since",
}];
