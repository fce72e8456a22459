//! DescribeTopicPartitions (KIP-966): topics with the replicas that may lead without being in sync.

use stream_wire::ApiKey;
use stream_wire::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic, TopicRequest,
};

use crate::client::{Client, Target};
use crate::error::ClientError;
use crate::metadata::{Partition, Topic};

/// The replicas of a partition that may be elected although they are not in sync.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EligibleReplicas {
    /// Those that have everything that is committed; none if the broker does not tell.
    pub eligible: Option<Vec<i32>>,
    /// Those that were the last to be; none if the broker does not tell.
    pub last_known: Option<Vec<i32>>,
}

/// A topic, and the eligible replicas of each of its partitions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DescribedTopic {
    /// The topic and its partitions.
    pub topic: Topic,
    /// As many as there are partitions.
    pub eligible: Vec<EligibleReplicas>,
}

impl Client {
    /// These topics, whether they exist or not: see [`Topic::error_code`].
    ///
    /// # Errors
    /// When no broker answers in time.
    pub async fn describe_topics(&self, names: &[&str]) -> Result<Vec<DescribedTopic>, ClientError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        if !self.offers(ApiKey::DescribeTopicPartitions).await? {
            let topics = self.topics(names).await?.into_iter();
            let untold = |topic: Topic| {
                let eligible = vec![EligibleReplicas::default(); topic.partitions.len()];
                DescribedTopic { topic, eligible }
            };
            return Ok(topics.map(untold).collect());
        }
        let mut described: Vec<DescribedTopic> = Vec::new();
        let mut cursor: Option<Cursor> = None;
        loop {
            let request = DescribeTopicPartitionsRequest {
                topics: names.iter().map(|name| TopicRequest { name: (*name).into() }).collect(),
                cursor: cursor.take(),
                ..DescribeTopicPartitionsRequest::default()
            };
            let response = self.call(Target::Any, &request).await?;
            response.topics.into_iter().for_each(|page| add(&mut described, page));
            match response.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        described.sort_by(|left, right| left.topic.name.cmp(&right.topic.name));
        Ok(described)
    }
}

/// Adds what a page tells of a topic, which may have begun on the page before.
fn add(described: &mut Vec<DescribedTopic>, page: DescribeTopicPartitionsResponseTopic) {
    let name = page.name.unwrap_or_default().to_string();
    let (partitions, eligible): (Vec<Partition>, Vec<EligibleReplicas>) =
        page.partitions.into_iter().map(split).unzip();
    match described.iter_mut().find(|described| described.topic.name == name) {
        Some(begun) => {
            begun.topic.partitions.extend(partitions);
            begun.eligible.extend(eligible);
        }
        None => {
            let (id, is_internal, error_code) = (page.topic_id, page.is_internal, page.error_code);
            described.push(DescribedTopic { topic: Topic { name, id, is_internal, error_code, partitions }, eligible });
        }
    }
}

fn split(partition: DescribeTopicPartitionsResponsePartition) -> (Partition, EligibleReplicas) {
    let eligible =
        EligibleReplicas { eligible: partition.eligible_leader_replicas, last_known: partition.last_known_elr };
    let partition = Partition {
        index: partition.partition_index,
        leader: partition.leader_id,
        leader_epoch: partition.leader_epoch,
        replicas: partition.replica_nodes,
        isr: partition.isr_nodes,
        offline: partition.offline_replicas,
    };
    (partition, eligible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_on_two_pages_is_one_topic() {
        let page = |name: &str, index: i32| DescribeTopicPartitionsResponseTopic {
            name: Some(name.into()),
            partitions: vec![DescribeTopicPartitionsResponsePartition {
                partition_index: index,
                eligible_leader_replicas: Some(vec![index]),
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut described = Vec::new();
        for page in [page("a", 0), page("b", 0), page("b", 1)] {
            add(&mut described, page);
        }
        let shapes: Vec<_> =
            described.iter().map(|topic| (topic.topic.partitions.len(), topic.eligible.len())).collect();
        assert_eq!(shapes, [(1, 1), (2, 2)]);
        assert_eq!(described[1].eligible[1].eligible, Some(vec![1]));
    }
}
