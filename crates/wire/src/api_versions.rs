//! ApiVersions (key 18): which APIs and versions the broker speaks, and its features (KIP-35,
//! KIP-511, KIP-584).

use stream_codec::{Str, messages};

use crate::api::request;

request!(ApiVersions: ApiVersionsRequest => ApiVersionsResponse);

messages! {
    /// Request of ApiVersions.
    ApiVersionsRequest, versions 0..=4, flexible 3 {
        client_software_name: Str, since 3, ignorable;
        client_software_version: Str, since 3, ignorable;
    }

    /// Response of ApiVersions.
    ApiVersionsResponse, versions 0..=4, flexible 3 {
        error_code: i16;
        api_keys: Vec<ApiVersion>;
        throttle_time_ms: i32, since 1, ignorable;
        @0 supported_features: Vec<SupportedFeatureKey>, since 3, ignorable;
        @1 finalized_features_epoch: i64 = -1, since 3, ignorable;
        @2 finalized_features: Vec<FinalizedFeatureKey>, since 3, ignorable;
        @3 zk_migration_ready: bool, since 3, ignorable;
    }
    ApiVersion {
        api_key: i16;
        min_version: i16;
        max_version: i16;
    }
    SupportedFeatureKey {
        name: Str;
        min_version: i16;
        max_version: i16;
    }
    FinalizedFeatureKey {
        name: Str;
        max_version_level: i16;
        min_version_level: i16;
    }
}
