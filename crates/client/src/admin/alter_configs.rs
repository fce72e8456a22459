//! IncrementalAlterConfigs.

use stream_wire::incremental_alter_configs::{AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest};

use super::describe_configs::ConfigResource;
use crate::client::Client;
use crate::error::ClientError;

/// What is done to a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConfigOperation {
    /// Gives it a value.
    Set,
    /// Goes back to the default.
    Delete,
    /// Adds items to a list.
    Append,
    /// Takes items from a list.
    Subtract,
}

/// A change of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigChange {
    /// The key.
    pub name: String,
    /// What is done to it.
    pub operation: ConfigOperation,
    /// The value; none to delete.
    pub value: Option<String>,
}

impl ConfigOperation {
    fn code(self) -> i8 {
        match self {
            ConfigOperation::Set => 0,
            ConfigOperation::Delete => 1,
            ConfigOperation::Append => 2,
            ConfigOperation::Subtract => 3,
        }
    }
}

impl Client {
    /// Changes keys of one resource, all or none; or only checks whether it would be allowed.
    ///
    /// # Errors
    /// Kafka's error for the resource, or when no broker answers in time.
    pub async fn alter_configs(
        &self,
        resource: &ConfigResource,
        changes: &[ConfigChange],
        validate_only: bool,
    ) -> Result<(), ClientError> {
        let configs = changes
            .iter()
            .map(|change| AlterableConfig {
                name: change.name.as_str().into(),
                config_operation: change.operation.code(),
                value: change.value.as_deref().map(Into::into),
            })
            .collect();
        let request = IncrementalAlterConfigsRequest {
            resources: vec![AlterConfigsResource {
                resource_type: resource.resource_type.code(),
                resource_name: resource.name.as_str().into(),
                configs,
            }],
            validate_only,
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(resource.target(), &request).await?;
            let result = response.responses.into_iter().next().unwrap_or_default();
            match ClientError::check(resource.what(), result.error_code, result.error_message.as_deref()) {
                Ok(()) => return Ok(()),
                Err(error) => retry.after(error).await?,
            }
        }
    }
}
