//! `kafka-log-dirs`: what is in the brokers' directories, as Kafka's JSON on one line.

use clap::Args;
use serde_json::Value;
use stream_client::{LogDir, LogDirReplica};
use stream_types::ErrorCode;

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::{list, print};

/// Arguments of `kafka-log-dirs`.
#[derive(Debug, Args)]
pub(super) struct LogDirs {
    #[command(flatten)]
    server: ServerArguments,
    /// Show what is in the log directories
    #[arg(long)]
    describe: bool,
    /// Only these topics
    #[arg(long, value_name = "TOPIC,...", default_value = "")]
    topic_list: String,
    /// Only these brokers
    #[arg(long, value_name = "ID,...", default_value = "")]
    broker_list: String,
}

impl KafkaTool for LogDirs {
    const ABOUT: &'static str = "Show what is in the log directories of brokers";

    async fn run(self) -> Result<(), ToolError> {
        if !self.describe {
            return Err(ToolError::usage("Missing required argument \"[describe]\""));
        }
        let topics: Vec<&str> = self.topic_list.split(',').filter(|topic| !topic.is_empty()).collect();
        let wanted = self.brokers()?;
        let client = self.server.client()?;
        let live: Vec<i32> = client.describe_cluster().await?.brokers.iter().map(|broker| broker.id).collect();
        let missing: Vec<i32> = wanted.iter().filter(|broker| !live.contains(broker)).copied().collect();
        if !missing.is_empty() {
            return Err(ToolError::Failed(format!(
                "ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
                list(&missing),
                list(&live),
            )));
        }
        let brokers = if wanted.is_empty() { live } else { wanted };
        print("Querying brokers for log directories information\n")?;
        let mut described = Vec::new();
        for broker in &brokers {
            let mut dirs = client.describe_log_dirs(*broker).await?;
            for dir in &mut dirs {
                dir.replicas.retain(|replica| topics.is_empty() || topics.contains(&replica.topic.as_str()));
            }
            described.push(as_json(*broker, &dirs));
        }
        print(&format!("Received log directory information from brokers {}\n", list(&brokers)))?;
        Ok(print(&format!("{{\"brokers\":[{}],\"version\":1}}\n", described.join(",")))?)
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(error.to_string())
    }
}

impl LogDirs {
    fn brokers(&self) -> Result<Vec<i32>, ToolError> {
        let mut brokers: Vec<i32> = Vec::new();
        for text in self.broker_list.split(',').filter(|text| !text.is_empty()) {
            let id = text.parse().map_err(|_| ToolError::usage(format!("For input string: \"{text}\"")))?;
            brokers.push(id);
        }
        brokers.sort_unstable();
        brokers.dedup();
        Ok(brokers)
    }
}

/// A broker in the order of Kafka's keys, which scripts that cut with `sed` have learnt.
fn as_json(broker: i32, dirs: &[LogDir]) -> String {
    let replica = |replica: &LogDirReplica| {
        format!(
            "{{\"partition\":{},\"size\":{},\"offsetLag\":{},\"isFuture\":{}}}",
            Value::from(format!("{}-{}", replica.topic, replica.partition)),
            replica.size_bytes,
            replica.offset_lag,
            replica.is_future,
        )
    };
    let dir = |dir: &LogDir| {
        let error = match ErrorCode::from_code(dir.error_code) {
            Some(ErrorCode::None) => Value::Null,
            Some(ErrorCode::KafkaStorageError) => "org.apache.kafka.common.errors.KafkaStorageException".into(),
            _ => "org.apache.kafka.common.errors.UnknownServerException".into(),
        };
        let replicas: Vec<String> = dir.replicas.iter().map(replica).collect();
        let path = Value::from(dir.path.as_str());
        format!("{{\"partitions\":[{}],\"error\":{error},\"logDir\":{path}}}", replicas.join(","))
    };
    let dirs: Vec<String> = dirs.iter().map(dir).collect();
    format!("{{\"broker\":{broker},\"logDirs\":[{}]}}", dirs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_has_kafkas_keys_in_kafkas_order() {
        let replica = LogDirReplica { topic: "t".into(), partition: 0, size_bytes: 5, offset_lag: 1, is_future: false };
        let dir = |error_code, replicas| LogDir {
            path: "/a \"b\"".into(),
            error_code,
            total_bytes: -1,
            usable_bytes: -1,
            replicas,
        };
        assert_eq!(
            as_json(1, &[dir(0, vec![replica]), dir(56, vec![])]),
            r#"{"broker":1,"logDirs":[{"partitions":[{"partition":"t-0","size":5,"offsetLag":1,"isFuture":false}],"error":null,"logDir":"/a \"b\""},{"partitions":[],"error":"org.apache.kafka.common.errors.KafkaStorageException","logDir":"/a \"b\""}]}"#
        );
    }
}
