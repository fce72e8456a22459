//! ListOffsets: where a partition begins and ends, and which offset a time has.

use std::collections::BTreeMap;

use stream_wire::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};

use crate::client::{Client, Target};
use crate::error::ClientError;

/// What is looked for in a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OffsetSpec {
    /// The first record that is left.
    Earliest,
    /// The end: the offset of the next record.
    Latest,
    /// The record with the largest timestamp.
    MaxTimestamp,
    /// The first record at or after a time (milliseconds since 1970).
    At(i64),
}

impl OffsetSpec {
    fn timestamp(self) -> i64 {
        match self {
            OffsetSpec::Latest => -1,
            OffsetSpec::Earliest => -2,
            OffsetSpec::MaxTimestamp => -3,
            OffsetSpec::At(time) => time.max(0),
        }
    }
}

/// What was found in a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoundOffset {
    /// The offset; -1 if no record is that young.
    pub offset: i64,
    /// The record's timestamp (milliseconds), where one was looked for; otherwise -1.
    pub timestamp: i64,
}

impl Client {
    /// Looks for offsets in partitions of a topic, each by its own criterion.
    ///
    /// # Errors
    /// Kafka's error for the first partition that has one, or when a leader does not answer in time.
    pub async fn list_offsets(
        &self,
        topic: &str,
        wanted: &[(i32, OffsetSpec)],
    ) -> Result<BTreeMap<i32, FoundOffset>, ClientError> {
        let mut retry = self.retry();
        loop {
            match self.list_offsets_once(topic, wanted).await {
                Ok(found) => return Ok(found),
                Err(error) => {
                    if error.is_stale_metadata() {
                        self.forget_topic(topic);
                    }
                    retry.after(error).await?;
                }
            }
        }
    }

    async fn list_offsets_once(
        &self,
        topic: &str,
        wanted: &[(i32, OffsetSpec)],
    ) -> Result<BTreeMap<i32, FoundOffset>, ClientError> {
        let described = self.known_topic(topic).await?;
        let mut by_leader: BTreeMap<i32, Vec<ListOffsetsPartition>> = BTreeMap::new();
        for (index, spec) in wanted {
            let what = || format!("partition {topic}-{index}");
            let unknown = || ClientError::refused(what(), stream_types::ErrorCode::UnknownTopicOrPartition);
            let partition = described.partition(*index).ok_or_else(unknown)?;
            if partition.leader < 0 {
                return Err(ClientError::refused(what(), stream_types::ErrorCode::LeaderNotAvailable));
            }
            by_leader.entry(partition.leader).or_default().push(ListOffsetsPartition {
                partition_index: *index,
                current_leader_epoch: partition.leader_epoch,
                timestamp: spec.timestamp(),
            });
        }
        let mut found = BTreeMap::new();
        for (leader, partitions) in by_leader {
            let request = ListOffsetsRequest {
                replica_id: -1,
                topics: vec![ListOffsetsTopic { name: topic.into(), partitions }],
                timeout_ms: self.timeout_ms(),
                ..ListOffsetsRequest::default()
            };
            let response = self.call(Target::Node(leader), &request).await?;
            for partition in response.topics.into_iter().flat_map(|topic| topic.partitions) {
                let what = format!("partition {topic}-{}", partition.partition_index);
                ClientError::check(what, partition.error_code, None)?;
                let offset = FoundOffset { offset: partition.offset, timestamp: partition.timestamp };
                found.insert(partition.partition_index, offset);
            }
        }
        Ok(found)
    }

    /// One criterion for every partition of a topic.
    ///
    /// # Errors
    /// As [`Client::list_offsets`].
    pub async fn list_all_offsets(
        &self,
        topic: &str,
        spec: OffsetSpec,
    ) -> Result<BTreeMap<i32, FoundOffset>, ClientError> {
        let described = self.known_topic(topic).await?;
        let wanted: Vec<_> = described.partitions.iter().map(|partition| (partition.index, spec)).collect();
        self.list_offsets(topic, &wanted).await
    }
}
