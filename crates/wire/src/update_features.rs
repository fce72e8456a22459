//! UpdateFeatures (key 57): raises or lowers finalized feature levels (KIP-584).

use stream_codec::{Str, messages};

use crate::api::request;

request!(UpdateFeatures: UpdateFeaturesRequest => UpdateFeaturesResponse);

messages! {
    /// Request of UpdateFeatures.
    UpdateFeaturesRequest, versions 0..=2, flexible 0 {
        timeout_ms: i32 = 60000;
        feature_updates: Vec<FeatureUpdateKey>;
        validate_only: bool, since 1;
    }
    FeatureUpdateKey {
        feature: Str;
        max_version_level: i16;
        allow_downgrade: bool, until 0;
        upgrade_type: i8 = 1, since 1;
    }

    /// Response of UpdateFeatures.
    UpdateFeaturesResponse, versions 0..=2, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        results: Vec<UpdatableFeatureResult>, until 1, ignorable;
    }
    UpdatableFeatureResult {
        feature: Str;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
