//! Several nodes in a simulated world: founding, growth, replacement, and safety under faults.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use stream_quorum::ReplicaStatus;
use stream_types::NodeId;
use support::{Cluster, Faults};

const HARSH: Faults = Faults { loss: 5, duplication: 5, crash: 8, isolation: 8, snapshot: 20, corruption: 0 };

fn three(seed: u64) -> Cluster {
    let mut cluster = Cluster::new(seed);
    for id in 1..=3 {
        cluster.start(id, &[1, 2, 3]);
    }
    cluster
}

#[test]
fn three_empty_nodes_become_one_cluster() {
    let mut cluster = three(1);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
    for member in cluster.members.values() {
        assert_eq!(member.node.as_ref().unwrap().cluster_id(), Some("cluster-of-1"));
    }
    for _ in 0..20 {
        cluster.propose();
    }
    cluster.until("everything everywhere", |cluster| cluster.committed.len() == 20 && cluster.is_settled(&[1, 2, 3]));
}

#[test]
fn the_founder_waits_until_every_listed_voter_has_answered() {
    let mut cluster = Cluster::new(2);
    cluster.start(1, &[1, 2, 3]);
    cluster.start(3, &[1, 2, 3]);
    cluster.run(20_000);
    assert_eq!(cluster.leader(), None);
    cluster.start(2, &[1, 2, 3]);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
}

#[test]
fn one_grows_to_three() {
    let mut cluster = Cluster::new(3);
    cluster.start(1, &[1]);
    assert_eq!(cluster.leader(), Some(NodeId(1)));
    for _ in 0..10 {
        cluster.propose();
    }
    // The same directory with a longer list, and two new nodes.
    cluster.crash(NodeId(1));
    cluster.members.get_mut(&NodeId(1)).unwrap().config.voters = vec![NodeId(1), NodeId(2), NodeId(3)];
    cluster.open(NodeId(1));
    cluster.start(2, &[1, 2, 3]);
    cluster.start(3, &[1, 2, 3]);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
    cluster.crash(NodeId(1));
    cluster.members.get_mut(&NodeId(1)).unwrap().config.voters.clear();
    cluster.until("all three again", |cluster| cluster.is_settled(&[1, 2, 3]));
}

#[test]
fn a_broker_that_is_not_listed_stays_a_learner() {
    let mut cluster = Cluster::new(4);
    cluster.start(1, &[1]);
    cluster.start(7, &[1]);
    cluster.propose();
    cluster.until("the learner has the entry", |cluster| {
        let status = cluster.status(NodeId(1));
        let caught_up = |observer: &ReplicaStatus| observer.log_end_offset == status.log_end_offset;
        cluster.is_settled(&[1]) && status.observers.iter().any(caught_up)
    });
    let status = cluster.status(NodeId(1));
    assert_eq!(status.observers.len(), 1);
    assert_eq!(status.observers[0].replica.node, NodeId(7));
    assert!(status.observers[0].last_caught_up.is_some());
}

#[test]
fn a_wiped_disk_is_a_new_replica_that_replaces_the_old() {
    let mut cluster = three(5);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
    for _ in 0..5 {
        cluster.propose();
    }
    cluster.until("all of it", |cluster| cluster.is_settled(&[1, 2, 3]));
    let before = cluster.status(cluster.leader().unwrap()).voters;
    let follower = *cluster.members.keys().find(|id| Some(**id) != cluster.leader()).unwrap();
    cluster.start(follower.0, &[1, 2, 3]);
    let old = before.iter().find(|voter| voter.replica.node == follower).unwrap().replica;
    cluster.until("the new replica votes, the old one is gone", |cluster| {
        let Some(leader) = cluster.leader() else { return false };
        let voters = cluster.status(leader).voters;
        cluster.is_settled(&[1, 2, 3]) && voters.iter().all(|voter| voter.replica != old)
    });
}

#[test]
fn a_log_that_was_removed_under_its_directory_id_is_not_trusted() {
    let mut cluster = three(6);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
    let follower = *cluster.members.keys().find(|id| Some(**id) != cluster.leader()).unwrap();
    let config = cluster.members[&follower].config.clone();
    let mut disk = support::crash_disk::CrashDisk::default();
    disk.crash(&mut cluster.random);
    let member = cluster.members.get_mut(&follower).unwrap();
    member.disk = disk;
    member.config = config;
    cluster.open(follower);
    // The node stops (the simulation counts that as a crash) as soon as a voter tells it.
    cluster.until("it stops", |cluster| cluster.members[&follower].node.is_none());
}

