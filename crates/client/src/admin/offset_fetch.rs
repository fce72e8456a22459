//! OffsetFetch: what a group has committed.

use std::collections::BTreeMap;

use stream_wire::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchResponse};

use super::find_coordinator::group_name;
use crate::client::Client;
use crate::error::ClientError;

/// The first version that asks for several groups.
const SEVERAL_GROUPS: i16 = 8;
/// The last version that names topics.
const BY_NAME: i16 = 9;

/// A committed offset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommittedOffset {
    /// The next record to be read.
    pub offset: i64,
    /// What the member wrote beside it.
    pub metadata: String,
    /// The leader's epoch of the record before it, if the member knew.
    pub leader_epoch: Option<i32>,
}

impl Client {
    /// Everything that a group has committed, by topic and partition.
    ///
    /// # Errors
    /// Kafka's error for the group, or when its coordinator does not answer in time.
    pub async fn committed_offsets(
        &self,
        group: &str,
    ) -> Result<BTreeMap<(String, i32), CommittedOffset>, ClientError> {
        let request = |version: i16| {
            let mut request = OffsetFetchRequest::default();
            if version >= SEVERAL_GROUPS {
                let asked = OffsetFetchRequestGroup { group_id: group.into(), topics: None, ..Default::default() };
                request.groups = vec![asked];
            } else {
                request.group_id = group.into();
                request.topics = None;
            }
            request
        };
        let response = self.call_coordinator(group, BY_NAME, request, |response| check(group, response)).await?;
        Ok(offsets(response))
    }
}

fn check(group: &str, response: &OffsetFetchResponse) -> Result<(), ClientError> {
    let code = response.groups.first().map_or(response.error_code, |group| group.error_code);
    ClientError::check(group_name(group), code, None)?;
    let old = response.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| partition.error_code);
    let topics = response.groups.iter().flat_map(|group| &group.topics);
    let new = topics.flat_map(|topic| &topic.partitions).map(|partition| partition.error_code);
    match old.chain(new).find(|code| *code != 0) {
        Some(code) => ClientError::check(group_name(group), code, None),
        None => Ok(()),
    }
}

fn offsets(response: OffsetFetchResponse) -> BTreeMap<(String, i32), CommittedOffset> {
    let mut offsets = BTreeMap::new();
    let mut insert = |topic: &str, partition: i32, (offset, epoch): (i64, i32), metadata: Option<stream_codec::Str>| {
        if offset >= 0 {
            let metadata = metadata.map(|text| text.to_string()).unwrap_or_default();
            let leader_epoch = Some(epoch).filter(|epoch| *epoch >= 0);
            offsets.insert((topic.to_owned(), partition), CommittedOffset { offset, metadata, leader_epoch });
        }
    };
    for topic in response.topics {
        for partition in topic.partitions {
            let committed = (partition.committed_offset, partition.committed_leader_epoch);
            insert(&topic.name, partition.partition_index, committed, partition.metadata);
        }
    }
    for topic in response.groups.into_iter().flat_map(|group| group.topics) {
        for partition in topic.partitions {
            let committed = (partition.committed_offset, partition.committed_leader_epoch);
            insert(&topic.name, partition.partition_index, committed, partition.metadata);
        }
    }
    offsets
}
