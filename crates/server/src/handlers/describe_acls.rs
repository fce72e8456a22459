//! DescribeAcls (key 29), versions 1–3.
//!
//! - Needs Describe on the cluster: CLUSTER_AUTHORIZATION_FAILED without it.
//! - The ACLs that the filter finds, gathered by their resource patterns. MATCH finds by a resource's name: literal, `*` and
//!   prefixed ones (KIP-290); ANY by the pattern's text.
//! - Without `authorizer.class.name`: SECURITY_DISABLED.
//! - Numbers that Kafka has no name for end the connection, as in Kafka.

use std::collections::BTreeMap;
use std::sync::Arc;

use stream_metadata::MetadataImage;
use stream_metadata::acl::{AclBinding, AclFilter};
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::describe_acls::{AclDescription, DescribeAclsRequest, DescribeAclsResource, DescribeAclsResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::{Answer, Pending};

/// What people are told; the other ACL requests say the same.
pub(super) const NO_AUTHORIZER: &str = "No Authorizer is configured on the broker";

/// Shows ACLs.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeAclsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let filter = AclFilter {
        resource_type: body.resource_type_filter,
        resource_name: body.resource_name_filter.map(|name| name.to_string()),
        pattern_type: body.pattern_type_filter,
        principal: body.principal_filter.map(|principal| principal.to_string()),
        host: body.host_filter.map(|host| host.to_string()),
        operation: body.operation,
        permission_type: body.permission_type,
    };
    if !filter.has_known_numbers() {
        return Pending::Ready(Answer::Close("DescribeAcls with a type or an operation that is unknown".into()));
    }
    if !broker.may_on_cluster(&request.session, Operation::Describe) {
        return request.ready(&refused(ErrorCode::ClusterAuthorizationFailed, None));
    }
    if !broker.authorization.is_on() {
        return request.ready(&refused(ErrorCode::SecurityDisabled, Some(NO_AUTHORIZER)));
    }
    let resources = found(&broker.image(), &filter);
    request.ready(&DescribeAclsResponse { error_message: None, resources, ..Default::default() })
}

fn found(image: &MetadataImage, filter: &AclFilter) -> Vec<DescribeAclsResource> {
    let mut resources: BTreeMap<(i8, &str, i8), Vec<AclBinding<'_>>> = BTreeMap::new();
    let acls = image.security().acls.values().map(AclBinding::from);
    for acl in acls.filter(|acl| filter.matches(acl)) {
        resources.entry((acl.resource_type, acl.resource_name, acl.pattern_type)).or_default().push(acl);
    }
    let mut described = Vec::with_capacity(resources.len());
    for ((resource_type, name, pattern_type), mut acls) in resources {
        acls.sort();
        let acls = acls.iter().map(|acl| AclDescription {
            principal: acl.principal.into(),
            host: acl.host.into(),
            operation: acl.operation,
            permission_type: acl.permission_type,
        });
        let acls = acls.collect();
        described.push(DescribeAclsResource { resource_type, resource_name: name.into(), pattern_type, acls });
    }
    described
}

fn refused(error: ErrorCode, message: Option<&'static str>) -> DescribeAclsResponse {
    DescribeAclsResponse { error_code: error.code(), error_message: message.map(Into::into), ..Default::default() }
}
