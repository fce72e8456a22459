//! ListGroups, of every broker.

use stream_wire::list_groups::ListGroupsRequest;

use crate::client::{Client, Target};
use crate::error::ClientError;

/// A group as a list shows it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ListedGroup {
    /// Its id.
    pub group_id: String,
    /// `consumer`, or what its members call themselves.
    pub protocol_type: String,
    /// `Stable`, `Empty`, `Dead`...; empty if the broker does not tell.
    pub state: String,
    /// `Classic`, `Consumer`...; empty if the broker does not tell.
    pub group_type: String,
}

impl Client {
    /// Every group, by id.
    ///
    /// # Errors
    /// Kafka's error of a broker, or when one does not answer in time.
    pub async fn list_groups(&self) -> Result<Vec<ListedGroup>, ClientError> {
        self.refresh_brokers().await?;
        let mut groups = Vec::new();
        for broker in self.brokers() {
            let mut retry = self.retry();
            let response = loop {
                let response = self.call(Target::Node(broker.id), &ListGroupsRequest::default()).await?;
                match ClientError::check(format!("groups of broker {}", broker.id), response.error_code, None) {
                    Ok(()) => break response,
                    Err(error) => retry.after(error).await?,
                }
            };
            groups.extend(response.groups.into_iter().map(|group| ListedGroup {
                group_id: group.group_id.to_string(),
                protocol_type: group.protocol_type.to_string(),
                state: group.group_state.to_string(),
                group_type: group.group_type.to_string(),
            }));
        }
        groups.sort();
        Ok(groups)
    }
}
