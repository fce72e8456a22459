//! ListConfigResources (key 74), versions 0–1.
//!
//! - v0 lists client metrics subscriptions (KIP-1000); v1 what types are asked for, all of them if none are (KIP-1142).
//! - Topics and brokers are listed whether they have configuration of their own or not; groups and client metrics
//!   subscriptions exist here by having some.
//! - An unknown type is UNSUPPORTED_VERSION.

use std::sync::Arc;

use stream_metadata::{ConfigResourceType, MetadataImage};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::list_config_resources::{ConfigResource, ListConfigResourcesRequest, ListConfigResourcesResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

const ALL: [ConfigResourceType; 5] = [
    ConfigResourceType::Topic,
    ConfigResourceType::Broker,
    ConfigResourceType::BrokerLogger,
    ConfigResourceType::ClientMetrics,
    ConfigResourceType::Group,
];

/// Lists what has configuration.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ListConfigResourcesRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    if !broker.may_on_cluster(&request.session, Operation::DescribeConfigs) {
        let error_code = ErrorCode::ClusterAuthorizationFailed.code();
        return request.ready(&ListConfigResourcesResponse { error_code, ..Default::default() });
    }
    let kinds = match (request.version(), body.resource_types.as_slice()) {
        (0, _) => Some(vec![ConfigResourceType::ClientMetrics]),
        (_, []) => Some(ALL.to_vec()),
        (_, codes) => codes.iter().map(|code| ConfigResourceType::from_code(*code)).collect(),
    };
    let Some(kinds) = kinds else {
        let error_code = ErrorCode::UnsupportedVersion.code();
        return request.ready(&ListConfigResourcesResponse { error_code, ..Default::default() });
    };
    let config_resources = list(&broker.image(), &kinds);
    request.ready(&ListConfigResourcesResponse { config_resources, ..Default::default() })
}

fn list(image: &MetadataImage, kinds: &[ConfigResourceType]) -> Vec<ConfigResource> {
    let mut resources = Vec::new();
    for kind in ALL.into_iter().filter(|kind| kinds.contains(kind)) {
        let mut add = |name: &str| {
            resources.push(ConfigResource { resource_name: name.into(), resource_type: kind.code() });
        };
        match kind {
            ConfigResourceType::Topic => image.topics().iter().for_each(|topic| add(&topic.name)),
            ConfigResourceType::Broker | ConfigResourceType::BrokerLogger => {
                image.unfenced_brokers().for_each(|broker| add(&broker.id.to_string()));
            }
            ConfigResourceType::ClientMetrics | ConfigResourceType::Group => {
                let stored = image.configs().iter().filter(|(resource, _)| resource.kind == kind);
                stored.for_each(|(resource, _)| add(&resource.name));
            }
        }
    }
    resources
}

#[cfg(test)]
mod tests {
    use stream_codec::stored::metadata::{ConfigRecord, TopicRecord};
    use stream_types::Uuid;

    use super::*;

    #[test]
    fn topics_are_listed_always_and_groups_with_configuration_only() {
        let mut image = MetadataImage::empty("c");
        let topic = TopicRecord { name: "t".into(), topic_id: Uuid([1; 16]) };
        image.replay(&topic.into()).expect("a topic can be stored");
        for (kind, name) in [(ConfigResourceType::Group, "g"), (ConfigResourceType::ClientMetrics, "m")] {
            let config = ConfigRecord {
                resource_type: kind.code(),
                resource_name: name.into(),
                name: "interval.ms".into(),
                value: Some("1000".into()),
            };
            image.replay(&config.into()).expect("a configuration can be stored");
        }
        let listed = |kinds: &[ConfigResourceType]| -> Vec<(i8, String)> {
            let resources = list(&image, kinds).into_iter();
            resources.map(|resource| (resource.resource_type, resource.resource_name.to_string())).collect()
        };
        assert_eq!(listed(&ALL), [(2, "t".to_owned()), (16, "m".to_owned()), (32, "g".to_owned())]);
        assert_eq!(listed(&[ConfigResourceType::Group]), [(32, "g".to_owned())]);
        assert_eq!(listed(&[ConfigResourceType::BrokerLogger]), []);
    }
}
