//! Ten thousand random commands, each seed printed when it fails.

use std::collections::HashSet;

use stream_metadata::controller::{
    AllocateProducerIds, AlterConfigs, ConfigChange, ConfigOperation, CreatePartitions, CreateTopics, DeleteTopics,
    ElectLeaders, ElectionType, FenceBroker, IncrementalAlterConfigs, NewPartitions, NewTopic, RegisterBroker,
    TopicSelector, UnfenceBroker, UnregisterBroker,
};
use stream_metadata::{Command, ConfigResource, Endpoint, Reply, SecurityProtocol};
use stream_types::{ErrorCode, NodeId, TopicPartition, Uuid};

use crate::script::{CLUSTER, Cluster, Seeded};

const SEEDS: u64 = 10;
const COMMANDS_PER_SEED: u64 = 1000;

#[test]
fn invariants_hold_after_any_command() {
    let mut codes = HashSet::new();
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut cluster = Cluster::new(seed);
        let mut workload = Seeded(seed ^ 0x5eed);
        let mut producer_ids = HashSet::new();
        let mut topic_ids = HashSet::new();
        for number in 0..COMMANDS_PER_SEED {
            let command = command(&mut workload, &cluster);
            let decision = cluster.run(&command);
            match &decision.reply {
                Reply::AllocateProducerIds(Ok(block)) => {
                    assert!(producer_ids.insert(block.first), "a block of producer ids was given out twice");
                }
                Reply::CreateTopics(reply) => {
                    for (_, outcome) in &reply.topics {
                        match outcome {
                            Ok(created) if created.topic_id.is_zero() => assert!(decision.records.is_empty()),
                            Ok(created) => assert!(topic_ids.insert(created.topic_id), "a topic id came twice"),
                            Err(error) => {
                                codes.insert(error.code);
                            }
                        }
                    }
                }
                Reply::DeleteTopics(reply) => {
                    codes.extend(reply.topics.iter().filter_map(|topic| topic.error.as_ref()).map(|error| error.code));
                }
                _ => {}
            }
            if number % 100 == 0 {
                cluster.check_rebuilt();
            }
        }
        cluster.check_rebuilt();
    }
    // The workload reaches what it aims at.
    for code in [
        ErrorCode::TopicAlreadyExists,
        ErrorCode::InvalidReplicationFactor,
        ErrorCode::InvalidPartitions,
        ErrorCode::InvalidConfig,
        ErrorCode::InvalidRequest,
        ErrorCode::InvalidTopicException,
        ErrorCode::UnknownTopicOrPartition,
        ErrorCode::UnknownTopicId,
    ] {
        assert!(codes.contains(&code), "the workload never met {code}");
    }
}

fn command(random: &mut Seeded, cluster: &Cluster) -> Command {
    let epoch = |random: &mut Seeded, broker: NodeId| {
        let stale = i64::from(random.below(10) == 0);
        cluster.image.broker(broker).map_or(0, |registration| registration.epoch) - stale
    };
    let broker_id = NodeId(random.below(5) as i32);
    match random.below(20) {
        0..=3 => Command::RegisterBroker(register(random, broker_id)),
        4 => Command::UnregisterBroker(UnregisterBroker { broker_id }),
        5 => Command::FenceBroker(FenceBroker { broker_id, broker_epoch: epoch(random, broker_id) }),
        6 => Command::UnfenceBroker(UnfenceBroker { broker_id, broker_epoch: epoch(random, broker_id) }),
        7..=10 => create_topics(random),
        11..=12 => {
            let topics = (0..1 + random.below(3)).map(|_| selector(random, cluster)).collect();
            Command::DeleteTopics(DeleteTopics { topics })
        }
        13 => Command::CreatePartitions(CreatePartitions {
            topics: vec![NewPartitions { name: name(random), count: random.below(8) as i32, assignments: None }],
            validate_only: random.below(5) == 0,
        }),
        14 => Command::AlterConfigs(AlterConfigs {
            resources: vec![(resource(random), vec![value(random)])],
            validate_only: random.below(5) == 0,
        }),
        15..=16 => Command::IncrementalAlterConfigs(IncrementalAlterConfigs {
            resources: vec![(resource(random), vec![change(random), change(random)])],
            validate_only: random.below(5) == 0,
        }),
        17..=18 => {
            let broker_epoch = epoch(random, broker_id);
            Command::AllocateProducerIds(AllocateProducerIds { broker_id, broker_epoch })
        }
        _ => Command::ElectLeaders(elect(random)),
    }
}

