//! Writes a pause into an answer that is already encoded: quotas of time are known only when the work is done.

use bytes::{Bytes, BytesMut};
use stream_wire::api::ApiKey;
use stream_wire::header;

use crate::net::{OutputSegment, Response};

const SIZE_BYTES: usize = 4;
const CORRELATION_ID_BYTES: usize = 4;
const TAGS_BYTES: usize = 1;
const THROTTLE_BYTES: usize = 4;
const ERROR_CODE_BYTES: usize = 2;
/// A key and two versions.
const API_BYTES: usize = 6;

/// Where `throttle_time_ms` stands in a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// So many bytes after its start.
    AfterStart(usize),
    /// Behind the list of APIs, which comes behind the error code.
    AfterApis,
    /// Last, before the tagged fields of flexible versions.
    Last,
}

/// Sets `throttle_time_ms` to at least `millis`, where the answer has the field.
pub(super) fn throttle_time(response: &mut Response, api: ApiKey, version: i16, millis: i32) {
    let Some(place) = place(api, version) else { return };
    let segment = match place {
        Place::AfterStart(_) | Place::AfterApis => response.segments.first_mut(),
        Place::Last => response.segments.last_mut(),
    };
    let Some(OutputSegment::Bytes(bytes)) = segment else { return };
    let header_tags = if header::response_header_flexible(api, version) { TAGS_BYTES } else { 0 };
    let start = SIZE_BYTES + CORRELATION_ID_BYTES + header_tags;
    let position = match place {
        Place::AfterStart(offset) => start + offset,
        Place::AfterApis => {
            let list = start + ERROR_CODE_BYTES;
            let Some(length) = apis_bytes(bytes.get(list..).unwrap_or_default(), api.api().flexible(version)) else {
                return;
            };
            list + length
        }
        Place::Last => {
            let tags = if api.api().flexible(version) { TAGS_BYTES } else { 0 };
            // A tagged field that is set would shift it: then the pause is not announced.
            if tags > 0 && bytes.last() != Some(&0) {
                return;
            }
            bytes.len().saturating_sub(THROTTLE_BYTES + tags)
        }
    };
    *bytes = patched(bytes, position, millis);
}

fn patched(bytes: &Bytes, position: usize, millis: i32) -> Bytes {
    let mut copy = BytesMut::from(&bytes[..]);
    if let Some(field) = copy.get_mut(position..position + THROTTLE_BYTES) {
        let before = field.try_into().map_or(0, i32::from_be_bytes);
        field.copy_from_slice(&millis.max(before).to_be_bytes());
    }
    copy.freeze()
}

/// How long the list of ApiVersions is that `bytes` begin with.
fn apis_bytes(bytes: &[u8], is_flexible: bool) -> Option<usize> {
    if !is_flexible {
        let (count, _) = bytes.split_first_chunk()?;
        return Some(count.len() + usize::try_from(i32::from_be_bytes(*count)).ok()? * API_BYTES);
    }
    let (mut count, mut length) = (0, 0);
    for byte in bytes.iter().take(2) {
        count |= usize::from(byte & 0x7f) << (7 * length);
        length += 1;
        if byte & 0x80 == 0 {
            return Some(length + count.checked_sub(1)? * (API_BYTES + TAGS_BYTES));
        }
    }
    None
}

fn place(api: ApiKey, version: i16) -> Option<Place> {
    let since = match api {
        ApiKey::ApiVersions => return (version >= 1).then_some(Place::AfterApis),
        ApiKey::Produce | ApiKey::CreateDelegationToken | ApiKey::DescribeDelegationToken => return Some(Place::Last),
        ApiKey::RenewDelegationToken | ApiKey::ExpireDelegationToken => return Some(Place::AfterStart(2 + 8)),
        ApiKey::OffsetDelete => return Some(Place::AfterStart(2)),
        // They have no such field.
        ApiKey::SaslHandshake
        | ApiKey::SaslAuthenticate
        | ApiKey::DescribeQuorum
        | ApiKey::WriteTxnMarkers
        | ApiKey::InitializeShareGroupState
        | ApiKey::ReadShareGroupState
        | ApiKey::WriteShareGroupState
        | ApiKey::DeleteShareGroupState
        | ApiKey::ReadShareGroupStateSummary => return None,
        ApiKey::Metadata | ApiKey::OffsetCommit | ApiKey::OffsetFetch => 3,
        ApiKey::ListOffsets | ApiKey::JoinGroup => 2,
        ApiKey::FindCoordinator
        | ApiKey::Heartbeat
        | ApiKey::LeaveGroup
        | ApiKey::SyncGroup
        | ApiKey::DescribeGroups
        | ApiKey::ListGroups => 1,
        _ => 0,
    };
    (version >= since && api.api().listeners.broker).then_some(Place::AfterStart(0))
}

