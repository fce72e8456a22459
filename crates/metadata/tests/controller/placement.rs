//! Where replicas of new partitions go.

use std::collections::{BTreeMap, BTreeSet};

use stream_metadata::controller::{CreateTopics, NewTopic, RegisterBroker};
use stream_metadata::{Command, Endpoint, SecurityProtocol};
use stream_types::{NodeId, Uuid};

use crate::script::{CLUSTER, Cluster};

/// Brokers with their racks, a topic of `partitions` with `replicas` each: its replica lists.
fn placed(seed: u64, racks: &[Option<&str>], partitions: i32, replicas: i16) -> Vec<Vec<NodeId>> {
    let mut cluster = Cluster::new(seed);
    for (id, rack) in racks.iter().enumerate() {
        cluster.run(&Command::RegisterBroker(RegisterBroker {
            broker_id: NodeId(id as i32),
            cluster_id: CLUSTER.to_owned(),
            incarnation_id: Uuid([1; 16]),
            endpoints: vec![Endpoint {
                name: "PLAINTEXT".to_owned(),
                host: "localhost".to_owned(),
                port: 9092,
                security_protocol: SecurityProtocol::Plaintext,
            }],
            features: BTreeMap::new(),
            rack: rack.map(str::to_owned),
            log_dirs: Vec::new(),
            fenced: false,
        }));
    }
    let topics = vec![NewTopic::new("placed", partitions, replicas)];
    cluster.run(&Command::CreateTopics(CreateTopics { topics, validate_only: false }));
    let topic = cluster.image.topic("placed").expect("it was created");
    topic.partitions.values().map(|partition| partition.replicas.clone()).collect()
}

#[test]
fn leaders_and_replicas_spread_evenly() {
    for seed in 0..20 {
        for (brokers, replicas) in [(1, 1), (3, 2), (3, 3), (5, 3), (6, 2)] {
            let lists = placed(seed, &vec![None; brokers], 4 * brokers as i32, replicas);
            let mut leaders: BTreeMap<NodeId, usize> = BTreeMap::new();
            let mut holders: BTreeMap<NodeId, usize> = BTreeMap::new();
            for list in &lists {
                assert_eq!(list.len(), replicas as usize);
                assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len(), "a broker holds it twice: {list:?}");
                *leaders.entry(list[0]).or_default() += 1;
                for replica in list {
                    *holders.entry(*replica).or_default() += 1;
                }
            }
            assert!(leaders.values().all(|count| *count == 4), "seed {seed}: leaders {leaders:?}");
            assert!(holders.values().all(|count| *count == 4 * replicas as usize), "seed {seed}: replicas {holders:?}");
        }
    }
}

#[test]
fn no_rack_holds_two_replicas_while_another_holds_none() {
    let racks = [Some("a"), Some("a"), Some("a"), Some("b"), Some("b"), Some("c")];
    for seed in 0..20 {
        for list in placed(seed, &racks, 24, 3) {
            let used: BTreeSet<_> = list.iter().map(|broker| racks[broker.get() as usize]).collect();
            assert_eq!(used.len(), 3, "seed {seed}: {list:?} leaves a rack out");
        }
        for list in placed(seed, &racks[..5], 10, 4) {
            let in_a = list.iter().filter(|broker| racks[broker.get() as usize] == Some("a")).count();
            assert_eq!(in_a, 2, "seed {seed}: {list:?} is not balanced over two racks");
        }
    }
}

#[test]
fn partitions_with_one_leader_do_not_share_all_followers() {
    let lists = placed(3, &[None; 5], 20, 3);
    let mut followers: BTreeMap<NodeId, BTreeSet<Vec<NodeId>>> = BTreeMap::new();
    for list in lists {
        followers.entry(list[0]).or_default().insert(list[1..].to_vec());
    }
    assert!(followers.values().all(|sets| sets.len() >= 3), "{followers:?}");
}
