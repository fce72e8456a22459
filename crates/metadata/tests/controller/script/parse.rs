//! Commands as scripts write them.

use std::collections::BTreeMap;

use stream_metadata::acl::{AclFilter, NewAcl};
use stream_metadata::controller::{
    AllocateProducerIds, AlterClientQuotas, AlterConfigs, ConfigChange, ConfigOperation, CreateAcls, CreatePartitions,
    CreateTopics, DeleteAcls, DeleteTopics, ElectLeaders, ElectionType, FenceBroker, IncrementalAlterConfigs,
    NewPartitions, NewTopic, OfflineLogDirs, QuotaChange, RegisterBroker, TopicSelector, UnfenceBroker,
    UnregisterBroker,
};
use stream_metadata::{Command, ConfigResource, ConfigResourceType, Endpoint, MetadataImage, SecurityProtocol};
use stream_types::{NodeId, PartitionIndex, TopicPartition, Uuid};

use super::CLUSTER;

pub(crate) fn command(words: &[&str], image: &MetadataImage) -> Command {
    let (verb, rest) = words.split_first().expect("a verb");
    let validate_only = rest.first() == Some(&"validate");
    let rest = &rest[usize::from(validate_only)..];
    match *verb {
        "register" => Command::RegisterBroker(register(rest)),
        "fence" => Command::FenceBroker(FenceBroker { broker_id: node(rest[0]), broker_epoch: number(rest[1]) }),
        "unfence" => Command::UnfenceBroker(UnfenceBroker { broker_id: node(rest[0]), broker_epoch: number(rest[1]) }),
        "offline" => Command::OfflineLogDirs(offline(rest, image)),
        "unregister" => Command::UnregisterBroker(UnregisterBroker { broker_id: node(rest[0]) }),
        "create" => {
            let topics = rest.split(|word| *word == ";").map(new_topic).collect();
            Command::CreateTopics(CreateTopics { topics, validate_only })
        }
        "delete" => {
            let topics = rest.iter().map(|word| selector(word, image)).collect();
            Command::DeleteTopics(DeleteTopics { topics })
        }
        "grow" => {
            let topics = rest.split(|word| *word == ";").map(grow).collect();
            Command::CreatePartitions(CreatePartitions { topics, validate_only })
        }
        "alter" => {
            let resources =
                rest.split(|word| *word == ";").map(|part| (resource(part[0]), values(&part[1..]))).collect();
            Command::AlterConfigs(AlterConfigs { resources, validate_only })
        }
        "change" => {
            let resources = rest
                .split(|word| *word == ";")
                .map(|part| (resource(part[0]), part[1..].iter().map(|word| change(word)).collect()))
                .collect();
            Command::IncrementalAlterConfigs(IncrementalAlterConfigs { resources, validate_only })
        }
        "pids" => Command::AllocateProducerIds(AllocateProducerIds {
            broker_id: node(rest[0]),
            broker_epoch: number(rest[1]),
        }),
        "elect" => Command::ElectLeaders(ElectLeaders {
            election: if rest[0] == "preferred" { ElectionType::Preferred } else { ElectionType::Unclean },
            partitions: (rest[1] != "all").then(|| rest[1..].iter().map(|word| partition(word)).collect()),
        }),
        "allow" => Command::CreateAcls(CreateAcls { acls: rest.iter().map(|word| acl(word)).collect() }),
        "forget" => Command::DeleteAcls(DeleteAcls { filters: rest.iter().map(|word| acl_filter(word)).collect() }),
        "quota" => {
            let entries = rest.split(|word| *word == ";").map(quota).collect();
            Command::AlterClientQuotas(AlterClientQuotas { entries, validate_only })
        }
        other => panic!("no such verb: {other}"),
    }
}

/// `TYPE:PATTERN:NAME|PRINCIPAL|HOST|OPERATION|PERMISSION` with the numbers of the protocol; `''` is the empty name.
fn acl(word: &str) -> NewAcl {
    let parts: Vec<&str> = word.split('|').collect();
    let resource: Vec<&str> = parts[0].splitn(3, ':').collect();
    NewAcl {
        resource_type: number(resource[0]),
        resource_name: resource[2].trim_matches('\'').to_owned(),
        pattern_type: number(resource[1]),
        principal: parts[1].to_owned(),
        host: parts[2].to_owned(),
        operation: number(parts[3]),
        permission_type: number(parts[4]),
    }
}

/// As an ACL; `-` is any text.
fn acl_filter(word: &str) -> AclFilter {
    let NewAcl { resource_type, resource_name, pattern_type, principal, host, operation, permission_type } = acl(word);
    let text = |text: String| (text != "-").then_some(text);
    let (resource_name, principal, host) = (text(resource_name), text(principal), text(host));
    AclFilter { resource_type, resource_name, pattern_type, principal, host, operation, permission_type }
}

/// `TYPE=NAME[,TYPE=NAME] [set:KEY=VALUE | remove:KEY]...`; `*` is the default, `none` no entity.
fn quota(words: &[&str]) -> (Vec<(String, Option<String>)>, Vec<QuotaChange>) {
    let part = |part: &str| {
        let (kind, name) = part.split_once('=').expect("type=name");
        (kind.to_owned(), (name != "*").then(|| name.to_owned()))
    };
    let entity = if words[0] == "none" { Vec::new() } else { words[0].split(',').map(part).collect() };
    let changes = words[1..].iter().map(|word| match word.split_once(':').expect("set: or remove:") {
        ("set", change) => {
            let (key, value) = change.split_once('=').expect("key=value");
            QuotaChange { key: key.to_owned(), value: Some(number(value)) }
        }
        (_, key) => QuotaChange { key: key.to_owned(), value: None },
    });
    (entity, changes.collect())
}

