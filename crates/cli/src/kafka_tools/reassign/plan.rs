//! Plans of `kafka-reassign-partitions`: read, made, and written as Kafka's JSON.

use std::path::Path;

use serde_json::Value;
use stream_client::{LogDir, Topic};

use crate::kafka_tools::error::ToolError;
use crate::kafka_tools::json_file;

/// Where a partition is, or is to be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Replicas {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) replicas: Vec<i32>,
    /// The directory of each replica, or `any`.
    pub(super) dirs: Vec<String>,
}

/// The partitions of a plan, in their order.
pub(super) fn read_partitions(path: &Path) -> Result<Vec<Replicas>, ToolError> {
    json_file::read(path, partitions)
}

fn partitions(json: &Value) -> Result<Vec<Replicas>, String> {
    let mut partitions = Vec::new();
    for entry in json_file::list(json, "partitions")? {
        let (topic, partition) = json_file::topic_and_partition(entry)?;
        let replicas = json_file::list(entry, "replicas")?.iter().map(json_file::number);
        let replicas = replicas.collect::<Option<Vec<i32>>>().ok_or("a replica that is no number")?;
        partitions.push(Replicas { topic, partition, replicas, dirs: Vec::new() });
    }
    partitions.sort();
    if partitions.is_empty() {
        return Err("Partition reassignment list cannot be empty".to_owned());
    }
    let repeated = partitions.windows(2).find_map(|pair| match pair {
        [one, next] if (&one.topic, one.partition) == (&next.topic, next.partition) => Some(one),
        _ => None,
    });
    match repeated {
        Some(one) => {
            Err(format!("Partition reassignment contains duplicate topic partitions: {}-{}", one.topic, one.partition))
        }
        None => Ok(partitions),
    }
}

/// The topics that are to move.
pub(super) fn read_topics(path: &Path) -> Result<Vec<String>, ToolError> {
    json_file::read(path, |json| {
        let name = |entry: &Value| entry.get("topic").and_then(Value::as_str).map(str::to_owned);
        let names: Option<Vec<String>> = json_file::list(json, "topics")?.iter().map(name).collect();
        let mut names = names.ok_or("an entry has no topic")?;
        names.sort();
        names.dedup();
        Ok(names)
    })
}

/// Where the partitions of topics are.
pub(super) fn current(topics: &[Topic]) -> Vec<Replicas> {
    let mut current = Vec::new();
    for topic in topics {
        current.extend(topic.partitions.iter().map(|partition| Replicas {
            topic: topic.name.clone(),
            partition: partition.index,
            replicas: partition.replicas.clone(),
            dirs: vec!["any".to_owned(); partition.replicas.len()],
        }));
    }
    current.sort();
    current
}

/// Notes which partitions are in a directory of a broker.
pub(super) fn set_dir(current: &mut [Replicas], broker: i32, dir: &LogDir) {
    for replica in dir.replicas.iter().filter(|replica| !replica.is_future) {
        let found = current.iter_mut().find(|one| one.topic == replica.topic && one.partition == replica.partition);
        let Some(found) = found else { continue };
        let place = found.replicas.iter().position(|replica| *replica == broker);
        if let Some(own) = place.and_then(|place| found.dirs.get_mut(place)) {
            own.clone_from(&dir.path);
        }
    }
}

/// A plan with as many replicas as there are, each partition's first on the next broker.
pub(super) fn spread(topics: &[Topic], brokers: &[i32]) -> Result<Vec<Replicas>, ToolError> {
    let mut proposed = Vec::new();
    for topic in topics {
        let wanted = topic.partitions.first().map_or(0, |partition| partition.replicas.len());
        if wanted > brokers.len() {
            return Err(ToolError::Failed(format!(
                "Unable to replicate the partition {wanted} time(s): The target replication factor of {wanted} cannot be reached because only {} broker(s) are registered.",
                brokers.len()
            )));
        }
        for (place, partition) in topic.partitions.iter().enumerate() {
            let replicas: Vec<i32> =
                brokers.iter().cycle().skip(place % brokers.len().max(1)).take(wanted).copied().collect();
            let dirs = vec!["any".to_owned(); replicas.len()];
            proposed.push(Replicas { topic: topic.name.clone(), partition: partition.index, replicas, dirs });
        }
    }
    proposed.sort();
    Ok(proposed)
}

/// A plan as one line, its keys in Kafka's order.
pub(super) fn as_json(plan: &[Replicas]) -> String {
    let one = |one: &Replicas| {
        format!(
            "{{\"topic\":{},\"partition\":{},\"replicas\":{},\"log_dirs\":{}}}",
            Value::from(one.topic.as_str()),
            one.partition,
            Value::from(one.replicas.clone()),
            Value::from(one.dirs.clone()),
        )
    };
    let partitions: Vec<String> = plan.iter().map(one).collect();
    format!("{{\"version\":1,\"partitions\":[{}]}}", partitions.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stream_client::Partition;
    use stream_types::Uuid;

    use super::*;

    #[test]
    fn a_plan_is_read_as_it_is_written() {
        let partition = |index| Partition {
            index,
            leader: 1,
            leader_epoch: 0,
            replicas: vec![1, 2],
            isr: vec![1],
            offline: vec![],
        };
        let topic = Topic {
            name: "t".into(),
            id: Uuid::ZERO,
            is_internal: false,
            error_code: 0,
            partitions: vec![partition(0), partition(1), partition(2)],
        };
        let plan = spread(std::slice::from_ref(&topic), &[1, 2, 3]).expect("enough brokers");
        let replicas: Vec<Vec<i32>> = plan.iter().map(|one| one.replicas.clone()).collect();
        assert_eq!(replicas, [[1, 2], [2, 3], [3, 1]]);
        let written: Value = serde_json::from_str(&as_json(&plan)).expect("JSON");
        assert_eq!(written["partitions"][2]["log_dirs"], json!(["any", "any"]));
        let read = partitions(&written).expect("a plan");
        assert_eq!(read.iter().map(|one| one.replicas.clone()).collect::<Vec<_>>(), replicas);
        assert!(spread(&[topic], &[1]).is_err());
        for broken in [json!({}), json!({"partitions": []}), json!({"partitions": [{"topic": "t"}]})] {
            assert!(partitions(&broken).is_err(), "{broken}");
        }
    }
}
