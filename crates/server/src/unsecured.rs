//! A cluster whose metadata says who may do what is not opened to everybody by a configuration that forgets to ask.

use stream_metadata::MetadataImage;

use crate::config::{ClientAuth, ServerConfig};

/// The key that accepts it.
const ALLOW: &str = "hanzo.allow.unsecured";

/// Why this configuration may not open the cluster of this image; None when it may.
pub(crate) fn refusal(config: &ServerConfig, image: &MetadataImage) -> Option<String> {
    if config.allow_unsecured {
        return None;
    }
    let security = image.security();
    if !security.acls.is_empty() && config.authorizer.is_none() {
        return Some(format!(
            "the cluster has {} ACLs, and without an authorizer everybody may do everything; set \
             authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer, or {ALLOW}=true to start it open",
            security.acls.len(),
        ));
    }
    if !security.scram.is_empty() && !config.listeners.iter().any(|listener| authenticates(config, &listener.name)) {
        return Some(format!(
            "the cluster has SCRAM users, and no listener asks who a client is; map one to SASL_SSL or SASL_PLAINTEXT in \
             listener.security.protocol.map, or set {ALLOW}=true to start it open",
        ));
    }
    None
}

/// Whether clients of this listener say who they are.
fn authenticates(config: &ServerConfig, name: &str) -> bool {
    let certificates = config
        .tls
        .iter()
        .any(|tls| tls.listener == name && tls.names_clients && tls.client_auth == ClientAuth::Required);
    certificates || config.sasl.listeners.contains_key(name)
}
