//! Outcomes: registered, INCONSISTENT_CLUSTER_ID, INVALID_REGISTRATION.

use stream_metadata::controller::{BrokerReply, RegisterBroker};
use stream_metadata::{Command, Endpoint, MetadataImage, SecurityProtocol};
use stream_types::{ErrorCode, NodeId, Uuid};

use super::{Table, unexpected};
use crate::random::Random;

pub(super) const OUTCOMES: Table = &[
    ("register-broker/registered", registered),
    ("register-broker/inconsistent-cluster-id", |random, image| {
        Some(Command::RegisterBroker(RegisterBroker { cluster_id: "another".to_owned(), ..register(random, image) }))
    }),
    ("register-broker/invalid-registration", |random, image| {
        Some(Command::RegisterBroker(RegisterBroker { endpoints: Vec::new(), ..register(random, image) }))
    }),
];

pub(super) fn outcome(reply: &BrokerReply) -> &'static str {
    match reply.as_ref().map_err(|error| error.code) {
        Ok(_) => "register-broker/registered",
        Err(ErrorCode::InconsistentClusterId) => "register-broker/inconsistent-cluster-id",
        Err(ErrorCode::InvalidRegistration) => "register-broker/invalid-registration",
        Err(code) => unexpected(code),
    }
}

fn registered(random: &mut Random, image: &MetadataImage) -> Option<Command> {
    Some(Command::RegisterBroker(register(random, image)))
}

fn register(random: &mut Random, image: &MetadataImage) -> RegisterBroker {
    let broker_id = NodeId(random.below(5) as i32);
    RegisterBroker {
        broker_id,
        cluster_id: image.cluster_id().to_owned(),
        incarnation_id: Uuid([random.below(4) as u8 + 1; 16]),
        endpoints: vec![Endpoint {
            name: "PLAINTEXT".to_owned(),
            host: "localhost".to_owned(),
            port: 9092,
            security_protocol: SecurityProtocol::Plaintext,
        }],
        features: Default::default(),
        rack: random.chance(500).then(|| format!("rack{}", random.below(2))),
        log_dirs: vec![Uuid([broker_id.get() as u8 + 1; 16])],
        fenced: random.chance(150),
    }
}
