//! OffsetDelete: takes back what a group has committed.

use std::collections::BTreeMap;

use stream_types::ErrorCode;
use stream_wire::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic, OffsetDeleteResponse,
};

use super::find_coordinator::group_name;
use crate::client::Client;
use crate::error::ClientError;

impl Client {
    /// Deletes what a group has committed of these partitions; each partition has its own answer.
    ///
    /// # Errors
    /// Kafka's error for the whole group, or when its coordinator does not answer in time.
    pub async fn delete_committed_offsets(
        &self,
        group: &str,
        partitions: &[(String, i32)],
    ) -> Result<BTreeMap<(String, i32), Option<ErrorCode>>, ClientError> {
        let mut by_topic: BTreeMap<&str, Vec<OffsetDeleteRequestPartition>> = BTreeMap::new();
        for (topic, partition) in partitions {
            by_topic.entry(topic).or_default().push(OffsetDeleteRequestPartition { partition_index: *partition });
        }
        let topics: Vec<OffsetDeleteRequestTopic> = by_topic
            .into_iter()
            .map(|(name, partitions)| OffsetDeleteRequestTopic { name: name.into(), partitions })
            .collect();
        let request = |_| OffsetDeleteRequest { group_id: group.into(), topics: topics.clone() };
        let check = |response: &OffsetDeleteResponse| ClientError::check(group_name(group), response.error_code, None);
        let response = self.call_coordinator(group, i16::MAX, request, check).await?;
        let mut answers = BTreeMap::new();
        for topic in response.topics {
            for partition in topic.partitions {
                let error = match partition.error_code {
                    0 => None,
                    code => Some(ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError)),
                };
                answers.insert((topic.name.to_string(), partition.partition_index), error);
            }
        }
        Ok(answers)
    }
}
