//! The door: may this connection do that?
//!
//! Handlers ask here before they do anything. Without `authorizer.class.name` everybody may do everything, and a question
//! costs a look at an empty place. The ACLs are those of the image that handlers see: a change of them counts for the next
//! request of every connection, and for the next Fetch of every session.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use stream_metadata::acl::AclBinding;
use stream_metadata::{ConfigResourceType, MetadataImage};
use stream_security::acl::{Authorizer, AuthorizerSettings, Operation, ResourceType};
use stream_types::ErrorCode;

use super::Broker;
use crate::net::Session;

/// Who may do what, now.
#[derive(Debug, Default)]
pub(crate) struct Authorization {
    /// None: everybody may do everything.
    settings: Option<AuthorizerSettings>,
    authorizer: ArcSwapOption<Authorizer>,
}

impl Authorization {
    /// An authorization without ACLs so far; None for a broker where nobody is refused.
    pub(crate) fn new(settings: Option<AuthorizerSettings>) -> Authorization {
        let authorizer = settings.clone().map(|settings| Arc::new(Authorizer::new(settings, [])));
        Authorization { settings, authorizer: ArcSwapOption::new(authorizer) }
    }

    /// Whether there is an authorizer.
    pub(crate) fn is_on(&self) -> bool {
        self.settings.is_some()
    }

    /// Works with the ACLs of `image` from now on.
    pub(super) fn follow(&self, before: &MetadataImage, image: &MetadataImage) {
        let Some(settings) = &self.settings else { return };
        if before.shares_security_with(image) || before.security().acls == image.security().acls {
            return;
        }
        let acls = image.security().acls.values().map(AclBinding::from);
        self.authorizer.store(Some(Arc::new(Authorizer::new(settings.clone(), acls))));
    }
}

impl Broker {
    /// Whether the client may do this to the resource; that it may not is in the audit trail.
    pub(crate) fn may(&self, session: &Session, operation: Operation, resource_type: ResourceType, name: &str) -> bool {
        let may = self.would_let(session, operation, resource_type, name);
        if !may {
            self.audit.denied(session, operation, resource_type, name);
        }
        may
    }

    /// Whether the client may do this to the cluster; that it may not is in the audit trail.
    pub(crate) fn may_on_cluster(&self, session: &Session, operation: Operation) -> bool {
        self.may(session, operation, ResourceType::Cluster, ResourceType::CLUSTER_NAME)
    }

    /// Whether the client may do this to the resource, asked to leave something out or to try another way: no denial.
    pub(crate) fn would_let(
        &self,
        session: &Session,
        operation: Operation,
        resource_type: ResourceType,
        name: &str,
    ) -> bool {
        let authorizer = self.authorization.authorizer.load();
        let Some(authorizer) = &*authorizer else { return true };
        authorizer.authorize(&session.principal, session.peer.ip(), operation, resource_type, name)
    }

    /// As [`Broker::would_let`], of the cluster.
    pub(crate) fn would_let_on_cluster(&self, session: &Session, operation: Operation) -> bool {
        self.would_let(session, operation, ResourceType::Cluster, ResourceType::CLUSTER_NAME)
    }

    /// Whether the client may do this to the configuration of the resource.
    ///
    /// # Errors
    /// What its answer says of the resource if it may not.
    pub(crate) fn may_configure(
        &self,
        session: &Session,
        operation: Operation,
        resource_type: ConfigResourceType,
        name: &str,
    ) -> Result<(), ErrorCode> {
        let (may, error) = match resource_type {
            ConfigResourceType::Topic => {
                (self.may(session, operation, ResourceType::Topic, name), ErrorCode::TopicAuthorizationFailed)
            }
            ConfigResourceType::Group => {
                (self.may(session, operation, ResourceType::Group, name), ErrorCode::GroupAuthorizationFailed)
            }
            _ => (self.may_on_cluster(session, operation), ErrorCode::ClusterAuthorizationFailed),
        };
        if may { Ok(()) } else { Err(error) }
    }

    /// Whether there can be a resource of this type that the client may do this to (KIP-679).
    pub(crate) fn would_let_on_any(
        &self,
        session: &Session,
        operation: Operation,
        resource_type: ResourceType,
    ) -> bool {
        let authorizer = self.authorization.authorizer.load();
        let Some(authorizer) = &*authorizer else { return true };
        authorizer.authorize_any_resource(&session.principal, session.peer.ip(), operation, resource_type)
    }

    /// The bits of the operations that the client may do to the resource (KIP-430).
    pub(crate) fn authorized_operations(&self, session: &Session, resource_type: ResourceType, name: &str) -> i32 {
        let authorizer = self.authorization.authorizer.load();
        let Some(authorizer) = &*authorizer else {
            return resource_type.operations().iter().fold(0, |bits, operation| bits | 1 << operation.code());
        };
        authorizer.authorized_operations(&session.principal, session.peer.ip(), resource_type, name)
    }

    /// The bits of the operations that the client may do to the cluster; none for whoever may not describe it.
    pub(crate) fn authorized_cluster_operations(&self, session: &Session) -> i32 {
        if !self.may_on_cluster(session, Operation::Describe) {
            return 0;
        }
        self.authorized_operations(session, ResourceType::Cluster, ResourceType::CLUSTER_NAME)
    }
}
