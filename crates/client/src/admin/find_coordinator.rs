//! FindCoordinator: which broker keeps a group's state.

use stream_codec::Str;
use stream_wire::Request;
use stream_wire::find_coordinator::FindCoordinatorRequest;

use crate::client::{Client, Target};
use crate::error::ClientError;

/// The first version that asks for several keys.
const SEVERAL_KEYS: i16 = 4;

impl Client {
    /// The broker that coordinates a group.
    ///
    /// # Errors
    /// Kafka's error for the group, or when no broker answers in time.
    pub async fn find_coordinator(&self, group: &str) -> Result<i32, ClientError> {
        let request = |version: i16| {
            let mut request = FindCoordinatorRequest::default();
            if version >= SEVERAL_KEYS {
                request.coordinator_keys = vec![Str::from(group)];
            } else {
                request.key = Str::from(group);
            }
            request
        };
        let mut retry = self.retry();
        loop {
            let response = self.call_versioned(Target::Any, i16::MAX, request).await?;
            let (node_id, code, message) = match response.coordinators.into_iter().next() {
                Some(found) => (found.node_id, found.error_code, found.error_message),
                None => (response.node_id, response.error_code, response.error_message),
            };
            match ClientError::check(group_name(group), code, message.as_deref()) {
                Ok(()) => return Ok(node_id),
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// Asks a group's coordinator, again where it has moved; `check` finds the error in an answer.
    pub(crate) async fn call_coordinator<R: Request>(
        &self,
        group: &str,
        max: i16,
        request: impl Fn(i16) -> R,
        check: impl Fn(&R::Response) -> Result<(), ClientError>,
    ) -> Result<R::Response, ClientError> {
        let mut retry = self.retry();
        loop {
            let node = self.find_coordinator(group).await?;
            let response = self.call_versioned(Target::Node(node), max, &request).await?;
            match check(&response) {
                Ok(()) => return Ok(response),
                Err(error) => retry.after(error).await?,
            }
        }
    }
}

/// `group 'billing'`.
pub(crate) fn group_name(group: &str) -> String {
    format!("group '{group}'")
}
