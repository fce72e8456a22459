//! Records in Kafka's `__consumer_offsets` format, at the versions that Kafka 4.3 writes.

use stream_codec::stored::classic_group::{GroupMetadataKey, GroupMetadataValue};
use stream_codec::stored::offset_commit::{OffsetCommitKey, OffsetCommitValue};
use stream_codec::stored::{CoordinatorKey, encode_key, encode_versioned};
use stream_codec::{Message, Str};

use crate::CoordinatorRecord;

/// Texts that end in a record have at most this many bytes: the formats count them with 16 bits, and a member id is
/// a client id with a UUID behind it.
pub(crate) const TEXT_BYTES_MAX: usize = i16::MAX as usize - 64;

/// Kafka stays below the first flexible version here.
const GROUP_METADATA_VERSION: i16 = 3;
const OFFSET_COMMIT_VERSION: i16 = 4;
/// The only version that has an expiry time.
const OFFSET_COMMIT_VERSION_WITH_EXPIRY: i16 = 1;

pub(crate) fn group_metadata(group_id: &Str, value: &GroupMetadataValue) -> CoordinatorRecord {
    record(&GroupMetadataKey { group: group_id.clone() }, Some((value, GROUP_METADATA_VERSION)))
}

pub(crate) fn group_tombstone(group_id: &Str) -> CoordinatorRecord {
    record(&GroupMetadataKey { group: group_id.clone() }, None)
}

pub(crate) fn offset_commit(key: &OffsetCommitKey, value: &OffsetCommitValue) -> CoordinatorRecord {
    let version = if value.expire_timestamp == -1 { OFFSET_COMMIT_VERSION } else { OFFSET_COMMIT_VERSION_WITH_EXPIRY };
    record(key, Some((value, version)))
}

pub(crate) fn offset_tombstone(key: &OffsetCommitKey) -> CoordinatorRecord {
    record(key, None)
}

fn record<K: CoordinatorKey>(key: &K, value: Option<(&K::Value, i16)>) -> CoordinatorRecord
where
    K::Value: Message,
{
    CoordinatorRecord {
        key: encode_key(key).expect("texts are checked when they come in"),
        value: value
            .map(|(value, version)| encode_versioned(value, version).expect("texts are checked when they come in")),
    }
}
