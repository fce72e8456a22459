//! CreatePartitions.

use stream_wire::create_partitions::{CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsTopic};

use crate::client::{Client, Target};
use crate::error::ClientError;

impl Client {
    /// Gives a topic more partitions, up to `count` in all; `assignments` are the replicas of each new one, or empty.
    ///
    /// # Errors
    /// Kafka's error for the topic, or when no broker answers in time.
    pub async fn create_partitions(
        &self,
        topic: &str,
        count: i32,
        assignments: &[Vec<i32>],
    ) -> Result<(), ClientError> {
        let assignment = |brokers: &Vec<i32>| CreatePartitionsAssignment { broker_ids: brokers.clone() };
        let chosen = (!assignments.is_empty()).then(|| assignments.iter().map(assignment).collect());
        let request = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic { name: topic.into(), count, assignments: chosen }],
            timeout_ms: self.timeout_ms(),
            validate_only: false,
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            let result = response.results.into_iter().next().unwrap_or_default();
            let what = format!("topic '{topic}'");
            match ClientError::check(what, result.error_code, result.error_message.as_deref()) {
                Ok(()) => {
                    self.forget_topic(topic);
                    return Ok(());
                }
                Err(error) => retry.after(error).await?,
            }
        }
    }
}
