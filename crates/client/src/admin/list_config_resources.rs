//! ListConfigResources (KIP-1142): what has a configuration of its own.

use stream_wire::list_config_resources::ListConfigResourcesRequest;

use super::describe_configs::ResourceType;
use crate::client::{Client, Target};
use crate::error::ClientError;

impl Client {
    /// The names of the resources of a type, in their order.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time.
    pub async fn config_resources(&self, resource_type: ResourceType) -> Result<Vec<String>, ClientError> {
        let request = ListConfigResourcesRequest { resource_types: vec![resource_type.code()] };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            if let Err(error) = ClientError::check("configurations", response.error_code, None) {
                retry.after(error).await?;
                continue;
            }
            let of_type = |resource: &&stream_wire::list_config_resources::ConfigResource| {
                resource.resource_type == resource_type.code()
            };
            let resources = response.config_resources.iter().filter(of_type);
            let mut names: Vec<String> = resources.map(|resource| resource.resource_name.to_string()).collect();
            names.sort();
            return Ok(names);
        }
    }
}
