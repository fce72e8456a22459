//! ElectLeaders (KIP-460).

use std::collections::BTreeMap;

use stream_wire::elect_leaders::{ElectLeadersRequest, TopicPartitions};

use crate::client::{Client, Target};
use crate::error::ClientError;

/// Who becomes leader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Election {
    /// The first replica, if it is in sync.
    Preferred,
    /// A replica that is not in sync, if none is: records may be lost.
    Unclean,
}

/// What came of an election.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ElectionResult {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Kafka's error number, 0 if there is a new leader.
    pub error_code: i16,
    /// The broker's explanation.
    pub error_message: Option<String>,
}

impl Client {
    /// Elects leaders of these partitions, or of all; what all need not do is not told.
    ///
    /// # Errors
    /// Kafka's error for the whole request, or when no broker answers in time.
    pub async fn elect_leaders(
        &self,
        election: Election,
        partitions: Option<&[(String, i32)]>,
    ) -> Result<Vec<ElectionResult>, ClientError> {
        let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in partitions.unwrap_or_default() {
            by_topic.entry(topic).or_default().push(*partition);
        }
        let of_topic = |(topic, partitions): (&str, Vec<i32>)| TopicPartitions { topic: topic.into(), partitions };
        let request = ElectLeadersRequest {
            election_type: if election == Election::Preferred { 0 } else { 1 },
            topic_partitions: partitions.map(|_| by_topic.into_iter().map(of_topic).collect()),
            timeout_ms: self.timeout_ms(),
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            if let Err(error) = ClientError::check("elections", response.error_code, None) {
                retry.after(error).await?;
                continue;
            }
            let mut results = Vec::new();
            for topic in response.replica_election_results {
                results.extend(topic.partition_result.iter().map(|partition| ElectionResult {
                    topic: topic.topic.to_string(),
                    partition: partition.partition_id,
                    error_code: partition.error_code,
                    error_message: partition.error_message.as_ref().map(|text| text.to_string()),
                }));
            }
            results.sort_by(|left, right| (&left.topic, left.partition).cmp(&(&right.topic, right.partition)));
            return Ok(results);
        }
    }
}
