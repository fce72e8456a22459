//! What clients ask of the controller. Each file lists the outcomes that it aims for, makes commands that must end so
//! on a given image, and names the outcome of a reply; a test demands that each was reached.

mod allocate_producer_ids;
mod alter_configs;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod fence_broker;
mod register_broker;

use stream_metadata::{Command, MetadataImage, Reply, TopicImage};
use stream_types::ErrorCode;

use crate::random::Random;

/// A command, and how it must end on the image it was made for.
#[derive(Clone, Debug)]
pub struct Aimed {
    /// What is asked.
    pub command: Command,
    /// One of [`outcomes`].
    pub outcome: &'static str,
}

/// What aims at an outcome: none if the image does not allow it.
type Aim = fn(&mut Random, &MetadataImage) -> Option<Command>;

/// An outcome's name and what aims at it.
type Table = &'static [(&'static str, Aim)];

const TABLES: &[(u64, Table)] = &[
    (8, register_broker::OUTCOMES),
    (6, fence_broker::OUTCOMES),
    (30, create_topics::OUTCOMES),
    (14, delete_topics::OUTCOMES),
    (14, create_partitions::OUTCOMES),
    (20, alter_configs::OUTCOMES),
    (8, allocate_producer_ids::OUTCOMES),
];

/// Every outcome that is aimed for.
pub fn outcomes() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|(_, table)| table.iter().map(|(name, _)| *name))
}

/// Chooses a command and says how it must end.
pub fn aim(random: &mut Random, image: &MetadataImage) -> Aimed {
    loop {
        let mut number = random.below(TABLES.iter().map(|(weight, _)| weight).sum());
        let chosen = TABLES.iter().find(|(weight, _)| {
            let is_it = number < *weight;
            number = number.saturating_sub(*weight);
            is_it
        });
        let Some((_, table)) = chosen else { continue };
        // What changes something is asked for as often as everything else together.
        let position = if random.chance(500) { 0 } else { random.below(table.len() as u64) as usize };
        let (outcome, aim) = table[position];
        if let Some(command) = aim(random, image) {
            return Aimed { command, outcome };
        }
    }
}

/// The name of what came of a command.
pub fn outcome(reply: &Reply) -> &'static str {
    match reply {
        Reply::RegisterBroker(reply) => register_broker::outcome(reply),
        Reply::FenceBroker(reply) | Reply::UnfenceBroker(reply) => fence_broker::outcome(reply),
        Reply::CreateTopics(reply) => create_topics::outcome(reply),
        Reply::DeleteTopics(reply) => delete_topics::outcome(reply),
        Reply::CreatePartitions(reply) => create_partitions::outcome(reply),
        Reply::AlterConfigs(reply) | Reply::IncrementalAlterConfigs(reply) => alter_configs::outcome(reply),
        Reply::AllocateProducerIds(reply) => allocate_producer_ids::outcome(reply),
        Reply::UnregisterBroker(_)
        | Reply::OfflineLogDirs(_)
        | Reply::ElectLeaders(_)
        | Reply::AlterUserScramCredentials(_)
        | Reply::CreateDelegationToken(_)
        | Reply::RenewDelegationToken(_)
        | Reply::ExpireDelegationToken(_)
        | Reply::RemoveExpiredTokens(_)
        | Reply::DeclareAcls(_)
        | Reply::CreateAcls(_)
        | Reply::DeleteAcls(_)
        | Reply::AlterClientQuotas(_) => "not aimed for",
    }
}

/// The outcome of a code that a table does not know.
fn unexpected(_: ErrorCode) -> &'static str {
    "not aimed for"
}

fn any_topic<'a>(random: &mut Random, image: &'a MetadataImage) -> Option<&'a TopicImage> {
    let topics: Vec<_> = image.topics().iter().collect();
    (!topics.is_empty()).then(|| &***random.pick(&topics))
}

/// A name of a small pool that no topic has.
fn free_name(random: &mut Random, image: &MetadataImage) -> Option<String> {
    let names: Vec<String> =
        (0..12).map(|number| format!("topic-{number}")).filter(|name| image.topic(name).is_none()).collect();
    (!names.is_empty()).then(|| random.pick(&names).clone())
}

fn live_count(image: &MetadataImage) -> u64 {
    image.unfenced_brokers().count() as u64
}
