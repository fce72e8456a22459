//! ApiVersions: what a broker offers.

use stream_wire::api_versions::ApiVersionsRequest;

use crate::client::{Client, Target};
use crate::error::ClientError;

/// An API, or a feature, and its versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferedVersions {
    /// APIs: the number, the first and the last version.
    pub apis: Vec<(i16, i16, i16)>,
    /// Features: the name, the first and the last version.
    pub features: Vec<(String, i16, i16)>,
    /// The version that the cluster has agreed on for each feature.
    pub finalized: Vec<(String, i16)>,
    /// The epoch of that agreement; none if there is none.
    pub finalized_epoch: Option<i64>,
}

impl Client {
    /// What a broker offers, or any of them.
    ///
    /// # Errors
    /// Kafka's error, or when the broker does not answer in time.
    pub async fn offered_versions(&self, target: Target) -> Result<OfferedVersions, ClientError> {
        let request = ApiVersionsRequest {
            client_software_name: "hanzo-stream".into(),
            client_software_version: env!("CARGO_PKG_VERSION").into(),
        };
        let response = self.call(target, &request).await?;
        ClientError::check("versions", response.error_code, None)?;
        let mut apis: Vec<_> =
            response.api_keys.iter().map(|api| (api.api_key, api.min_version, api.max_version)).collect();
        apis.sort_unstable();
        let features = response.supported_features.iter();
        let mut features: Vec<_> =
            features.map(|feature| (feature.name.to_string(), feature.min_version, feature.max_version)).collect();
        features.sort();
        let finalized = response.finalized_features.iter();
        let finalized = finalized.map(|feature| (feature.name.to_string(), feature.max_version_level)).collect();
        let epoch = response.finalized_features_epoch;
        Ok(OfferedVersions { apis, features, finalized, finalized_epoch: (epoch >= 0).then_some(epoch) })
    }
}
