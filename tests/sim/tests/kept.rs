//! Seeds of every scenario, all promises kept. `STREAM_SIM_SEEDS=N` runs N seeds of each instead of the usual few.

use std::collections::BTreeMap;

use stream_sim::broker::{self, every_workload, run_workload};
use stream_sim::cluster::workload;
use stream_sim::regressions::REGRESSIONS;
use stream_sim::scenario::{SCENARIOS, Scenario};

fn seeds(usual: u64) -> u64 {
    std::env::var("STREAM_SIM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(usual)
}

/// Runs a scenario's seeds; how often each outcome was reached.
fn run(name: &str) -> BTreeMap<String, u64> {
    let scenario = Scenario::named(name).expect("there is such a scenario");
    let mut reached = BTreeMap::new();
    for regression in REGRESSIONS.iter().filter(|regression| regression.scenario == name) {
        scenario.assert_kept(regression.seed);
    }
    for seed in 0..seeds(scenario.seeds) {
        for (outcome, count) in scenario.assert_kept(seed).trace.outcomes() {
            *reached.entry(outcome.clone()).or_insert(0) += count;
        }
    }
    println!("{reached:#?}");
    reached
}

fn assert_reached<'a>(reached: &BTreeMap<String, u64>, aims: impl IntoIterator<Item = &'a str>) {
    let missed: Vec<&str> = aims.into_iter().filter(|aim| !reached.contains_key(*aim)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
    assert!(!reached.contains_key("not aimed for"), "something happened that nobody aimed for");
}

#[test]
fn a_cluster_keeps_its_promises() {
    let reached = run("cluster");
    let quorum = [
        "quorum/elected",
        "quorum/following",
        "quorum/snapshot-written",
        "quorum/snapshot-loaded",
        "quorum/snapshot-received",
        "reply/lost-with-leadership",
        "reply/not-controller",
        "disk/power-loss",
    ];
    assert_reached(&reached, workload::outcomes().chain(quorum));
}

#[test]
fn a_quorum_that_only_elects_keeps_its_promises() {
    assert_reached(&run("elections"), ["quorum/elected", "quorum/resigned", "disk/power-loss"]);
}

#[test]
fn a_broker_keeps_its_promises() {
    assert_reached(&run("broker"), broker::OUTCOMES.iter().copied());
}

#[test]
fn every_small_workload_survives_a_power_loss_at_every_operation() {
    let mut points = 0;
    for workload in every_workload(3) {
        points += run_workload(&workload, None).unwrap_or_else(|violation| panic!("{violation}"));
    }
    println!("{points} power losses");
    assert!(points > 10_000, "workloads have operations to fail");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for scenario in SCENARIOS {
        let mut hashes = Vec::new();
        for seed in 0..4 {
            let first = scenario.run(seed, None, false).trace;
            let second = scenario.run(seed, None, false).trace;
            assert_eq!((first.hash(), first.lines()), (second.hash(), second.lines()), "{} {seed}", scenario.name);
            assert!(first.lines() > 50, "something happens");
            hashes.push(first.hash());
        }
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 4, "another seed is another trace");
    }
}
