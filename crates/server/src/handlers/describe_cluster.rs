//! DescribeCluster (key 60), versions 0–2.
//!
//! - Cluster id, controller, and the brokers with their endpoints on the listener that was asked (KIP-700).
//! - v1: endpoint type 1 is for brokers' listeners, 2 for controllers' (KIP-919); the other one's is
//!   MISMATCHED_ENDPOINT_TYPE, an unknown one UNSUPPORTED_ENDPOINT_TYPE.
//! - Authorized operations are those of whoever asks, none without Describe on the cluster; controllers want Alter on it.
//! - v2: fenced brokers too, where they are asked for (KIP-1073).

use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::MetadataImage;
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::describe_cluster::{DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse};

use super::describe_quorum::controllers;
use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

/// Describes the cluster.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeClusterRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    // Before v1 there was nothing to choose.
    let asked = if request.version() >= 1 { body.endpoint_type } else { BROKERS };
    if let Err((error, message)) = check_endpoint_type(asked, request.session.listener.is_controller) {
        return request.ready(&DescribeClusterResponse {
            error_code: error.code(),
            error_message: Some(message.into()),
            endpoint_type: asked,
            ..Default::default()
        });
    }
    // Controllers ask for more than brokers do, as Kafka's.
    if asked == CONTROLLERS && !broker.may_on_cluster(&request.session, Operation::Alter) {
        return request.ready(&DescribeClusterResponse {
            error_code: ErrorCode::ClusterAuthorizationFailed.code(),
            error_message: None,
            endpoint_type: asked,
            ..Default::default()
        });
    }
    let image = broker.image();
    let brokers = if asked == CONTROLLERS {
        controllers(broker, &image)
            .into_iter()
            .filter_map(|(id, endpoints)| {
                let endpoint = endpoints.into_iter().next()?;
                Some(DescribeClusterBroker {
                    broker_id: id.get(),
                    host: endpoint.host.into(),
                    port: i32::from(endpoint.port),
                    ..Default::default()
                })
            })
            .collect()
    } else {
        brokers(&image, &request.session.listener.name, body.include_fenced_brokers)
    };
    let operations = if body.include_cluster_authorized_operations {
        broker.authorized_cluster_operations(&request.session)
    } else {
        i32::MIN
    };
    request.ready(&DescribeClusterResponse {
        error_message: None,
        endpoint_type: asked,
        cluster_id: image.cluster_id().into(),
        controller_id: broker.controller_id().get(),
        brokers,
        cluster_authorized_operations: operations,
        ..Default::default()
    })
}

fn check_endpoint_type(asked: i8, is_controller: bool) -> Result<(), (ErrorCode, &'static str)> {
    match (asked, is_controller) {
        (BROKERS, false) | (CONTROLLERS, true) => Ok(()),
        (BROKERS, true) => {
            Err((ErrorCode::MismatchedEndpointType, "brokers were asked for, but this is a controller's listener"))
        }
        (CONTROLLERS, false) => {
            Err((ErrorCode::MismatchedEndpointType, "controllers were asked for, but this is a broker's listener"))
        }
        _ => Err((ErrorCode::UnsupportedEndpointType, "the endpoint type is neither 1 (brokers) nor 2 (controllers)")),
    }
}

fn brokers(image: &MetadataImage, listener: &str, include_fenced: bool) -> Vec<DescribeClusterBroker> {
    let brokers = image.brokers().filter(|broker| include_fenced || !broker.fenced);
    brokers
        .filter_map(|broker| {
            let endpoint = broker.endpoint(listener)?;
            Some(DescribeClusterBroker {
                broker_id: broker.id.get(),
                host: endpoint.host.as_str().into(),
                port: i32::from(endpoint.port),
                rack: broker.rack.as_deref().map(Str::from),
                is_fenced: broker.fenced,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listener_knows_its_own_kind_of_node() {
        let code = |asked, is_controller| check_endpoint_type(asked, is_controller).err().map(|(error, _)| error);
        assert_eq!(code(BROKERS, false), None);
        assert_eq!(code(CONTROLLERS, true), None);
        assert_eq!(code(BROKERS, true), Some(ErrorCode::MismatchedEndpointType));
        assert_eq!(code(CONTROLLERS, false), Some(ErrorCode::MismatchedEndpointType));
        assert_eq!(code(0, false), Some(ErrorCode::UnsupportedEndpointType));
        assert_eq!(code(3, true), Some(ErrorCode::UnsupportedEndpointType));
    }
}
