//! Records and replies as lines of a script, with member ids under their short names.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use stream_codec::stored::GroupRecord;
use stream_types::{ErrorCode, WallMillis};

use crate::{CoordinatorRecord, GroupReply, PartitionResult};

/// Short names of member ids: the second id that `A` got is `A2`.
#[derive(Default)]
pub(super) struct Names {
    by_id: BTreeMap<String, String>,
    counts: BTreeMap<String, u32>,
}

impl Names {
    pub(super) fn learn(&mut self, alias: &str, member_id: &str) {
        if member_id.is_empty() || self.by_id.contains_key(member_id) {
            return;
        }
        let count = self.counts.entry(alias.to_owned()).or_default();
        *count += 1;
        self.by_id.insert(member_id.to_owned(), format!("{alias}{count}"));
    }

    pub(super) fn id(&self, name: &str) -> Option<&str> {
        self.by_id.iter().find(|(_, known)| *known == name).map(|(member_id, _)| member_id.as_str())
    }

    pub(super) fn name<'a>(&'a self, member_id: &'a str) -> &'a str {
        self.by_id.get(member_id).map_or(if member_id.is_empty() { "-" } else { member_id }, String::as_str)
    }
}

fn or_dash(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("-")
}

/// Printable bytes as they are, others as their count.
fn bytes(bytes: &Bytes) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(|character| !character.is_control()) => text.to_owned(),
        _ => format!("<{} bytes>", bytes.len()),
    }
}

pub(super) fn record(names: &Names, started: WallMillis, record: &CoordinatorRecord) -> String {
    match GroupRecord::decode(record.key.clone(), record.value.clone()).unwrap() {
        GroupRecord::OffsetCommit(key, None) => format!("- Offset {} {}-{}", key.group, key.topic, key.partition),
        GroupRecord::OffsetCommit(key, Some(value)) => {
            let mut text = format!("+ Offset {} {}-{} = {}", key.group, key.topic, key.partition, value.offset);
            if value.leader_epoch != -1 {
                write!(text, " epoch {}", value.leader_epoch).unwrap();
            }
            if !value.metadata.is_empty() {
                write!(text, " {:?}", &*value.metadata).unwrap();
            }
            if value.expire_timestamp != -1 {
                write!(text, " expires +{}s", (value.expire_timestamp - started.0) / 1000).unwrap();
            }
            text
        }
        GroupRecord::GroupMetadata(key, None) => format!("- Group {}", key.group),
        GroupRecord::GroupMetadata(key, Some(value)) => {
            let mut text = format!(
                "+ Group {} generation {} {}/{} leader {} since +{}s",
                key.group,
                value.generation,
                or_dash(Some(&value.protocol_type)),
                or_dash(value.protocol.as_deref()),
                names.name(value.leader.as_deref().unwrap_or("")),
                (value.current_state_timestamp - started.0) / 1000,
            );
            for member in &value.members {
                write!(text, " {}={}", names.name(&member.member_id), bytes(&member.assignment)).unwrap();
            }
            text
        }
        other => panic!("{other:?}"),
    }
}

fn results(error: ErrorCode, partitions: &[PartitionResult], topic: &str) -> String {
    let mut text = if error.is_none() { String::new() } else { format!(" {error}") };
    for partition in partitions {
        write!(text, " {topic}-{}", partition.partition).unwrap();
        if !partition.error.is_none() {
            write!(text, ": {}", partition.error).unwrap();
        }
    }
    text
}

pub(super) fn reply(names: &Names, reply: &GroupReply) -> Vec<String> {
    let mut lines = Vec::new();
    match reply {
        GroupReply::Join(join) => {
            let mut text = format!("{} as {}", join.error, names.name(&join.member_id));
            if join.error.is_none() {
                write!(
                    text,
                    " generation {} {}/{} leader {}",
                    join.generation_id,
                    or_dash(join.protocol_type.as_deref()),
                    or_dash(join.protocol_name.as_deref()),
                    names.name(&join.leader)
                )
                .unwrap();
            }
            if join.skip_assignment {
                text.push_str(" skip");
            }
            for member in &join.members {
                write!(text, " {}", names.name(&member.member_id)).unwrap();
                if let Some(instance_id) = &member.group_instance_id {
                    write!(text, "/{instance_id}").unwrap();
                }
                write!(text, ":{}", bytes(&member.metadata)).unwrap();
            }
            lines.push(text);
        }
        GroupReply::Sync(sync) => lines.push(format!(
            "{} {}/{} {}",
            sync.error,
            or_dash(sync.protocol_type.as_deref()),
            or_dash(sync.protocol_name.as_deref()),
            bytes(&sync.assignment)
        )),
        GroupReply::Heartbeat(error) | GroupReply::Delete(error) => lines.push(error.to_string()),
        GroupReply::Leave(leave) => {
            let mut text = leave.error.to_string();
            for member in &leave.members {
                let instance_id = member.group_instance_id.as_deref().unwrap_or("-");
                write!(text, " {}/{instance_id}: {}", names.name(&member.member_id), member.error).unwrap();
            }
            lines.push(text);
        }
        GroupReply::CommitOffsets(commit) => {
            lines.push(
                commit.topics.iter().map(|topic| results(ErrorCode::None, &topic.partitions, &topic.name)).collect(),
            );
        }
        GroupReply::FetchOffsets(fetch) => {
            let mut text = fetch.error.to_string();
            for topic in &fetch.topics {
                for partition in &topic.partitions {
                    write!(text, " {}-{}={}", topic.name, partition.partition, partition.offset).unwrap();
                    if partition.leader_epoch.0 != -1 {
                        write!(text, " epoch {}", partition.leader_epoch).unwrap();
                    }
                    if !partition.metadata.is_empty() {
                        write!(text, " {:?}", &*partition.metadata).unwrap();
                    }
                }
            }
            lines.push(text);
        }
        GroupReply::DeleteOffsets(delete) => {
            let topics = delete.topics.iter().map(|topic| results(ErrorCode::None, &topic.partitions, &topic.name));
            lines.push(format!("{}{}", delete.error, topics.collect::<String>()));
        }
        GroupReply::Describe(group) => {
            lines.push(format!(
                "{} {} {} {}/{}{}",
                group.error,
                group.group_id,
                group.state,
                or_dash(Some(&group.protocol_type)),
                or_dash(Some(&group.protocol)),
                group.error_message.as_ref().map(|message| format!(" {message:?}")).unwrap_or_default(),
            ));
            for member in &group.members {
                lines.push(format!(
                    "  {}/{} {} {} says {} has {}",
                    names.name(&member.member_id),
                    member.group_instance_id.as_deref().unwrap_or("-"),
                    member.client_id,
                    member.client_host,
                    bytes(&member.metadata),
                    bytes(&member.assignment)
                ));
            }
        }
        GroupReply::List(groups) => {
            for group in groups {
                let protocol_type = or_dash(Some(&group.protocol_type));
                lines.push(format!("{} {} {} {protocol_type}", group.group_id, group.group_type, group.state));
            }
            if groups.is_empty() {
                lines.push("nothing".to_owned());
            }
        }
        GroupReply::TopicsDeleted => lines.push("done".to_owned()),
    }
    lines
}
