//! DeleteGroups.

use stream_wire::delete_groups::{DeleteGroupsRequest, DeleteGroupsResponse};

use super::find_coordinator::group_name;
use crate::client::Client;
use crate::error::ClientError;

impl Client {
    /// Deletes a group without members, with its committed offsets.
    ///
    /// # Errors
    /// Kafka's error for the group, or when its coordinator does not answer in time.
    pub async fn delete_group(&self, group: &str) -> Result<(), ClientError> {
        let request = |_| DeleteGroupsRequest { groups_names: vec![group.into()] };
        let check = |response: &DeleteGroupsResponse| {
            let code = response.results.first().map_or(0, |result| result.error_code);
            ClientError::check(group_name(group), code, None)
        };
        self.call_coordinator(group, i16::MAX, request, check).await.map(|_| ())
    }
}
