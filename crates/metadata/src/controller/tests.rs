//! Decisions by example, and what must hold after any of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use stream_types::{NodeId, Now, Uuid};

use super::*;
use crate::image::{Endpoint, SecurityProtocol};
use crate::record::{decode_entry, encode_entry};

/// A small generator with a seed; what it gives has no meaning but to differ.
pub(super) struct Seeded(pub(super) u64);

impl Seeded {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl RandomSource for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next() as u8;
        }
    }
}

/// A controller with its image, and the image that replay of the encoded records gives.
pub(super) struct Cluster {
    pub(super) image: MetadataImage,
    replayed: MetadataImage,
    config: Arc<StaticConfig>,
    pub(super) random: Seeded,
}

impl Cluster {
    pub(super) fn new(seed: u64) -> Self {
        let image = MetadataImage::empty("test-cluster");
        Cluster {
            replayed: image.clone(),
            image,
            config: Arc::new(StaticConfig::new(NodeId(1), BTreeMap::new())),
            random: Seeded(seed),
        }
    }

    pub(super) fn with_config(mut self, key: &str, value: &str) -> Self {
        let values = [(key.to_owned(), value.to_owned())].into();
        self.config = Arc::new(StaticConfig::new(NodeId(1), values));
        self
    }

    /// Decides, replays, and checks what must hold after every decision.
    pub(super) fn run(&mut self, command: Command) -> Reply {
        let controller = Controller::new(Arc::new(self.image.clone()), self.config.clone());
        let decision = controller.handle(Now::default(), &mut self.random, &command);
        self.image.replay_all(&decision.records).expect("the controller's own records replay");
        let entry = encode_entry(&decision.records).expect("the controller's own records can be written");
        let read = decode_entry(entry.clone()).expect("what was written can be read");
        assert_eq!(read, decision.records);
        self.replayed.replay_entry(entry).expect("what was written replays");
        assert_eq!(self.image.check(), Ok(()), "after {command:?}");
        decision.reply
    }

    pub(super) fn check_rebuilt(&self) {
        assert_eq!(self.image, self.replayed);
        let mut rebuilt = MetadataImage::empty(self.image.cluster_id());
        rebuilt.replay_all(&self.image.to_records()).expect("a snapshot replays");
        assert_eq!(self.image, rebuilt);
    }

    pub(super) fn register(&mut self, id: i32, rack: Option<&str>) -> BrokerReply {
        let incarnation = self.random.next();
        let command = RegisterBroker {
            broker_id: NodeId(id),
            cluster_id: "test-cluster".to_owned(),
            incarnation_id: Uuid::from_random(u128::from(incarnation).to_be_bytes()),
            endpoints: vec![Endpoint {
                name: "PLAINTEXT".to_owned(),
                host: "localhost".to_owned(),
                port: 9092,
                security_protocol: SecurityProtocol::Plaintext,
            }],
            features: BTreeMap::new(),
            rack: rack.map(str::to_owned),
            log_dirs: vec![Uuid([id as u8; 16])],
            fenced: false,
        };
        match self.run(Command::RegisterBroker(command)) {
            Reply::RegisterBroker(reply) => reply,
            other => panic!("another command's reply: {other:?}"),
        }
    }
}

#[test]
fn a_single_node_creates_a_topic_and_leads_it() {
    let mut cluster = Cluster::new(1);
    assert_eq!(cluster.register(1, None), Ok(1));
    let create = CreateTopics { topics: vec![NewTopic::new("orders", 3, -1)], validate_only: false };
    let Reply::CreateTopics(reply) = cluster.run(Command::CreateTopics(create)) else { panic!("wrong reply") };
    let created = reply.topics[0].1.as_ref().expect("created");
    assert_eq!((created.partition_count, created.replication_factor), (3, 1));
    let topic = cluster.image.topics().by_id(created.topic_id).expect("found by id");
    assert_eq!(&*topic.name, "orders");
    for partition in topic.partitions.values() {
        assert_eq!(partition.leader, Some(NodeId(1)));
        assert_eq!(partition.directories, [Uuid([1; 16])]);
    }
    cluster.check_rebuilt();
}