fn register(words: &[&str]) -> RegisterBroker {
    let options: BTreeMap<&str, &str> = words[1..].iter().map(|w| w.split_once('=').unwrap_or((w, ""))).collect();
    let start: u8 = options.get("start").map_or(0, |start| number(start));
    let id: i32 = number(words[0]);
    let dirs = options.get("dirs").copied().unwrap_or("d");
    RegisterBroker {
        broker_id: NodeId(id),
        cluster_id: options.get("cluster").copied().unwrap_or(CLUSTER).to_owned(),
        incarnation_id: Uuid([start + 1; 16]),
        endpoints: vec![Endpoint {
            name: "PLAINTEXT".to_owned(),
            host: "localhost".to_owned(),
            port: 9092,
            security_protocol: SecurityProtocol::Plaintext,
        }],
        features: BTreeMap::new(),
        rack: options.get("rack").map(|rack| (*rack).to_owned()),
        log_dirs: dirs.split(',').map(|dir| Uuid([dir.as_bytes()[0]; 16])).collect(),
        fenced: options.contains_key("fenced"),
    }
}

/// `NAME [partitions=N] [rf=N] [assign=0:1/2,1:2/1] [KEY=VALUE...]`; `''` is the empty name.
fn new_topic(words: &[&str]) -> NewTopic {
    let mut topic = NewTopic::new(words[0].trim_matches('\''), -1, -1);
    if let Some(length) = words[0].strip_prefix("long:") {
        topic.name = "x".repeat(number(length));
    }
    for word in &words[1..] {
        match word.split_once('=') {
            Some(("partitions", count)) => topic.partition_count = number(count),
            Some(("rf", factor)) => topic.replication_factor = number(factor),
            Some(("assign", assigned)) => {
                for part in assigned.split(',') {
                    let (index, replicas) = part.split_once(':').expect("partition:brokers");
                    topic.assignments.push((number(index), brokers(replicas)));
                }
            }
            Some((key, value)) => topic.configs.push((key.to_owned(), Some(value.to_owned()))),
            None => topic.configs.push(((*word).to_owned(), None)),
        }
    }
    topic
}

/// `NAME COUNT [assign=1/2,2/1]`.
fn grow(words: &[&str]) -> NewPartitions {
    let assignments = words.get(2).and_then(|word| word.strip_prefix("assign="));
    NewPartitions {
        name: words[0].to_owned(),
        count: number(words[1]),
        assignments: assignments.map(|text| text.split(',').map(brokers).collect()),
    }
}

fn brokers(text: &str) -> Vec<i32> {
    text.split('/').filter(|id| !id.is_empty()).map(number).collect()
}

fn selector(word: &str, image: &MetadataImage) -> TopicSelector {
    match word.strip_prefix("id:") {
        Some(name) => TopicSelector::Id(image.topic(name).map_or(Uuid([7; 16]), |topic| topic.id)),
        None => TopicSelector::Name(word.to_owned()),
    }
}

fn resource(word: &str) -> ConfigResource {
    let (kind, name) = word.split_once(':').expect("kind:name");
    let kind = match kind {
        "topic" => ConfigResourceType::Topic,
        "broker" => ConfigResourceType::Broker,
        "group" => ConfigResourceType::Group,
        "metrics" => ConfigResourceType::ClientMetrics,
        other => panic!("no such kind of resource: {other}"),
    };
    ConfigResource { kind, name: name.to_owned() }
}

fn values(words: &[&str]) -> Vec<(String, Option<String>)> {
    words.iter().map(|word| word.split_once('=').expect("key=value")).map(|(k, v)| (k.into(), Some(v.into()))).collect()
}

/// `set:KEY=VALUE`, `delete:KEY`, `append:KEY=VALUE`, `subtract:KEY=VALUE`.
fn change(word: &str) -> ConfigChange {
    let (operation, rest) = word.split_once(':').expect("operation:key");
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (rest, None),
    };
    let operation = match operation {
        "set" => ConfigOperation::Set,
        "delete" => ConfigOperation::Delete,
        "append" => ConfigOperation::Append,
        "subtract" => ConfigOperation::Subtract,
        other => panic!("no such operation: {other}"),
    };
    ConfigChange { name: name.to_owned(), operation, value }
}

/// `1 1 dir=e orders-0 orders-1`: broker, its epoch, then each failed directory with the partitions in it.
fn offline(words: &[&str], image: &MetadataImage) -> OfflineLogDirs {
    let mut failed: Vec<(Uuid, Vec<(Uuid, PartitionIndex)>)> = Vec::new();
    for word in &words[2..] {
        match word.strip_prefix("dir=") {
            Some(dir) => failed.push((Uuid([dir.as_bytes()[0]; 16]), Vec::new())),
            None => {
                let partition = partition(word);
                let topic_id = image.topic(&partition.topic).map_or(Uuid::ZERO, |topic| topic.id);
                failed.last_mut().expect("a directory").1.push((topic_id, partition.partition));
            }
        }
    }
    OfflineLogDirs { broker_id: node(words[0]), broker_epoch: number(words[1]), failed }
}

fn partition(word: &str) -> TopicPartition {
    let (topic, index) = word.rsplit_once('-').expect("topic-partition");
    TopicPartition::new(topic, PartitionIndex(number(index)))
}

fn node(text: &str) -> NodeId {
    NodeId(number(text))
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}
