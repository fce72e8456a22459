//! Feature levels (KIP-584): what this broker can do, and what a new cluster begins with.

use std::collections::BTreeMap;

use stream_codec::stored::metadata::FeatureLevelRecord;

use crate::image::SupportedVersions;
use crate::record::MetadataRecord;

/// Kafka's name of the version of the metadata records.
pub const METADATA_VERSION: &str = "metadata.version";

/// Lowest and highest level of each feature, and the level of a new cluster.
const FEATURES: &[(&str, i16, i16, i16)] = &[
    // 4.0-IV3 to 4.3-IV0.
    (METADATA_VERSION, 25, 30, 30),
];

/// The levels that this broker can work with, by name.
pub fn supported() -> BTreeMap<String, SupportedVersions> {
    FEATURES
        .iter()
        .map(|(name, min, max, _)| ((*name).to_owned(), SupportedVersions { min: *min, max: *max }))
        .collect()
}

/// The records that begin a new cluster's metadata.
pub fn bootstrap_records() -> Vec<MetadataRecord> {
    FEATURES
        .iter()
        .map(|(name, _, _, level)| FeatureLevelRecord { name: (*name).into(), feature_level: *level }.into())
        .collect()
}