#[cfg(test)]
mod tests {
    use stream_codec::{Decoder, Message, Segment};
    use stream_wire::frame;

    use super::*;

    /// Encodes an answer, announces 7 ms, and reads it again.
    fn announced<M: Message>(api: ApiKey, version: i16, message: &M) -> M {
        let mut encoder = frame::begin();
        header::encode_response_header(&mut encoder, api, version, 1);
        message.encode(&mut encoder, version).unwrap();
        let segments = frame::finish(encoder).unwrap().into_iter().map(|segment| match segment {
            Segment::Bytes(bytes) => OutputSegment::Bytes(bytes),
            Segment::External { .. } => panic!("there are no files"),
        });
        let mut response = Response { segments: segments.collect() };
        throttle_time(&mut response, api, version, 7);
        let mut bytes = BytesMut::new();
        for segment in &response.segments {
            let OutputSegment::Bytes(part) = segment else { panic!("there are no files") };
            bytes.extend_from_slice(part);
        }
        let mut decoder = Decoder::new(bytes.freeze().slice(SIZE_BYTES..));
        header::decode_response_header(&mut decoder, api, version).unwrap();
        M::decode(&mut decoder, version).unwrap()
    }

    macro_rules! check {
        ($api:ident, $message:path, $versions:expr) => {
            for version in $versions {
                let answer = announced(ApiKey::$api, version, &<$message>::default());
                assert_eq!(answer.throttle_time_ms, 7, "{} v{version}", stringify!($api));
                let mut plain = answer;
                plain.throttle_time_ms = 0;
                assert_eq!(plain, <$message>::default(), "nothing else changed in {} v{version}", stringify!($api));
            }
        };
    }

    #[test]
    fn the_pause_is_where_clients_look_for_it() {
        use stream_wire as wire;
        check!(Metadata, wire::metadata::MetadataResponse, [3, 8, 9, 12]);
        check!(ListOffsets, wire::list_offsets::ListOffsetsResponse, [2, 5, 6, 11]);
        check!(FindCoordinator, wire::find_coordinator::FindCoordinatorResponse, [1, 2]);
        check!(Heartbeat, wire::heartbeat::HeartbeatResponse, [1, 4]);
        check!(OffsetDelete, wire::offset_delete::OffsetDeleteResponse, [0]);
        check!(CreateTopics, wire::create_topics::CreateTopicsResponse, [2, 5, 7]);
        check!(Produce, wire::produce::ProduceResponse, [3, 8, 9, 13]);
        check!(RenewDelegationToken, wire::renew_delegation_token::RenewDelegationTokenResponse, [1, 2]);
        check!(DescribeDelegationToken, wire::describe_delegation_token::DescribeDelegationTokenResponse, [1, 2]);
    }

    #[test]
    fn in_api_versions_the_pause_is_behind_the_list() {
        use stream_wire::api_versions::{ApiVersion, ApiVersionsResponse, SupportedFeatureKey};
        // A length of one byte, and one of two.
        for count in [0, 3, 126, 127, 200] {
            let api = ApiVersion { api_key: 1, min_version: 2, max_version: 3 };
            for version in [1, 2, 3, 4] {
                let supported_features = vec![SupportedFeatureKey { name: "f".into(), ..Default::default() }];
                let supported_features = if version < 3 { Vec::new() } else { supported_features };
                let api_keys = vec![api.clone(); count];
                let mut sent = ApiVersionsResponse { api_keys, supported_features, ..Default::default() };
                let answer = announced(ApiKey::ApiVersions, version, &sent);
                sent.throttle_time_ms = 7;
                assert_eq!(answer, sent, "v{version} with {count} APIs");
            }
        }
    }

    #[test]
    fn versions_without_the_field_stay_as_they_are() {
        assert_eq!(place(ApiKey::Metadata, 2), None);
        assert_eq!(place(ApiKey::ApiVersions, 0), None);
        assert_eq!(place(ApiKey::DescribeQuorum, 2), None);
        assert_eq!(place(ApiKey::Vote, 2), None);
    }
}
