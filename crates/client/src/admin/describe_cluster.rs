//! DescribeCluster, and Metadata where a broker does not offer it.

use stream_wire::ApiKey;
use stream_wire::describe_cluster::DescribeClusterRequest;

use crate::client::{Client, Target};
use crate::error::ClientError;
use crate::metadata::Broker;

/// A cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DescribedCluster {
    /// Its id.
    pub cluster_id: String,
    /// The node that brokers name as controller; -1 if none is known.
    pub controller_id: i32,
    /// Its brokers, by id.
    pub brokers: Vec<Broker>,
}

impl Client {
    /// The cluster's id and brokers.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time.
    pub async fn describe_cluster(&self) -> Result<DescribedCluster, ClientError> {
        if !self.offers(ApiKey::DescribeCluster).await? {
            self.refresh_brokers().await?;
            let cluster_id = self.cluster_id().unwrap_or_default();
            return Ok(DescribedCluster { cluster_id, controller_id: -1, brokers: self.brokers() });
        }
        let response = self.call(Target::Any, &DescribeClusterRequest::default()).await?;
        ClientError::check("cluster", response.error_code, response.error_message.as_deref())?;
        let mut brokers: Vec<Broker> = response
            .brokers
            .into_iter()
            .map(|broker| Broker {
                id: broker.broker_id,
                host: broker.host.to_string(),
                port: broker.port,
                rack: broker.rack.map(|rack| rack.to_string()),
            })
            .collect();
        brokers.sort_by_key(|broker| broker.id);
        let cluster_id = response.cluster_id.to_string();
        self.remember(brokers.clone(), Some(cluster_id.clone()), &[]);
        Ok(DescribedCluster { cluster_id, controller_id: response.controller_id, brokers })
    }
}
