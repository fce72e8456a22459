//! ListPartitionReassignments (KIP-455).

use stream_wire::list_partition_reassignments::ListPartitionReassignmentsRequest;

use crate::client::{Client, Target};
use crate::error::ClientError;

/// A partition that moves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reassignment {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Everybody who has it or is to have it.
    pub replicas: Vec<i32>,
    /// Who is to have it.
    pub adding: Vec<i32>,
    /// Who is to lose it.
    pub removing: Vec<i32>,
}

impl Client {
    /// Every partition that moves, by topic and number.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time.
    pub async fn reassignments(&self) -> Result<Vec<Reassignment>, ClientError> {
        let request = ListPartitionReassignmentsRequest { topics: None, timeout_ms: self.timeout_ms() };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            let checked = ClientError::check("reassignments", response.error_code, response.error_message.as_deref());
            if let Err(error) = checked {
                retry.after(error).await?;
                continue;
            }
            let mut reassignments = Vec::new();
            for topic in response.topics {
                reassignments.extend(topic.partitions.into_iter().map(|partition| Reassignment {
                    topic: topic.name.to_string(),
                    partition: partition.partition_index,
                    replicas: partition.replicas,
                    adding: partition.adding_replicas,
                    removing: partition.removing_replicas,
                }));
            }
            reassignments.sort_by(|left, right| (&left.topic, left.partition).cmp(&(&right.topic, right.partition)));
            return Ok(reassignments);
        }
    }
}