fn register(random: &mut Seeded, broker_id: NodeId) -> RegisterBroker {
    RegisterBroker {
        broker_id,
        cluster_id: CLUSTER.to_owned(),
        incarnation_id: Uuid([random.below(3) as u8 + 1; 16]),
        endpoints: vec![Endpoint {
            name: "PLAINTEXT".to_owned(),
            host: "localhost".to_owned(),
            port: 9092,
            security_protocol: SecurityProtocol::Plaintext,
        }],
        features: Default::default(),
        rack: (random.below(2) == 0).then(|| format!("rack{}", random.below(2))),
        log_dirs: vec![Uuid([broker_id.get() as u8 + 1; 16])],
        fenced: random.below(4) == 0,
    }
}

fn create_topics(random: &mut Seeded) -> Command {
    let mut topics = Vec::new();
    for _ in 0..1 + random.below(3) {
        let mut topic = NewTopic::new(name(random), random.below(6) as i32 - 1, random.below(5) as i16 - 1);
        if random.below(3) == 0 {
            let (key, value) = value(random);
            topic.configs.push((key, value));
        }
        if random.below(8) == 0 {
            (topic.partition_count, topic.replication_factor) = (-1, -1);
            topic.assignments = vec![(0, vec![random.below(5) as i32, random.below(5) as i32])];
        }
        topics.push(topic);
    }
    Command::CreateTopics(CreateTopics { topics, validate_only: random.below(10) == 0 })
}

fn name(random: &mut Seeded) -> String {
    let names = ["a", "b.c", "b_c", "orders", "bills", "d", "e-f", "..", "g", "h/i"];
    names[random.below(names.len() as u64) as usize].to_owned()
}

fn selector(random: &mut Seeded, cluster: &Cluster) -> TopicSelector {
    let name = name(random);
    if random.below(2) == 0 {
        return TopicSelector::Name(name);
    }
    TopicSelector::Id(cluster.image.topic(&name).map_or(Uuid([9; 16]), |topic| topic.id))
}

fn resource(random: &mut Seeded) -> ConfigResource {
    match random.below(5) {
        0 => ConfigResource::default_broker(),
        1 => ConfigResource::broker(NodeId(random.below(5) as i32)),
        2 => ConfigResource::group("g"),
        _ => ConfigResource::topic(&name(random)),
    }
}

fn key(random: &mut Seeded) -> String {
    let keys = ["retention.ms", "cleanup.policy", "log.retention.ms", "message.max.bytes", "share.record.lock", "x"];
    keys[random.below(keys.len() as u64) as usize].to_owned()
}

fn value(random: &mut Seeded) -> (String, Option<String>) {
    let values = ["1000", "compact", "delete", "-1", ""];
    let value = values[random.below(values.len() as u64) as usize].to_owned();
    (key(random), (random.below(10) > 0).then_some(value))
}

fn change(random: &mut Seeded) -> ConfigChange {
    let (name, value) = value(random);
    let operation = ConfigOperation::from_code(random.below(4) as i8).expect("four operations");
    ConfigChange { name, operation, value }
}

fn elect(random: &mut Seeded) -> ElectLeaders {
    let partitions: Vec<TopicPartition> =
        (0..3).map(|_| TopicPartition::new(name(random), (random.below(3) as i32).into())).collect();
    ElectLeaders {
        election: if random.below(2) == 0 { ElectionType::Preferred } else { ElectionType::Unclean },
        partitions: (random.below(2) == 0).then_some(partitions),
    }
}
