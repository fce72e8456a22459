//! Records and replies in one line each.

use std::fmt::Write;

use stream_codec::stored::metadata::AccessControlEntryRecord;
use stream_metadata::config_def::ConfigEntry;
use stream_metadata::{ApiError, ConfigResource, MetadataImage, MetadataRecord, Reply};
use stream_types::Uuid;

pub(crate) fn record(record: &MetadataRecord, before: &MetadataImage, after: &MetadataImage) -> String {
    let name = |id: Uuid| {
        let topic = after.topics().by_id(id).or_else(|| before.topics().by_id(id));
        topic.map_or_else(|| id.to_string(), |topic| topic.name.to_string())
    };
    let text = match record {
        MetadataRecord::RegisterBroker(r) => {
            let rack = r.rack.as_ref().map(|rack| format!(" rack {rack}")).unwrap_or_default();
            let fenced = if r.fenced { " fenced" } else { "" };
            format!("RegisterBroker {} epoch {}{rack}{fenced}", r.broker_id, r.broker_epoch)
        }
        MetadataRecord::BrokerRegistrationChange(r) => {
            let dirs = if r.log_dirs.is_empty() { String::new() } else { format!(" dirs {}", dirs(&r.log_dirs)) };
            format!("BrokerRegistrationChange {} epoch {} fenced {:+}{dirs}", r.broker_id, r.broker_epoch, r.fenced)
        }
        MetadataRecord::UnregisterBroker(r) => format!("UnregisterBroker {} epoch {}", r.broker_id, r.broker_epoch),
        MetadataRecord::Topic(r) => format!("Topic {}", r.name),
        MetadataRecord::Partition(r) => format!(
            "Partition {}-{} replicas {:?} isr {:?} leader {} epochs {}/{} dirs {}",
            name(r.topic_id),
            r.partition_id,
            r.replicas,
            r.isr,
            r.leader,
            r.leader_epoch,
            r.partition_epoch,
            dirs(&r.directories),
        ),
        MetadataRecord::PartitionChange(r) => {
            let mut text = format!("PartitionChange {}-{}", name(r.topic_id), r.partition_id);
            if let Some(isr) = &r.isr {
                let _ = write!(text, " isr {isr:?}");
            }
            if r.leader != -2 {
                let _ = write!(text, " leader {}", r.leader);
            }
            if r.leader_recovery_state != -1 {
                let _ = write!(text, " recovery {}", r.leader_recovery_state);
            }
            if let Some(directories) = &r.directories {
                let _ = write!(text, " dirs {}", dirs(directories));
            }
            text
        }
        MetadataRecord::RemoveTopic(r) => format!("RemoveTopic {}", name(r.topic_id)),
        MetadataRecord::Config(r) => {
            let value = r.value.as_ref().map_or("(removed)".to_owned(), |value| format!("= {value}"));
            format!("Config {}:{} {} {value}", r.resource_type, r.resource_name, r.name)
        }
        MetadataRecord::ClientQuota(r) => {
            let value = if r.remove { "(removed)".to_owned() } else { format!("= {}", r.value) };
            let name = |name: &Option<stream_codec::Str>| name.as_ref().map_or("*".to_owned(), ToString::to_string);
            let entity = r.entity.iter().map(|part| format!("{}={}", part.entity_type, name(&part.entity_name)));
            format!("ClientQuota {} {} {value}", entity.collect::<Vec<_>>().join(","), r.key)
        }
        MetadataRecord::ProducerIds(r) => format!("ProducerIds next {}", r.next_producer_id),
        MetadataRecord::AccessControlEntry(r) => format!("AccessControlEntry {}", acl(r)),
        MetadataRecord::RemoveAccessControlEntry(r) => {
            let removed = before.security().acls.get(&r.id);
            format!("RemoveAccessControlEntry {}", removed.map_or_else(|| r.id.to_string(), acl))
        }
        other => format!("{other:?}"),
    };
    format!("+ {text}\n")
}

/// As scripts write it: `TYPE:PATTERN:NAME|PRINCIPAL|HOST|OPERATION|PERMISSION`.
fn acl(r: &AccessControlEntryRecord) -> String {
    let (kind, pattern, name) = (r.resource_type, r.pattern_type, &r.resource_name);
    format!("{kind}:{pattern}:{name}|{}|{}|{}|{}", r.principal, r.host, r.operation, r.permission_type)
}

