//! How a run of the broker goes.

use crate::planted::Planted;

/// How a run goes.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long clients work and faults come (milliseconds of virtual time).
    pub storm_millis: u64,
    /// Mean time between two faults of disk or power (milliseconds).
    pub crash_every: u64,
    /// Members of the group.
    pub members: usize,
    /// Longest sync (milliseconds).
    pub sync_max: u64,
    /// A bug to be found.
    pub planted: Option<Planted>,
}

impl Config {
    /// What a seed runs by default.
    pub fn of_seed(seed: u64) -> Config {
        let config = Config { storm_millis: 20_000, crash_every: 1_500, members: 3, sync_max: 20, planted: None };
        match seed % 3 {
            0 => config,
            1 => Config { crash_every: 4_000, sync_max: 300, ..config },
            _ => Config { crash_every: 400, storm_millis: 10_000, sync_max: 5, ..config },
        }
    }
}
