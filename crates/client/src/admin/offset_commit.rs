//! OffsetCommit, of a member or, with no member, of an administrator.

use std::collections::BTreeMap;

use stream_wire::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
};

use crate::client::Client;
use crate::error::ClientError;

/// The last version that names topics.
const BY_NAME: i16 = 9;

/// Who commits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Committer {
    pub(crate) group: String,
    pub(crate) generation: i32,
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
}

impl Client {
    /// Sets the offsets of a group that has no members.
    ///
    /// # Errors
    /// Kafka's error for the first partition that has one, or when the coordinator does not answer in time.
    pub async fn set_committed_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<(String, i32), i64>,
    ) -> Result<(), ClientError> {
        let nobody = Committer { group: group.to_owned(), generation: -1, member_id: String::new(), instance_id: None };
        self.commit_offsets(&nobody, offsets).await
    }

    pub(crate) async fn commit_offsets(
        &self,
        committer: &Committer,
        offsets: &BTreeMap<(String, i32), i64>,
    ) -> Result<(), ClientError> {
        if offsets.is_empty() {
            return Ok(());
        }
        let mut by_topic: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
        for ((topic, partition), offset) in offsets {
            by_topic.entry(topic).or_default().push(OffsetCommitRequestPartition {
                partition_index: *partition,
                committed_offset: *offset,
                ..OffsetCommitRequestPartition::default()
            });
        }
        let topics: Vec<OffsetCommitRequestTopic> = by_topic
            .into_iter()
            .map(|(name, partitions)| OffsetCommitRequestTopic { name: name.into(), partitions, ..Default::default() })
            .collect();
        let request = |version: i16| OffsetCommitRequest {
            group_id: committer.group.as_str().into(),
            generation_id_or_member_epoch: committer.generation,
            member_id: committer.member_id.as_str().into(),
            group_instance_id: committer.instance_id.as_deref().filter(|_| version >= 7).map(Into::into),
            topics: topics.clone(),
            ..OffsetCommitRequest::default()
        };
        self.call_coordinator(&committer.group, BY_NAME, request, |response| check(&committer.group, response))
            .await
            .map(|_| ())
    }
}

fn check(group: &str, response: &OffsetCommitResponse) -> Result<(), ClientError> {
    for topic in &response.topics {
        for partition in &topic.partitions {
            let what = format!("group '{group}', partition {}-{}", topic.name, partition.partition_index);
            ClientError::check(what, partition.error_code, None)?;
        }
    }
    Ok(())
}
