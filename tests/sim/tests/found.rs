//! The simulation proves itself: each planted bug is found within so many seeds.

use stream_sim::broker::{every_workload, run_workload};
use stream_sim::planted::Planted;
use stream_sim::scenario::Scenario;

fn assert_found(scenario: &str, planted: Planted, seeds: u64) {
    let scenario = Scenario::named(scenario).expect("there is such a scenario");
    let found = scenario.hunt(planted, seeds);
    let (seed, violation) = found.unwrap_or_else(|| panic!("{planted:?} was not found by {seeds} seeds"));
    println!("{planted:?} was found by seed {seed}: {violation}");
    assert!(scenario.run(seed, None, false).violation.is_none(), "without the bug the seed is kept");
}

#[test]
fn a_forgotten_vote_is_found() {
    assert_found("elections", Planted::ForgottenVote, 400);
}

#[test]
fn a_metadata_reply_before_its_commit_is_found() {
    assert_found("cluster", Planted::ReplyBeforeCommit, 20);
}

#[test]
fn a_group_reply_before_its_commit_is_found() {
    assert_found("broker", Planted::ReplyBeforeCommit, 60);
}

#[test]
fn an_acknowledgement_before_the_sync_is_found() {
    assert_found("broker", Planted::AckBeforeSync, 60);
}

#[test]
fn a_torn_tail_that_is_believed_is_found() {
    assert_found("broker", Planted::TornTailBelieved, 60);
}

#[test]
fn small_workloads_find_what_belongs_to_one_broker() {
    for planted in [Planted::AckBeforeSync, Planted::TornTailBelieved, Planted::ReplyBeforeCommit] {
        let found = every_workload(2).iter().find_map(|workload| run_workload(workload, Some(planted)).err());
        println!("{planted:?}: {}", found.unwrap_or_else(|| panic!("{planted:?} was not found")));
    }
}