#[test]
fn a_follower_far_behind_gets_a_snapshot() {
    let mut cluster = three(7);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
    let follower = *cluster.members.keys().find(|id| Some(**id) != cluster.leader()).unwrap();
    cluster.crash(follower);
    let mut away = cluster.members.remove(&follower).unwrap();
    for _ in 0..1_500 {
        cluster.propose();
        cluster.run(20);
    }
    let leader = cluster.leader().unwrap();
    cluster.snapshot(leader);
    away.snapshots_installed = 0;
    cluster.members.insert(follower, away);
    cluster.until("caught up", |cluster| cluster.is_settled(&[1, 2, 3]));
    assert_eq!(cluster.members[&follower].snapshots_installed, 1);
}

#[test]
fn a_new_member_gets_a_snapshot_that_names_it() {
    let mut cluster = Cluster::new(8);
    cluster.start(1, &[1, 2]);
    cluster.start(2, &[1, 2]);
    cluster.until("two voters", |cluster| cluster.is_settled(&[1, 2]));
    for _ in 0..1_500 {
        cluster.propose();
        cluster.run(20);
    }
    let leader = cluster.leader().unwrap();
    cluster.snapshot(leader);
    cluster.start(3, &[1, 2]);
    cluster.until("the learner caught up", |cluster| cluster.is_settled(&[1, 2]));
    assert_eq!(cluster.members[&NodeId(3)].snapshots_installed, 1);
}

#[test]
fn a_removed_voter_stays_a_learner() {
    let mut cluster = three(9);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
    for removed in [true, false] {
        // A follower first, then the leader itself.
        let leader = cluster.leader().unwrap();
        let voters = cluster.status(leader).voters;
        let victim = voters.iter().find(|voter| (voter.replica.node != leader) == removed).unwrap().replica;
        cluster.members.get_mut(&leader).unwrap().node.as_mut().unwrap().remove_voter(victim).unwrap();
        cluster.advance(leader);
        cluster.until("one voter less", |cluster| {
            let Some(leader) = cluster.leader() else { return false };
            let status = cluster.status(leader);
            let back = status.observers.iter().any(|observer| observer.replica == victim);
            status.voters.len() == voters.len() - 1 && back
        });
        cluster.run(5_000);
        let leader = cluster.leader().unwrap();
        assert_eq!(cluster.status(leader).voters.len(), voters.len() - 1);
    }
}

#[test]
fn leadership_is_handed_over_on_request() {
    let mut cluster = three(10);
    cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
    let leader = cluster.leader().unwrap();
    assert!(cluster.members.get_mut(&leader).unwrap().node.as_mut().unwrap().resign());
    cluster.advance(leader);
    let start = cluster.millis;
    cluster.until("another leads", |cluster| cluster.leader().is_some_and(|id| id != leader));
    assert!(cluster.millis - start < 500, "took {} ms", cluster.millis - start);
}

fn harsh(seed: u64, millis: u64) -> Cluster {
    let mut cluster = three(seed);
    cluster.faults = HARSH;
    let end = cluster.millis + millis;
    while cluster.millis < end {
        cluster.step();
        if cluster.random.chance(10) {
            cluster.propose();
        }
    }
    cluster.faults = Faults::default();
    cluster.until("agreement after the storm", |cluster| cluster.is_settled(&[1, 2, 3]));
    cluster
}

#[test]
fn nothing_committed_is_lost_in_a_storm() {
    let mut committed = 0;
    for seed in 100..116 {
        println!("seed {seed}");
        committed += harsh(seed, 60_000).committed.len();
    }
    assert!(committed > 1_000, "the storm let only {committed} entries through");
}

#[test]
fn one_seed_gives_one_course_of_events() {
    let first = harsh(42, 20_000);
    let second = harsh(42, 20_000);
    assert_eq!(first.trace_hash(), second.trace_hash());
    assert_ne!(first.trace_hash(), harsh(43, 20_000).trace_hash());
}

#[test]
fn a_disk_that_lies_about_its_syncs_is_found_out() {
    let lying = |seed| {
        let mut cluster = three(seed);
        for member in cluster.members.values() {
            member.disk.lie();
        }
        cluster.faults = HARSH;
        for _ in 0..6_000 {
            cluster.step();
            if cluster.random.chance(10) {
                cluster.propose();
            }
        }
    };
    let found = (0..5).any(|seed| std::panic::catch_unwind(|| lying(seed)).is_err());
    assert!(found, "the invariants hold although nothing is ever synced");
}

#[test]
fn messages_with_changed_bytes_never_panic() {
    for seed in 200..220 {
        println!("seed {seed}");
        let mut cluster = three(seed);
        cluster.until("three voters", |cluster| cluster.is_settled(&[1, 2, 3]));
        cluster.faults = Faults { corruption: 30, snapshot: 20, ..Faults::default() };
        for _ in 0..4_000 {
            cluster.step();
            if cluster.random.chance(10) {
                cluster.propose();
            }
        }
    }
}
