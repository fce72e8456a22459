//! ApiVersions (key 18), versions 0–4.
//!
//! - Says which APIs this listener answers and in which versions, from the one table that dispatch
//!   reads too; Produce is advertised from 0 for old librdkafka (KAFKA-18659).
//! - An unknown version is answered in version 0 with UNSUPPORTED_VERSION and the whole list
//!   (KIP-511), and the connection stays open.
//! - v3: supported and finalized features (KIP-584); a client name that is no name is INVALID_REQUEST.

use std::sync::Arc;

use stream_types::ErrorCode;
use stream_wire::api::{API_TABLE, ApiKey};
use stream_wire::api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};

use super::request::{Request, Responder};
use crate::broker::Broker;
use crate::net::{Answer, Pending, Session};

/// Answers what is spoken here.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: ApiVersionsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let mut response = ApiVersionsResponse { api_keys: versions(&request.session), ..Default::default() };
    if request.version() >= 3 {
        if !is_software_name(&body.client_software_name) || !is_software_name(&body.client_software_version) {
            response.error_code = ErrorCode::InvalidRequest.code();
            return request.ready(&response);
        }
        add_features(broker, &mut response);
    }
    request.ready(&response)
}

/// The answer to a version that nobody here knows.
pub(crate) fn unsupported_version(session: &Session, correlation_id: i32) -> Answer {
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UnsupportedVersion.code(),
        api_keys: versions(session),
        ..Default::default()
    };
    Responder { api: ApiKey::ApiVersions, version: 0, correlation_id }.respond(&response)
}

fn versions(session: &Session) -> Vec<ApiVersion> {
    API_TABLE
        .iter()
        .filter(|api| super::is_answered(api, session))
        .filter_map(|api| {
            let (min_version, max_version) = api.advertised()?;
            Some(ApiVersion { api_key: api.code, min_version, max_version })
        })
        .collect()
}

fn add_features(broker: &Broker, response: &mut ApiVersionsResponse) {
    let image = broker.image();
    for (name, versions) in stream_metadata::features::supported() {
        response.supported_features.push(SupportedFeatureKey {
            name: name.into(),
            min_version: versions.min,
            max_version: versions.max,
        });
    }
    response.finalized_features_epoch = broker.image_offset();
    for (name, level) in image.features() {
        response.finalized_features.push(FinalizedFeatureKey {
            name: name.as_str().into(),
            max_version_level: *level,
            min_version_level: *level,
        });
    }
}

/// What KIP-511 takes as the name or version of a client library.
fn is_software_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.chars().all(inner) && edge(text.chars().next()) && edge(text.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_client_software_follow_kip_511() {
        for name in ["apache-kafka-java", "librdkafka", "2.0.2", "v"] {
            assert!(is_software_name(name), "{name}");
        }
        for name in ["", "-x", "x-", "a b", "a\nb"] {
            assert!(!is_software_name(name), "{name:?}");
        }
    }
}
