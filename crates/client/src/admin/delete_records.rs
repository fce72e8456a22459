//! DeleteRecords.

use stream_types::ErrorCode;
use stream_wire::delete_records::{DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic};

use crate::client::{Client, Target};
use crate::error::ClientError;

impl Client {
    /// Deletes the records of a partition that are before an offset (-1: all there are), and says where it begins then.
    ///
    /// # Errors
    /// Kafka's error for the partition, or when its leader does not answer in time.
    pub async fn delete_records(&self, topic: &str, partition: i32, before: i64) -> Result<i64, ClientError> {
        let mut retry = self.retry();
        loop {
            match self.delete_records_once(topic, partition, before).await {
                Ok(low_watermark) => return Ok(low_watermark),
                Err(error) => {
                    if error.is_stale_metadata() {
                        self.forget_topic(topic);
                    }
                    retry.after(error).await?;
                }
            }
        }
    }

    async fn delete_records_once(&self, topic: &str, partition: i32, before: i64) -> Result<i64, ClientError> {
        let what = format!("partition {topic}-{partition}");
        let described = self.known_topic(topic).await?;
        let found = described.partition(partition);
        let found = found.ok_or_else(|| ClientError::refused(&what, ErrorCode::UnknownTopicOrPartition))?;
        if found.leader < 0 {
            return Err(ClientError::refused(&what, ErrorCode::LeaderNotAvailable));
        }
        let partitions = vec![DeleteRecordsPartition { partition_index: partition, offset: before }];
        let topics = vec![DeleteRecordsTopic { name: topic.into(), partitions }];
        let request = DeleteRecordsRequest { topics, timeout_ms: self.timeout_ms() };
        let response = self.call(Target::Node(found.leader), &request).await?;
        let result = response.topics.into_iter().flat_map(|topic| topic.partitions).next().unwrap_or_default();
        ClientError::check(&what, result.error_code, None)?;
        Ok(result.low_watermark)
    }
}