pub(crate) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::RegisterBroker(r)
        | Reply::UnregisterBroker(r)
        | Reply::FenceBroker(r)
        | Reply::UnfenceBroker(r)
        | Reply::OfflineLogDirs(r) => outcome(r.as_ref().map(|epoch| format!("epoch {epoch}"))),
        Reply::CreateTopics(reply) => lines(reply.topics.iter().map(|(name, result)| {
            let created = result.as_ref().map(|created| {
                let id = if created.topic_id.is_zero() { " (validated)" } else { "" };
                let (partitions, replicas) = (created.partition_count, created.replication_factor);
                format!("{name}: {partitions} partitions, {replicas} replicas{id}")
            });
            outcome(created)
        })),
        Reply::DeleteTopics(reply) => lines(reply.topics.iter().map(|topic| {
            let name = topic.name.as_deref().unwrap_or("(no name)");
            let id = if topic.topic_id.is_zero() { ", no id" } else { "" };
            outcome(topic.error.as_ref().map_or(Ok(format!("{name}{id}: deleted")), Err))
        })),
        Reply::CreatePartitions(reply) => {
            lines(reply.topics.iter().map(|(name, result)| outcome(result.as_ref().map(|()| format!("{name}: grown")))))
        }
        Reply::AlterConfigs(reply) | Reply::IncrementalAlterConfigs(reply) => {
            lines(reply.resources.iter().map(|(ConfigResource { kind, name }, result)| {
                outcome(result.as_ref().map(|()| format!("{kind:?} {name:?}: altered")))
            }))
        }
        Reply::CreateDelegationToken(reply)
        | Reply::RenewDelegationToken(reply)
        | Reply::ExpireDelegationToken(reply) => outcome(reply.as_ref().map(|token| token.token_id.to_string())),
        Reply::RemoveExpiredTokens(ids) => format!("= removed {}\n", ids.join(" ")),
        Reply::AlterClientQuotas(reply) => lines(
            reply
                .entries
                .iter()
                .map(|(entity, result)| outcome(result.as_ref().map(|()| format!("{}: altered", entity_name(entity))))),
        ),
        Reply::AllocateProducerIds(result) => {
            outcome(result.as_ref().map(|block| format!("{} ids from {}", block.len, block.first)))
        }
        Reply::CreateAcls(reply) => {
            lines(reply.results.iter().map(|result| outcome(result.as_ref().map(|()| "kept".to_owned()))))
        }
        Reply::DeleteAcls(reply) => lines(reply.results.iter().map(|result| {
            let found = |acls: &Vec<AccessControlEntryRecord>| acls.iter().map(acl).collect::<Vec<_>>().join(", ");
            outcome(result.as_ref().map(|acls| format!("found {}", found(acls))))
        })),
        Reply::AlterUserScramCredentials(reply) => lines(
            reply.users.iter().map(|(user, result)| outcome(result.as_ref().map(|()| format!("user {user}: altered")))),
        ),
        Reply::ElectLeaders(reply) => lines(reply.partitions.iter().map(|election| {
            let partition = &election.partition;
            outcome(election.error.as_ref().map_or(Ok(format!("{partition}: elected")), Err))
        })),
        Reply::DeclareAcls(reply) => format!("= {} added, {} removed\n", reply.added.len(), reply.removed.len()),
    }
}

pub(crate) fn entry(entry: &ConfigEntry) -> String {
    let synonyms: Vec<String> = entry
        .synonyms
        .iter()
        .map(|s| format!("{}:{}={}", s.source.name(), s.name, s.value.as_deref().unwrap_or("null")))
        .collect();
    let value = entry.value.as_deref().unwrap_or("null");
    format!("= {}={value} {} {{{}}}\n", entry.name, entry.source.name(), synonyms.join(", "))
}

fn entity_name(entity: &[(String, Option<String>)]) -> String {
    let parts = entity.iter().map(|(kind, name)| format!("{kind}={}", name.as_deref().unwrap_or("*")));
    parts.collect::<Vec<_>>().join(",")
}

fn outcome(result: Result<String, &ApiError>) -> String {
    match result {
        Ok(text) => format!("= {text}\n"),
        Err(error) => format!("= {error}\n"),
    }
}

fn lines(outcomes: impl Iterator<Item = String>) -> String {
    outcomes.collect()
}

fn dirs(ids: &[Uuid]) -> String {
    ids.iter().map(|dir| if dir.is_zero() { '?' } else { char::from(dir.0[0]) }).collect()
}
