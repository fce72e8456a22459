//! `kafka-delete-records`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool, java, json_file};
use crate::output::print;

/// Arguments of `kafka-delete-records`.
#[derive(Debug, Args)]
pub(super) struct DeleteRecords {
    #[command(flatten)]
    server: ServerArguments,
    /// {"version":1,"partitions":[{"topic":"orders","partition":0,"offset":100}]}; an offset of -1 is the end
    #[arg(long, value_name = "FILE")]
    offset_json_file: Option<PathBuf>,
}

impl KafkaTool for DeleteRecords {
    const ABOUT: &'static str = "Delete the records of partitions that are before an offset";

    async fn run(self) -> Result<(), ToolError> {
        let client = self.server.client()?;
        let Some(file) = &self.offset_json_file else {
            return Err(ToolError::usage("Missing required argument \"[offset-json-file]\""));
        };
        let wanted = json_file::read(file, offsets)?;
        print("Executing records delete operation\n")?;
        let mut text = "Records delete operation completed:\n".to_owned();
        for (topic, partition, before) in wanted {
            let told = match client.delete_records(&topic, partition, before).await {
                Ok(low_watermark) => format!("low_watermark: {low_watermark}"),
                Err(error) => format!("error: {}", java::of(&error)),
            };
            text.push_str(&format!("partition: {topic}-{partition}\t{told}\n"));
        }
        Ok(print(&text)?)
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(error.to_string())
    }
}

/// Topic, partition and offset, in the order of the file.
fn offsets(json: &Value) -> Result<Vec<(String, i32, i64)>, String> {
    let mut offsets: Vec<(String, i32, i64)> = Vec::new();
    for entry in json_file::list(json, "partitions")? {
        let (topic, partition) = json_file::topic_and_partition(entry)?;
        let offset = entry.get("offset").and_then(Value::as_i64).ok_or("an entry has no offset")?;
        if offsets.iter().any(|(known, number, _)| *known == topic && *number == partition) {
            return Err(format!("Offset json file contains duplicate topic partitions: {topic}-{partition}"));
        }
        offsets.push((topic, partition, offset));
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_partition_is_named_once() {
        let entry = |partition: i32| json!({"topic": "t", "partition": partition, "offset": -1});
        let read = offsets(&json!({"partitions": [entry(1), entry(0)]}));
        assert_eq!(read, Ok(vec![("t".to_owned(), 1, -1), ("t".to_owned(), 0, -1)]));
        assert!(offsets(&json!({"partitions": [entry(1), entry(1)]})).is_err());
        assert!(offsets(&json!({"partitions": [{"topic": "t", "partition": 0}]})).is_err());
    }
}
