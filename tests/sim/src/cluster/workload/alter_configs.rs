//! AlterConfigs and IncrementalAlterConfigs. Outcomes: altered, INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION,
//! INVALID_REQUEST, BROKER_ID_NOT_REGISTERED.

use stream_metadata::controller::{
    AlterConfigs, AlterConfigsReply, ConfigChange, ConfigOperation, IncrementalAlterConfigs,
};
use stream_metadata::{Command, ConfigResource};
use stream_types::{ErrorCode, NodeId};

use super::{Table, any_topic, free_name, unexpected};
use crate::random::Random;

pub(super) const OUTCOMES: Table = &[
    ("alter-configs/altered", |random, image| {
        let topic = any_topic(random, image)?;
        let resource = ConfigResource::topic(&topic.name);
        let retention = random.between(1, 1_000_000).to_string();
        Some(match random.below(4) {
            0 => replace(resource, "retention.ms", &retention),
            1 => change(resource, "retention.ms", ConfigOperation::Set, Some(&retention)),
            2 => change(resource, "retention.ms", ConfigOperation::Delete, None),
            _ => {
                let operation = *random.pick(&[ConfigOperation::Append, ConfigOperation::Set]);
                change(resource, "cleanup.policy", operation, Some("compact"))
            }
        })
    }),
    ("alter-configs/invalid-config", |random, image| {
        let resource = ConfigResource::topic(&any_topic(random, image)?.name);
        Some(invalid(random, resource))
    }),
    ("alter-configs/unknown-topic", |random, image| {
        Some(replace(ConfigResource::topic(&free_name(random, image)?), "retention.ms", "1"))
    }),
    ("alter-configs/invalid-request", |random, image| {
        let resource = ConfigResource::topic(&any_topic(random, image)?.name);
        let resources = vec![(resource.clone(), Vec::new()), (resource, Vec::new())];
        Some(Command::IncrementalAlterConfigs(IncrementalAlterConfigs { resources, validate_only: false }))
    }),
    ("alter-configs/broker-id-not-registered", |_, _| {
        Some(replace(ConfigResource::broker(NodeId(77)), "log.retention.ms", "1000"))
    }),
];

pub(super) fn outcome(reply: &AlterConfigsReply) -> &'static str {
    let Some((_, outcome)) = reply.resources.first() else { return unexpected(ErrorCode::None) };
    match outcome.as_ref().map_err(|error| error.code) {
        Ok(()) => "alter-configs/altered",
        Err(ErrorCode::InvalidConfig) => "alter-configs/invalid-config",
        Err(ErrorCode::UnknownTopicOrPartition) => "alter-configs/unknown-topic",
        Err(ErrorCode::InvalidRequest) => "alter-configs/invalid-request",
        Err(ErrorCode::BrokerIdNotRegistered) => "alter-configs/broker-id-not-registered",
        Err(code) => unexpected(code),
    }
}

fn invalid(random: &mut Random, resource: ConfigResource) -> Command {
    match random.below(3) {
        0 => replace(resource, "no.such.key", "1"),
        1 => replace(resource, "retention.ms", "soon"),
        _ => change(resource, "retention.ms", ConfigOperation::Append, Some("1")),
    }
}

fn replace(resource: ConfigResource, key: &str, value: &str) -> Command {
    let resources = vec![(resource, vec![(key.to_owned(), Some(value.to_owned()))])];
    Command::AlterConfigs(AlterConfigs { resources, validate_only: false })
}

fn change(resource: ConfigResource, key: &str, operation: ConfigOperation, value: Option<&str>) -> Command {
    let change = ConfigChange { name: key.to_owned(), operation, value: value.map(str::to_owned) };
    let resources = vec![(resource, vec![change])];
    Command::IncrementalAlterConfigs(IncrementalAlterConfigs { resources, validate_only: false })
}
