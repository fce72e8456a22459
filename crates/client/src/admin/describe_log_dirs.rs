//! DescribeLogDirs.

use stream_wire::describe_log_dirs::DescribeLogDirsRequest;

use crate::client::{Client, Target};
use crate::error::ClientError;

/// A log directory of a broker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogDir {
    /// Its path on the broker.
    pub path: String,
    /// Kafka's error number, 0 if it is online.
    pub error_code: i16,
    /// Size of its file system (bytes); -1 if the broker does not tell.
    pub total_bytes: i64,
    /// What is free of it (bytes); -1 if the broker does not tell.
    pub usable_bytes: i64,
    /// The partitions in it.
    pub replicas: Vec<LogDirReplica>,
}

/// One partition in a log directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogDirReplica {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Its segments' size (bytes).
    pub size_bytes: i64,
    /// How far it is behind the high watermark.
    pub offset_lag: i64,
    /// Whether it is moving here from another directory.
    pub is_future: bool,
}

impl Client {
    /// The log directories of a broker and everything in them.
    ///
    /// # Errors
    /// Kafka's error for the request, or when the broker does not answer in time.
    pub async fn describe_log_dirs(&self, broker: i32) -> Result<Vec<LogDir>, ClientError> {
        let request = DescribeLogDirsRequest { topics: None };
        let response = self.call(Target::Node(broker), &request).await?;
        ClientError::check(format!("log directories of broker {broker}"), response.error_code, None)?;
        let mut dirs = Vec::new();
        for dir in response.results {
            let mut replicas = Vec::new();
            for topic in dir.topics {
                replicas.extend(topic.partitions.iter().map(|partition| LogDirReplica {
                    topic: topic.name.to_string(),
                    partition: partition.partition_index,
                    size_bytes: partition.partition_size,
                    offset_lag: partition.offset_lag,
                    is_future: partition.is_future_key,
                }));
            }
            replicas.sort_by(|left, right| (&left.topic, left.partition).cmp(&(&right.topic, right.partition)));
            dirs.push(LogDir {
                path: dir.log_dir.to_string(),
                error_code: dir.error_code,
                total_bytes: dir.total_bytes,
                usable_bytes: dir.usable_bytes,
                replicas,
            });
        }
        Ok(dirs)
    }
}
