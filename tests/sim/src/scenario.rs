//! Runs of a seed, for tests and the command line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::broker::{self, Broker};
use crate::cluster::{self, Cluster};
use crate::planted::Planted;
use crate::trace::Trace;
use crate::violation::Checked;

/// What came of one seed.
#[derive(Clone, Debug)]
pub struct Report {
    /// What happened.
    pub trace: Trace,
    /// The promise that was broken, if one was.
    pub violation: Option<String>,
}

/// A simulated world with a name.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Seeds in an ordinary test run.
    pub seeds: u64,
    /// Runs a seed with a planted bug or none.
    run: fn(u64, Option<Planted>, &mut Trace) -> Checked,
}

/// Every scenario.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "cluster", seeds: 28, run: run_cluster },
    Scenario { name: "elections", seeds: 20, run: run_elections },
    Scenario { name: "broker", seeds: 60, run: run_broker },
];

impl Scenario {
    /// The scenario of this name.
    pub fn named(name: &str) -> Option<Scenario> {
        SCENARIOS.iter().copied().find(|scenario| scenario.name == name)
    }

    /// Runs a seed. A panic of a machine is a broken promise too.
    pub fn run(&self, seed: u64, planted: Option<Planted>, echo: bool) -> Report {
        let mut trace = Trace::new(echo);
        let ended = catch_unwind(AssertUnwindSafe(|| (self.run)(seed, planted, &mut trace)));
        let violation = match ended {
            Ok(Ok(())) => None,
            Ok(Err(violation)) => Some(violation.0),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Some(format!("panic: {}", text.unwrap_or_default()))
            }
        };
        Report { trace, violation }
    }

    /// Runs a seed and panics with all that is needed to repeat it if a promise was broken.
    pub fn assert_kept(&self, seed: u64) -> Report {
        let report = self.run(seed, None, false);
        if let Some(violation) = &report.violation {
            panic!("{}", self.describe(seed, &report, violation));
        }
        report
    }

    /// The end of a failed run, for people.
    pub fn describe(&self, seed: u64, report: &Report, violation: &str) -> String {
        let last: Vec<&str> = report.trace.last().collect();
        format!(
            "{}\n{} seed {seed}: {violation}\nrepeat it: cargo run -p stream-sim -- {} --seed {seed}\n\
             then keep it: add the seed to tests/sim/src/regressions.rs",
            last.join("\n"),
            self.name,
            self.name,
        )
    }

    /// The first of `seeds` that finds the planted bug, and what it says.
    pub fn hunt(&self, planted: Planted, seeds: u64) -> Option<(u64, String)> {
        (0..seeds).find_map(|seed| Some((seed, self.run(seed, Some(planted), false).violation?)))
    }
}

fn run_cluster(seed: u64, planted: Option<Planted>, trace: &mut Trace) -> Checked {
    let config = cluster::Config { planted, ..cluster::Config::of_seed(seed) };
    Cluster::new(seed, config).run(trace)
}

fn run_elections(seed: u64, planted: Option<Planted>, trace: &mut Trace) -> Checked {
    let config = cluster::Config { planted, ..cluster::Config::of_elections() };
    Cluster::new(seed, config).run(trace)
}

fn run_broker(seed: u64, planted: Option<Planted>, trace: &mut Trace) -> Checked {
    let config = broker::Config { planted, ..broker::Config::of_seed(seed) };
    Broker::new(seed, config).run(trace)
}
